"""The language of conditions read plainly: the page's rules one by one, slowly and without a tree.

It shares nothing with the product but the `Scope`, so that an error in one of the two shows.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from automations.paths import Scope

ROOTS = ("record", "event", "changes", "steps", "item", "index", "vars")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d(:?\d\d)?)?)?", re.ASCII)
OPPOSITES = {"ne": "eq", "not_in": "in", "not_contains": "contains"}
LENGTHS = {"3d": 259_200, "2h": 7_200, "P1D": 86_400}
UNTOLD = object()


def holds(raw: Any, scope: Scope) -> bool:
    """Return whether conditions hold, as the specification says it."""
    if raw is None:
        return True
    if isinstance(raw, list):
        return all(holds(group, scope) for group in raw)
    return all(_entry_holds(key, value, scope) for key, value in raw.items())


def _entry_holds(key: str, value: Any, scope: Scope) -> bool:
    if key == "all":
        return holds(value, scope)
    if key == "any":
        return any(holds(group, scope) for group in value)
    if key == "not":
        return not holds(value, scope)
    names = key.split(".")
    root, names = (names[0], names[1:]) if names[0] in ROOTS else ("record", names)
    if not isinstance(value, dict):
        value = {"in": value} if isinstance(value, list) else {"eq": value}
    ignore_case = value.get("ignore_case", False)
    return all(
        _clause_holds(root, names, operator, operand, ignore_case, scope)
        for operator, operand in value.items()
        if operator != "ignore_case"
    )


def _clause_holds(root: str, names: list[str], operator: str, operand: Any, ignore_case: bool, scope: Scope) -> bool:
    if operator in OPPOSITES and operand is not None:
        return not _clause_holds(root, names, OPPOSITES[operator], operand, ignore_case, scope)
    if operator.startswith("changed"):
        return _change_holds(names, operator, operand, ignore_case, scope)
    found = _values(getattr(scope, root), names)
    if operator == "exists" or (operator in ("eq", "ne") and operand is None):
        return bool(found) is ((operator == "ne") if operand is None else operand)
    if operator == "is_empty":
        return all(value in ("", []) for value in found) is operand
    return any(_value_passes(value, operator, operand, ignore_case, scope) for value in found)


def _values(value: Any, names: list[str]) -> list[Any]:
    if value is None:
        return []
    if not names:
        return [value]
    if isinstance(value, list):
        return [found for element in value for found in _values(element, names)]
    if isinstance(value, Mapping):
        for length in range(len(names), 0, -1):
            found = _values(value.get(".".join(names[:length])), names[length:])
            if found:
                return found
    return []


def _value_passes(value: Any, operator: str, operand: Any, ignore_case: bool, scope: Scope) -> bool:
    if operator == "eq":
        return _equal(value, operand, ignore_case, scope)
    if operator == "in":
        return any(_equal(value, each, ignore_case, scope) for each in operand)
    if operator == "contains" and isinstance(value, list):
        return any(_equal(element, operand, ignore_case, scope) for element in value)
    if operator in ("contains", "starts_with", "ends_with", "matches"):
        return (
            isinstance(value, str) and isinstance(operand, str) and _text_passes(value, operator, operand, ignore_case)
        )
    if operator in ("older_than", "within_last", "within_next"):
        moment = _date(value, scope)
        if moment is None or scope.now is None:
            return False
        length = timedelta(seconds=LENGTHS.get(operand, operand))
        age = scope.now - moment
        if operator == "older_than":
            return age > length
        return timedelta(0) <= (age if operator == "within_last" else -age) <= length
    left, right = _pair(value, operand, False, scope)
    if left is None or isinstance(operand, bool):
        return False
    return {"gt": left > right, "gte": left >= right, "lt": left < right, "lte": left <= right}[operator]


def _text_passes(value: str, operator: str, operand: str, ignore_case: bool) -> bool:
    if operator == "matches":
        return re.search(operand, value, re.IGNORECASE if ignore_case else 0) is not None
    if ignore_case:
        value, operand = value.casefold(), operand.casefold()
    if operator == "contains":
        return operand in value
    return (
        value[: len(operand)] == operand if operator == "starts_with" else value[len(value) - len(operand) :] == operand
    )


def _equal(value: Any, operand: Any, ignore_case: bool, scope: Scope) -> bool:
    if isinstance(operand, bool):
        return isinstance(value, bool) and value == operand
    left, right = _pair(value, operand, ignore_case, scope)
    return left is not None and bool(left == right)


def _pair(value: Any, operand: Any, ignore_case: bool, scope: Scope) -> tuple[Any, Any]:
    """Return a value and an operand as the operand's type has them compared; no value where they cannot be."""
    if isinstance(operand, str):
        if ignore_case:
            return (value.casefold() if isinstance(value, str) else None), operand.casefold()
        moment = _date(operand, Scope())
        if moment is not None:
            left, right = _date(value, scope), _date(operand, scope)
            if right is None:  # a day that the zone moves out of the calendar equals only its own text
                return (value, operand) if value == operand else (None, None)
            return left, right
        return (value if isinstance(value, str) else None), operand
    if isinstance(value, str):
        return (float(value) if "." in value or "e" in value else int(value)) if NUMBER.fullmatch(
            value
        ) else None, operand
    return (value if isinstance(value, int | float) and not isinstance(value, bool) else None), operand


def _date(value: Any, scope: Scope) -> datetime | None:
    if isinstance(value, str):
        if not DATE.fullmatch(value):
            return None
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    try:
        return (value if value.tzinfo else value.replace(tzinfo=scope.zone)).astimezone(UTC)
    except OverflowError:
        return None


def _change_holds(names: list[str], operator: str, operand: Any, ignore_case: bool, scope: Scope) -> bool:
    if scope.changes is None:
        return False
    before, after = _told(scope.changes, names)
    has_changed = before is UNTOLD or not _same(before, after)
    if operator == "changed":
        return has_changed is operand
    told = after if operator == "changed_to" else before
    if not has_changed or told is UNTOLD:
        return False
    if operand is None:
        return told == []
    operands = operand if isinstance(operand, list) else [operand]
    return any(_equal(value, each, ignore_case, scope) for value in told for each in operands)


def _told(changes: Any, names: list[str]) -> tuple[Any, Any]:
    """Return all values before and after; nothing on both sides where nothing is said of the field."""
    for length in range(len(names), 0, -1):
        entry, rest = changes.get(".".join(names[:length])), names[length:]
        if entry is None:
            continue
        if not isinstance(entry, dict):
            return ([], []) if rest else (UNTOLD, UNTOLD)
        if not {"from", "to"} & set(entry):
            return _told(entry, rest) if rest else (UNTOLD, UNTOLD)
        return _values(entry.get("from"), rest), _values(entry.get("to"), rest)
    return [], []


def _same(before: Any, after: Any) -> bool:
    if isinstance(before, list) and isinstance(after, list):
        return len(before) == len(after) and all(map(_same, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return set(before) == set(after) and all(_same(before[name], after[name]) for name in before)
    return bool(before == after) and isinstance(before, bool) == isinstance(after, bool)
