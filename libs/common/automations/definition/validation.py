"""Whether a document can be published, and everything that must be mended if not, at once.

A field that this version does not know is an error, at the top, in the trigger and in an action: a document
that asks for what is not understood is refused, not half obeyed, and a misspelt `conditions` would start a
run for every event. Names that begin with `x-` are a client's own and are kept. An unknown parameter of an
action is a warning, because parameters are the action's own matter. The document that comes back is the one
that was written, with an id and parameters on every action; it validates to itself.
"""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from automations.definition.action_checks import check_conditions, unknown_fields
from automations.definition.document import DOCUMENT_FIELDS, AutomationDocument, Trigger
from automations.definition.event_patterns import events_problems
from automations.definition.identifiers import assign_ids
from automations.definition.list_checks import check_actions
from automations.definition.readable_errors import problems_of
from automations.definition.values import check_values
from automations.problems import Problem, pointer_join

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
    problems += unknown_fields(raw, DOCUMENT_FIELDS, LATER_FIELDS, "")
    problems += _check_head(raw)
    problems += _check_trigger(raw.get("trigger"))
    problems += check_conditions(raw.get("conditions"), "/conditions")
    actions = raw.get("actions")
    if isinstance(actions, list) and actions:
        wrong, warnings = check_actions(actions)
        problems += wrong
    elif actions is None or actions == []:
        missing = Problem("/actions", "At least one action is required.", "missing")
        (warnings if draft else problems).append(missing)
    else:
        problems.append(Problem("/actions", "Actions are a list.", "type"))
    if problems:
        return Validated(None, _each_once(problems), warnings)
    return Validated(_written_back(raw), [], warnings)


def _written_back(raw: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = deepcopy(dict(raw))
    if document.get("actions"):
        document["actions"] = _with_ids(document["actions"], "/actions", assign_ids(document["actions"]))
    return document


def _with_ids(actions: list[dict[str, Any]], pointer: str, ids: Mapping[str, str | None]) -> list[dict[str, Any]]:
    written = []
    for place, action in enumerate(actions):
        where = pointer_join(pointer, place)
        whole = {**action, "id": ids[where], "params": action.get("params") or {}}
        if action["type"] == "for_each":
            whole["actions"] = _with_ids(action["actions"], pointer_join(where, "actions"), ids)
        written.append(whole)
    return written


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
    problems = unknown_fields(trigger, frozenset(Trigger.model_fields), frozenset(), "/trigger")
    if "event" in trigger:
        problems += events_problems(trigger["event"])
    else:
        problems.append(Problem("/trigger/event", '"event" is required, such as case.created.', "missing"))
    return problems + check_conditions(trigger.get("conditions"), "/trigger/conditions")


def _each_once(problems: list[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
