"""The automation document as a value: what a version is, apart from its status, its environment and its
number.

A document is kept as it was written; this module gives it types. Only validated documents are loaded.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from automations.conditions import All, Condition, compile_condition, parse_condition
from automations.definition.event_patterns import EVENT_LIMIT_CHARACTERS, EVENTS_LIMIT

NAME_LIMIT_CHARACTERS: Final = 200
DESCRIPTION_LIMIT_CHARACTERS: Final = 5_000
ACTIONS_LIMIT: Final = 200
TAGS_LIMIT: Final = 50
TAG_LIMIT_CHARACTERS: Final = 64
ID_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
KEPT_PREFIX: Final = "x-"
"""Fields of such a name are a client's own: they are kept and mean nothing here."""

Event = Annotated[str, Field(min_length=1, max_length=EVENT_LIMIT_CHARACTERS)]
Conditions = dict[str, Any] | list[Any]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT_CHARACTERS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)


class Trigger(_Part):
    """What starts the automation."""

    event: Event | Annotated[list[Event], Field(min_length=1, max_length=EVENTS_LIMIT)]
    """The type of event, such as `case.created`; a pattern such as `case.*`; or a list of those."""
    conditions: Conditions | None = None
    """What must hold for the event; absent or empty, every event that is named starts a run."""


class Action(_Part):
    """One step of the automation."""

    type: str
    """One of the action types."""
    id: Annotated[str, Field(pattern=ID_PATTERN)] | None = None
    """The name by which later actions refer to it; given by the product where it is absent."""
    name: Annotated[str, Field(max_length=NAME_LIMIT_CHARACTERS)] | None = None
    """What people call it; absent, the type's title is shown."""
    params: dict[str, Any] = Field(default_factory=dict)
    """The parameters of its type; texts in them may hold names."""


class AutomationDocument(_Part):
    """An automation: when something happens and the conditions hold, run the actions, one after the other."""

    name: Name
    """What people call it."""
    description: Annotated[str, Field(max_length=DESCRIPTION_LIMIT_CHARACTERS)] | None = ""
    """What it is for."""
    trigger: Trigger
    """What starts it."""
    conditions: Conditions | None = None
    """More conditions; they must hold as well as the trigger's."""
    actions: Annotated[list[Action], Field(max_length=ACTIONS_LIMIT)] = []
    """What is done, in this order."""
    tags: Annotated[list[Annotated[str, Field(max_length=TAG_LIMIT_CHARACTERS)]], Field(max_length=TAGS_LIMIT)] = []
    """Words to find it by."""
    layout: dict[str, Any] | None = None
    """Where its actions stand on the canvas; it means nothing for the runs."""


DOCUMENT_FIELDS: Final = frozenset(AutomationDocument.model_fields)
"""The fields of a document."""
REQUEST_FIELDS: Final = frozenset(
    {
        "id",
        "tenant_id",
        "version",
        "revision",
        "status",
        "environment",
        "active_since",
        "activation",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "warnings",
        "problems",
    }
)
"""The fields that a request or an answer has around a document. They are no part of it, so that what was
read can be sent back.
"""


def document_of(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a request that are the document's, or at least nobody else's."""
    return {field: value for field, value in raw.items() if field not in REQUEST_FIELDS}


def load_document(document: Mapping[str, object]) -> AutomationDocument:
    """Return a validated document with types.

    Raises:
        pydantic.ValidationError: it was not validated.
    """
    return AutomationDocument.model_validate(dict(document))


def compile_trigger(document: Mapping[str, Any]) -> Condition:
    """Return when a validated document's trigger fires: its own conditions joined with the document's.

    Raises:
        ConditionRefused: it was not validated.
    """
    own = parse_condition(document["trigger"].get("conditions"), "/trigger/conditions")
    more = parse_condition(document.get("conditions"), "/conditions")
    return compile_condition(All("", own.parts + more.parts))
