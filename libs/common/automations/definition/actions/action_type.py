"""What every type of action tells about itself: its parameters, its output, and how it reads.

Parameters are checked twice by one model: as written, when a text may still hold names, and rendered,
before the effect. So a number, a choice and a duration accept a text with names in their place, and a text
accepts the number that a name became.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

from automations.definition.caused_events import CausedEvent
from automations.definition.document import Action
from automations.definition.moments import read_due, read_moment
from automations.durations import read_duration
from automations.problems import Problem
from automations.templates import is_template

TEXT_LIMIT_CHARACTERS: Final = 65_536
STEERING_FIELDS: Final = ("when", "next", "on_error")
"""The fields of an action that say when it runs and what follows it."""
EFFECT_FIELDS: Final = (*STEERING_FIELDS, "retry", "timeout", "at_most_once")
"""The fields of an action that has an effect outside."""


class Params(BaseModel):
    """The parameters of a type of action. Unknown ones are kept; a document's validation reports them."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)


class Output(BaseModel):
    """What `steps.<id>.output` holds once a step of that type is completed."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)


ParamsModel = type[Params]
OutputModel = type[Output]


def _nothing(_params: Any) -> Iterable[Any]:
    return ()


@dataclass(frozen=True, slots=True)
class ActionType:
    """One type of action: the word in documents, the words for people, and both its models."""

    type: str
    title: str
    description: str
    """One sentence for the palette."""
    params: ParamsModel
    output: OutputModel
    waits_for_person: bool = False
    """Whether a step of this type parks its run until somebody completes it."""
    takes: tuple[str, ...] = EFFECT_FIELDS
    """The fields that an action of this type may have, beside `type`, `id`, `name` and `params`."""
    needs: tuple[str, ...] = ()
    """Those of them that it must have."""
    checks: Callable[[Mapping[str, Any]], Iterable[Problem]] = _nothing
    """What is wrong with parameters as they are written, beyond their types; the pointers begin in them."""
    causes: Callable[[Any], Iterable[CausedEvent]] = _nothing
    """The events that a step with these parameters brings about in the CRM."""

    def describe(self) -> dict[str, Any]:
        """Return the entry of the catalogue, with JSON Schemas of the parameters, the output and its other fields."""
        return {
            "type": self.type,
            "title": self.title,
            "description": self.description,
            "waits_for_person": self.waits_for_person,
            "params": _for_forms(self.params.model_json_schema(by_alias=True)),
            "output": _for_forms(self.output.model_json_schema(mode="serialization")),
            "fields": _fields_schema(self.takes, self.needs),
        }


def _fields_schema(takes: tuple[str, ...], needs: tuple[str, ...]) -> JsonSchemaValue:
    """Return the JSON Schema of the fields that stand beside the parameters; inner actions are any objects."""
    schema = Action.model_json_schema()
    parts = schema["$defs"]
    fields = {name: parts["Action"]["properties"][name] for name in takes}
    return _for_forms({"type": "object", "properties": _inlined(fields, parts), "required": list(needs)})


def _inlined(value: Any, parts: Mapping[str, Any]) -> Any:
    """Return a schema with its references to other parts of the document written out."""
    if isinstance(value, list):
        return [_inlined(each, parts) for each in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if reference == "#/$defs/Action":
        return {"type": "object"}
    if isinstance(reference, str):
        return _inlined(parts[reference.rpartition("/")[2]] | {k: v for k, v in value.items() if k != "$ref"}, parts)
    return {name: _inlined(each, parts) for name, each in value.items()}


def _for_forms(schema: JsonSchemaValue) -> JsonSchemaValue:
    """Return a schema from which a form can be made: a field that may be absent is not also null."""
    return schema | {"properties": {name: _of_field(field) for name, field in schema.get("properties", {}).items()}}


def _of_field(field: JsonSchemaValue) -> JsonSchemaValue:
    words = {key: value for key, value in field.items() if key != "anyOf" and (key, value) != ("default", None)}
    choices = [choice for choice in _choices(field) if choice != {"type": "null"}]
    return choices[0] | words if len(choices) == 1 else words | ({"anyOf": choices} if choices else {})


def _choices(field: JsonSchemaValue) -> list[JsonSchemaValue]:
    return [
        deeper for choice in field.get("anyOf", ()) for deeper in (_choices(choice) if "anyOf" in choice else [choice])
    ]


def _as_text(value: object) -> object:
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if value is None:
        return ""
    if isinstance(value, Mapping | list | tuple):
        raise PydanticCustomError("text", "Text is wanted; a list or an object becomes text by the filter `json`")
    return value


class OrTemplate:
    """Lets a text with names stand where a number, a choice or a duration will be once it is rendered."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Return the schema of the value, passed over by a text with names."""
        return core_schema.no_info_wrap_validator_function(_unless_template, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Return a JSON Schema that offers both."""
        template = {"type": "string", "format": "template", "pattern": r"\{\{|\{%"}
        return {"anyOf": [handler(schema), template]}


def _unless_template(value: object, inner: core_schema.ValidatorFunctionWrapHandler) -> object:
    return value if is_template(value) else inner(value)


Text = Annotated[
    str,
    Field(max_length=TEXT_LIMIT_CHARACTERS, json_schema_extra={"format": "template"}),
    BeforeValidator(_as_text),
]
"""Text that may hold names."""

RequiredText = Annotated[
    str,
    Field(min_length=1, max_length=TEXT_LIMIT_CHARACTERS, json_schema_extra={"format": "template"}),
    BeforeValidator(_as_text),
]
"""Text that may hold names and is not empty."""

Duration = Annotated[
    timedelta,
    BeforeValidator(read_duration, json_schema_input_type=str | float),
    OrTemplate(),
]
"""A length of time: `3d`, `2h 30m`, `P1DT2H`, or a number of seconds."""

Moment = Annotated[
    datetime,
    BeforeValidator(read_moment, json_schema_input_type=str | float),
    OrTemplate(),
]
"""A point in time: an ISO 8601 date or time, in UTC where it names no zone."""

Due = Annotated[
    timedelta | datetime,
    BeforeValidator(read_due, json_schema_input_type=str | float),
    OrTemplate(),
]
"""A length of time or a point in time."""
