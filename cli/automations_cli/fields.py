"""Fields as they are typed after a command: `key=value`, or JSON; pure."""

from __future__ import annotations

import json
from collections.abc import Iterable

from automations_cli.failures import WrongUsage

JsonFields = dict[str, object]


def read_fields(arguments: Iterable[str]) -> JsonFields:
    """Return the fields of `key=value` arguments.

    A value that is JSON (`3`, `true`, `null`, `["a"]`, `"3"`) is that value, any other is text. A dotted key makes
    objects: `owner.id=7` is `{"owner": {"id": 7}}`.

    Raises:
        WrongUsage: an argument is no `key=value`, or two of them contradict each other.
    """
    fields: JsonFields = {}
    for argument in arguments:
        key, equals, text = argument.partition("=")
        if not equals or not key or "" in key.split("."):
            raise WrongUsage(f"{argument!r} is no field; write it as key=value, for instance priority=critical")
        _put(fields, key.split("."), read_value(text), argument)
    return fields


def read_value(text: str) -> object:
    """Return the JSON value that a text is, else the text itself."""
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return text


def read_object(text: str, option: str) -> JsonFields:
    """Return the JSON object that was given to an option.

    Raises:
        WrongUsage: it is none.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WrongUsage(f"{option} is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise WrongUsage(f'{option} must be a JSON object, for instance {{"approved": true}}')
    return value


def _put(fields: JsonFields, path: list[str], value: object, argument: str) -> None:
    inner = fields
    for name in path[:-1]:
        following = inner.setdefault(name, {})
        if not isinstance(following, dict):
            raise WrongUsage(f"{argument!r} contradicts another field")
        inner = following
    if path[-1] in inner:
        raise WrongUsage(f"{argument!r}: the field is there twice")
    inner[path[-1]] = value


def _refuse_constant(name: str) -> None:
    raise ValueError(name)
