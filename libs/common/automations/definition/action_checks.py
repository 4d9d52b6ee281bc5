"""Whether one action is right by itself: its type, its parameters, and the fields that its type takes.

What it leads to and what its texts name is judged apart, by the graph. So that both are said at once, an
action that is partly wrong is still read as far as it is right.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from automations.conditions import ConditionRefused, parse_condition
from automations.definition.actions import ACTION_TYPES
from automations.definition.actions.action_type import ActionType
from automations.definition.document import KEPT_PREFIX, Action, BranchEntry, Goto, RetryPolicy
from automations.definition.readable_errors import problems_of
from automations.problems import Problem, list_words, pointer_join, suggest_nearest

LATER: Final = "is not available in this version"
LATER_ACTION_TYPES: Final = frozenset({"wait_for_event", "run_automation", "find_records"})
COMMON_FIELDS: Final = frozenset({"type", "id", "name", "params"})

_LEADING: Final = ("next", "branches", "otherwise", "on_error", "on_timeout")
_OTHER_WORDS: Final = {
    **dict.fromkeys(("wait", "wait_until", "sleep", "pause"), "delay"),
    **dict.fromkeys(("if", "condition", "switch", "choice"), "branch"),
    **dict.fromkeys(("loop", "foreach", "map"), "for_each"),
    **dict.fromkeys(("approval", "manual", "wait_for_human"), "human_task"),
    **dict.fromkeys(("end", "exit", "fail"), "stop"),
}
_INSTEAD: Final = {
    ("branch", "next"): 'its entries and "otherwise" say what follows',
    ("branch", "when"): "conditions stand in its entries",
    ("branch", "on_error"): "it cannot fail",
    ("stop", "on_error"): "the run ends here anyway",
}


@dataclass(frozen=True, slots=True)
class ReadAction:
    """An action of a list as far as it could be read."""

    pointer: str
    id: str
    """Its id; where it has none of its own, a word that no id can be."""
    action: Action
    raw: Mapping[str, Any]
    is_whole: bool
    """Whether everything was read that says where it leads to."""


def read_action(
    raw: object, own: str | None, pointer: str, problems: list[Problem], warnings: list[Problem]
) -> ReadAction:
    """Return an action with types, as far as it is right, and add what is wrong with it."""
    if not isinstance(raw, Mapping):
        problems.append(Problem(pointer, "An action is an object with type and params.", "type"))
        return ReadAction(pointer, own or pointer, Action(type="-"), {}, False)
    problems += unknown_fields(raw, frozenset(Action.model_fields), frozenset(), pointer)
    kind = ACTION_TYPES.get(raw["type"]) if isinstance(raw.get("type"), str) else None
    action, is_whole = _read_fields(raw, pointer, problems)
    problems += _check_parts(raw, pointer)
    if kind is None:
        problems.append(_unknown_type(raw.get("type"), pointer_join(pointer, "type")))
    else:
        problems += _check_taken(kind, raw, pointer)
        problems += _check_params(kind, raw.get("params"), pointer_join(pointer, "params"), warnings)
    return ReadAction(pointer, own or pointer, action, raw, is_whole and kind is not None)


def check_conditions(raw: object, pointer: str) -> list[Problem]:
    """Return what is wrong with conditions that stand at `pointer`."""
    try:
        parse_condition(raw, pointer)
    except ConditionRefused as refused:
        return list(refused.problems)
    return []


def unknown_fields(
    part: Mapping[str, Any], known: Collection[str], later: Collection[str], pointer: str
) -> list[Problem]:
    """Return a problem for each field that is not known and not a client's own."""
    problems = []
    for name in part:
        if name in known or str(name).startswith(KEPT_PREFIX):
            continue
        where = pointer_join(pointer, str(name))
        if name in later:
            problems.append(Problem(where, f'"{name}" {LATER}.', "not_available"))
        else:
            hint = suggest_nearest(str(name), known) or f" There are {list_words(sorted(known))}."
            message = f'There is no field "{name}" here.{hint}'
            problems.append(Problem(where, message, "unknown_field"))
    return problems


def _read_fields(raw: Mapping[str, Any], pointer: str, problems: list[Problem]) -> tuple[Action, bool]:
    """Return the fields that are right, and whether all are that say where the action leads to."""
    kind = raw.get("type")
    kept = {name: value for name, value in raw.items() if name in Action.model_fields and name not in _READ_APART}
    if "branches" in kept:
        kept["branches"] = _without_conditions(kept["branches"])
    right: dict[str, Any] = {"type": kind if isinstance(kind, str) else "-"}
    if raw.get("when") is not None:
        right["when"] = {}
    try:
        return Action.model_validate(kept | right, strict=True), True
    except ValidationError as error:
        problems += problems_of(error, kept, pointer)
        wrong = {detail["loc"][0] for detail in error.errors(include_url=False)}
    right |= {name: value for name, value in kept.items() if name not in wrong}
    if "next" in wrong:
        right["next"] = None
    return Action.model_validate(right, strict=True), wrong.isdisjoint(_LEADING)


_READ_APART: Final = frozenset({"type", "params", "when", "actions"})


def _without_conditions(branches: object) -> object:
    """Return the entries with conditions that hold, because conditions are read by their own language."""
    if not isinstance(branches, list):
        return branches
    return [{**entry, "when": {}} if isinstance(entry, Mapping) and "when" in entry else entry for entry in branches]


def _check_parts(raw: Mapping[str, Any], pointer: str) -> list[Problem]:
    """Check the conditions, and the names of fields, inside of an action's own fields."""
    problems = check_conditions(raw.get("when"), pointer_join(pointer, "when"))
    for name, model in (("retry", RetryPolicy), ("on_error", Goto), ("on_timeout", Goto)):
        part = raw.get(name)
        if isinstance(part, Mapping):
            problems += unknown_fields(part, frozenset(model.model_fields), frozenset(), pointer_join(pointer, name))
    branches = raw.get("branches")
    for place, entry in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(entry, Mapping):
            where = pointer_join(pointer, "branches", place)
            problems += unknown_fields(entry, frozenset(BranchEntry.model_fields), frozenset(), where)
            problems += check_conditions(entry.get("when"), pointer_join(where, "when"))
    return problems


def _check_taken(kind: ActionType, raw: Mapping[str, Any], pointer: str) -> list[Problem]:
    """Check that an action has the fields that its type needs, and no other."""
    problems = []
    for name in raw:
        if name in Action.model_fields and name not in COMMON_FIELDS and name not in kind.takes:
            reason = _INSTEAD.get((kind.type, name), f"it takes {list_words(kind.takes)}")
            message = f'An action of type "{kind.type}" takes no "{name}": {reason}.'
            problems.append(Problem(pointer_join(pointer, name), message, "not_taken"))
    params = raw.get("params")
    for name in kind.needs:
        if raw.get(name) is None:
            beside = isinstance(params, Mapping) and name in params
            hint = ' It stands beside "type", not in "params".' if beside else ""
            problems.append(Problem(pointer_join(pointer, name), f'"{name}" is required.{hint}', "missing"))
    if raw.get("on_timeout") is not None and raw.get("timeout") is None and "on_timeout" in kind.takes:
        message = 'Without "timeout" the time of this action never ends: add one, or leave "on_timeout" out.'
        problems.append(Problem(pointer_join(pointer, "timeout"), message, "missing"))
    if kind.type == "stop" and raw.get("next") is not None and raw.get("when") is None:
        message = 'Nothing follows a "stop" that always stops: give it "when", or leave "next" out.'
        problems.append(Problem(pointer_join(pointer, "next"), message, "not_taken"))
    return problems


def _unknown_type(kind: object, pointer: str) -> Problem:
    known = ", ".join(ACTION_TYPES)
    if kind is None:
        return Problem(pointer, f'"type" is required: one of {known}.', "missing")
    if not isinstance(kind, str):
        return Problem(pointer, f"A type of action is one of {known}.", "type")
    if kind in LATER_ACTION_TYPES:
        return Problem(pointer, f'The action "{kind}" {LATER}.', "not_available")
    meant = _OTHER_WORDS.get(kind.lower())
    hint = f' Did you mean "{meant}"?' if meant else suggest_nearest(kind, ACTION_TYPES)
    return Problem(pointer, f'There is no action "{kind[:80]}".{hint} Known are {known}.', "unknown_type")


def _check_params(kind: ActionType, params: object, pointer: str, warnings: list[Problem]) -> list[Problem]:
    if params is not None and not isinstance(params, Mapping):
        return [Problem(pointer, "Parameters are an object.", "type")]
    written: Mapping[str, Any] = params or {}
    known = {info.alias or name for name, info in kind.params.model_fields.items()}
    for name in written:
        if name not in known and not name.startswith(KEPT_PREFIX):
            message = f'"{kind.type}" has no parameter "{name}"; it does nothing.{suggest_nearest(name, known)}'
            warnings.append(Problem(pointer_join(pointer, name), message, "unknown_parameter"))
    try:
        kind.params.model_validate(dict(written))
    except ValidationError as error:
        return problems_of(error, written, pointer)
    return [Problem(pointer + found.pointer, found.message, found.code) for found in kind.checks(written)]
