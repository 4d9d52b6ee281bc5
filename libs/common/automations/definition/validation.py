"""Whether a document can be published, and everything that must be mended if not, at once.

A field that this version does not know is an error, at the top, in the trigger and in an action: a document
that asks for what is not understood is refused, not half obeyed, and a misspelt `conditions` would start a
run for every event. Names that begin with `x-` are a client's own and are kept. An unknown parameter of an
action is a warning, because parameters are the action's own matter. The document that comes back is the one
that was written, with an id and parameters on every action; it validates to itself.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from automations.conditions import ConditionRefused, parse_condition
from automations.definition.actions import ACTION_TYPES
from automations.definition.actions.action_type import ActionType
from automations.definition.document import (
    ACTIONS_LIMIT,
    DOCUMENT_FIELDS,
    KEPT_PREFIX,
    Action,
    AutomationDocument,
    Trigger,
)
from automations.definition.event_patterns import events_problems
from automations.definition.readable_errors import problems_of
from automations.definition.values import check_values
from automations.problems import Problem, pointer_join, suggest_nearest
from automations.templates import validate_template

LATER: Final = "is not available in this version"
LATER_ACTION_FIELDS: Final = frozenset(
    {
        "next",
        "when",
        "retry",
        "timeout",
        "on_error",
        "on_timeout",
        "branches",
        "otherwise",
        "for_each",
        "items",
        "at_once",
        "at_most_once",
        "actions",
    }
)
LATER_ACTION_TYPES: Final = frozenset(
    {"branch", "delay", "wait", "wait_until", "wait_for_event", "for_each", "run_automation", "find_records", "stop"}
)
LATER_FIELDS: Final = frozenset(
    {"enrolment", "once_per", "settle", "limit", "schedule", "vars", "timezone", "concurrency", "on_error"}
)


@dataclass(frozen=True, slots=True)
class Validated:
    """The outcome: the document as it is to be stored, or the problems that must be mended first."""

    document: dict[str, Any] | None
    """As written, with ids; `None` exactly if there are problems."""
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    """What is allowed but probably not meant."""


def validate_document(raw: object, *, draft: bool = False) -> Validated:
    """Return the document to store, or all its problems.

    A draft may still be without actions, which is then a warning.
    """
    if not isinstance(raw, Mapping):
        return Validated(None, [Problem("", "An automation is an object with name, trigger and actions.", "type")])
    problems = check_values(raw)
    if any(problem.code in ("too_deep", "too_large") for problem in problems):
        return Validated(None, problems)
    warnings: list[Problem] = []
    problems += _unknown_fields(raw, DOCUMENT_FIELDS, LATER_FIELDS, "")
    problems += _check_head(raw)
    problems += _check_trigger(raw.get("trigger"))
    problems += _check_conditions(raw.get("conditions"), "/conditions")
    actions = raw.get("actions")
    if isinstance(actions, list) and actions:
        ids = assign_ids(actions)
        problems += _check_actions(actions, ids, warnings)
    elif actions is None or actions == []:
        missing = Problem("/actions", "At least one action is required.", "missing")
        (warnings if draft else problems).append(missing)
    else:
        problems.append(Problem("/actions", "Actions are a list, done in its order.", "type"))
    if problems:
        return Validated(None, _each_once(problems), warnings)
    return Validated(_written_back(raw), [], warnings)


def assign_ids(actions: list[object]) -> list[str | None]:
    """Return the id of each action: the one written, else the type, then `type_2`, `type_3` in list order.

    An action that can have none, because its type is unknown, gets `None`.
    """
    written = [action.get("id") if isinstance(action, Mapping) else None for action in actions]
    taken = {each for each in written if isinstance(each, str)}
    ids: list[str | None] = []
    for action, own in zip(actions, written, strict=True):
        kind = action.get("type") if isinstance(action, Mapping) else None
        if isinstance(own, str) or not isinstance(kind, str) or kind not in ACTION_TYPES:
            ids.append(own if isinstance(own, str) else None)
            continue
        number, chosen = 1, kind
        while chosen in taken:
            number += 1
            chosen = f"{kind}_{number}"
        taken.add(chosen)
        ids.append(chosen)
    return ids


def _written_back(raw: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(dict(raw))
    if document.get("actions"):
        ids = assign_ids(document["actions"])
        document["actions"] = [
            {**action, "id": own, "params": action.get("params") or {}}
            for action, own in zip(document["actions"], ids, strict=True)
        ]
    return document


def _check_head(raw: Mapping[str, Any]) -> list[Problem]:
    """Check what stands at the top, but for the trigger and the actions, which are checked by themselves."""
    stand_in: dict[str, Any] = {"trigger": {"event": "-"}, "actions": [], "conditions": None}
    own = {name: value for name, value in raw.items() if name in DOCUMENT_FIELDS and name not in stand_in}
    problems = []
    try:
        AutomationDocument.model_validate(own | stand_in, strict=True)
    except ValidationError as error:
        problems = problems_of(error, own, "")
    name = raw.get("name")
    if isinstance(name, str) and name and not name.strip():
        problems.append(Problem("/name", '"name" must not be empty.', "empty"))
    return problems


def _check_trigger(trigger: object) -> list[Problem]:
    if trigger is None:
        return [Problem("/trigger", '"trigger" is required, such as {"event": "case.created"}.', "missing")]
    if not isinstance(trigger, Mapping):
        return [Problem("/trigger", 'A trigger is an object, such as {"event": "case.created"}.', "type")]
    problems = _unknown_fields(trigger, frozenset(Trigger.model_fields), frozenset(), "/trigger")
    if "event" in trigger:
        problems += events_problems(trigger["event"])
    else:
        problems.append(Problem("/trigger/event", '"event" is required, such as case.created.', "missing"))
    return problems + _check_conditions(trigger.get("conditions"), "/trigger/conditions")


def _check_conditions(raw: object, pointer: str) -> list[Problem]:
    try:
        parse_condition(raw, pointer)
    except ConditionRefused as refused:
        return list(refused.problems)
    return []


def _check_actions(actions: list[object], ids: list[str | None], warnings: list[Problem]) -> list[Problem]:
    problems = []
    if len(actions) > ACTIONS_LIMIT:
        problems.append(Problem("/actions", f"An automation has at most {ACTIONS_LIMIT} actions.", "too_many"))
        return problems
    first_with: dict[str, int] = {}
    for place, (action, own) in enumerate(zip(actions, ids, strict=True)):
        pointer = pointer_join("/actions", place)
        if not isinstance(action, Mapping):
            problems.append(Problem(pointer, "An action is an object with type and params.", "type"))
            continue
        if own is not None and first_with.setdefault(own, place) != place:
            message = f'The id "{own}" is already that of action {first_with[own] + 1}; ids are unique.'
            problems.append(Problem(pointer_join(pointer, "id"), message, "duplicate_id"))
        earlier = {each for each in ids[:place] if each is not None}
        later = {each for each in ids[place:] if each is not None}
        problems += _check_action(action, pointer, earlier, later, warnings)
    return problems


def _check_action(
    action: Mapping[str, Any], pointer: str, earlier: Collection[str], later: Collection[str], warnings: list[Problem]
) -> list[Problem]:
    problems = _unknown_fields(action, frozenset(Action.model_fields), LATER_ACTION_FIELDS, pointer)
    own = {name: value for name, value in action.items() if name in ("id", "name")}
    try:
        Action.model_validate(own | {"type": "-"}, strict=True)
    except ValidationError as error:
        problems += problems_of(error, own, pointer)
    params = action.get("params")
    if params is not None and not isinstance(params, Mapping):
        problems.append(Problem(pointer_join(pointer, "params"), "Parameters are an object.", "type"))
        params = {}
    params = params or {}
    kind = action.get("type")
    if isinstance(kind, str) and kind in ACTION_TYPES:
        problems += _check_params(ACTION_TYPES[kind], params, pointer_join(pointer, "params"), warnings)
    else:
        problems.append(_unknown_type(kind, pointer_join(pointer, "type")))
    for place, text in _texts(params, pointer_join(pointer, "params")):
        problems += validate_template(text, earlier, later_steps=later, pointer=place)
    return problems


def _unknown_type(kind: object, pointer: str) -> Problem:
    known = ", ".join(ACTION_TYPES)
    if kind is None:
        return Problem(pointer, f'"type" is required: one of {known}.', "missing")
    if not isinstance(kind, str):
        return Problem(pointer, f"A type of action is one of {known}.", "type")
    if kind in LATER_ACTION_TYPES:
        return Problem(pointer, f'The action "{kind}" {LATER}.', "not_available")
    message = f'There is no action "{kind[:80]}".{suggest_nearest(kind, ACTION_TYPES)} Known are {known}.'
    return Problem(pointer, message, "unknown_type")


def _check_params(kind: ActionType, params: Mapping[str, Any], pointer: str, warnings: list[Problem]) -> list[Problem]:
    known = {info.alias or name for name, info in kind.params.model_fields.items()}
    for name in params:
        if name not in known and not name.startswith(KEPT_PREFIX):
            message = f'"{kind.type}" has no parameter "{name}"; it does nothing.{suggest_nearest(name, known)}'
            warnings.append(Problem(pointer_join(pointer, name), message, "unknown_parameter"))
    try:
        kind.params.model_validate(dict(params))
    except ValidationError as error:
        return problems_of(error, params, pointer)
    return []


def _unknown_fields(
    part: Mapping[str, Any], known: Collection[str], later: Collection[str], pointer: str
) -> list[Problem]:
    problems = []
    for name in part:
        if name in known or str(name).startswith(KEPT_PREFIX):
            continue
        where = pointer_join(pointer, str(name))
        if name in later:
            problems.append(Problem(where, f'"{name}" {LATER}.', "not_available"))
        else:
            message = f'There is no field "{name}" here.{suggest_nearest(str(name), known)}'
            problems.append(Problem(where, message, "unknown_field"))
    return problems


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, pointer_join(pointer, str(name)))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _texts(part, pointer_join(pointer, place))


def _each_once(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
