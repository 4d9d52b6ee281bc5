"""The operators of the condition language, and what each may be compared with.

An operand of the wrong type is refused when the automation is saved: `{gt: [1, 2]}` or `{changed: "won"}`
would never hold, or not mean what it seems to.
"""

import math
from collections.abc import Callable
from datetime import UTC
from typing import Final

from automations.conditions.patterns import PatternRefused, compile_pattern
from automations.conditions.values import looks_like_date, name_type, read_date
from automations.durations import read_duration
from automations.problems import list_words, suggest_nearest

TEXT_LIMIT_CHARACTERS: Final = 10_000
LIST_LIMIT: Final = 1_000
NUMBER_LIMIT: Final = 2**1023

Scalar = str | int | float | bool
Operand = Scalar | None | tuple[Scalar, ...]

EQUALITY_OPERATORS: Final = ("eq", "ne")
ORDER_OPERATORS: Final = ("gt", "gte", "lt", "lte")
LIST_OPERATORS: Final = ("in", "not_in")
ELEMENT_OPERATORS: Final = ("contains", "not_contains")
TEXT_OPERATORS: Final = ("starts_with", "ends_with", "matches")
FLAG_OPERATORS: Final = ("exists", "is_empty", "changed")
CHANGE_OPERATORS: Final = ("changed", "changed_to", "changed_from")
DURATION_OPERATORS: Final = ("older_than", "within_last", "within_next")
OPERATORS: Final = (
    *EQUALITY_OPERATORS,
    *ORDER_OPERATORS,
    *LIST_OPERATORS,
    *ELEMENT_OPERATORS,
    *TEXT_OPERATORS,
    "exists",
    "is_empty",
    *CHANGE_OPERATORS,
    *DURATION_OPERATORS,
)
"""Every operator, in the order in which people are told of them."""
NEGATIONS: Final = {"ne": "eq", "not_in": "in", "not_contains": "contains"}
"""Operators that are exactly the opposite of another one, also on no value."""
IGNORE_CASE: Final = "ignore_case"
CASE_OPERATORS: Final = frozenset(
    (*EQUALITY_OPERATORS, *LIST_OPERATORS, *ELEMENT_OPERATORS, *TEXT_OPERATORS, "changed_to", "changed_from")
)
"""Operators that compare text, beside which `ignore_case` has a meaning."""

_ELSEWHERE: Final = {
    "=": "eq",
    "==": "eq",
    "equals": "eq",
    "is": "eq",
    "!=": "ne",
    "<>": "ne",
    "not": "ne",
    "neq": "ne",
    "not_equals": "ne",
    ">": "gt",
    "after": "gt",
    "more_than": "gt",
    "greater_than": "gt",
    ">=": "gte",
    "ge": "gte",
    "min": "gte",
    "<": "lt",
    "before": "lt",
    "less_than": "lt",
    "<=": "lte",
    "le": "lte",
    "max": "lte",
    "between": 'gte" and "lte',
    "one_of": "in",
    "any_of": "in",
    "nin": "not_in",
    "none_of": "not_in",
    "includes": "contains",
    "has": "contains",
    "excludes": "not_contains",
    "begins_with": "starts_with",
    "prefix": "starts_with",
    "suffix": "ends_with",
    "regex": "matches",
    "regexp": "matches",
    "like": "matches",
    "present": "exists",
    "empty": "is_empty",
    "newer_than": "within_last",
    "younger_than": "within_last",
    "in_last": "within_last",
    "in_next": "within_next",
    "due_in": "within_next",
    "has_changed": "changed",
}
"""What other products call an operator."""


class OperandRefused(ValueError):
    """The value cannot stand beside its operator; the message says what can, `code` is for programs."""

    def __init__(self, message: str, code: str = "type") -> None:
        super().__init__(message)
        self.code = code


def read_operand(operator: str, raw: object, *, ignore_case: bool = False) -> Operand:
    """Return the operand of an operator; a list becomes a tuple.

    A pattern is compiled here for the first time, with or without regard to case.

    Raises:
        OperandRefused: it is of the wrong type, too large, or could never mean anything.
    """
    operand = _READERS[operator](operator, raw)
    if operator == "matches":
        _check_pattern(str(operand), ignore_case)
    return operand


def find_meant_operator(word: object) -> str | None:
    """Return the operator that has another name elsewhere, or is written a little differently; `None` if in doubt."""
    if not isinstance(word, str):
        return None
    plain = _plain(word)
    return plain if plain in OPERATORS else _ELSEWHERE.get(plain)


def explain_unknown_operator(word: object) -> str:
    """Return the message for a word that is no operator, with the operator that was probably meant."""
    if not isinstance(word, str):
        return f"An operator is a word, not {name_type(word)}."
    meant = find_meant_operator(word)
    hint = f' Did you mean "{meant}"?' if meant else suggest_nearest(_plain(word), OPERATORS)
    return f'There is no operator "{word[:80]}".{hint} Known are {list_words(OPERATORS)}.'


def _plain(word: str) -> str:
    return word[:80].lower().lstrip("$").replace("-", "_").replace(" ", "_")


def _one_value(operator: str, raw: object) -> Operand:
    if isinstance(raw, list | tuple):
        other = {"eq": "in", "ne": "not_in"}.get(operator)
        hint = f'; "{other}" compares with a list' if other else "; write one clause for each value"
        raise OperandRefused(f'"{operator}" compares with one value, not a list{hint}.')
    return _scalar(operator, raw)


def _value_or_none(operator: str, raw: object) -> Operand:
    return None if raw is None else _one_value(operator, raw)


def _scalar(operator: str, raw: object) -> Scalar:
    if isinstance(raw, str):
        if len(raw) > TEXT_LIMIT_CHARACTERS:
            message = f"A text in a condition has at most {TEXT_LIMIT_CHARACTERS} characters."
            raise OperandRefused(message, "too_large")
        return raw
    if isinstance(raw, bool):
        return raw
    if isinstance(raw, int | float):
        # Written so that NaN is refused as well.
        if not (math.isfinite(raw) if isinstance(raw, float) else abs(raw) <= NUMBER_LIMIT):
            raise OperandRefused("A number in a condition is finite, and no larger than a double.")
        return raw
    hint = '; write "exists" for whether there is a value' if raw is None else ""
    raise OperandRefused(f'"{operator}" compares with text, a number, true or false, not {name_type(raw)}{hint}.')


def _ordered(operator: str, raw: object) -> Operand:
    if isinstance(raw, bool) or raw is None or isinstance(raw, list | tuple):
        raise OperandRefused(f'"{operator}" compares with a number, a date or text, not {name_type(raw)}.')
    operand = _scalar(operator, raw)
    if isinstance(operand, str) and looks_like_date(operand) and read_date(operand, UTC) is None:
        raise OperandRefused(f'There is no such date as "{operand}".', "value")
    return operand


def _several(operator: str, raw: object) -> Operand:
    if not isinstance(raw, list | tuple):
        other = "eq" if operator == "in" else "ne"
        raise OperandRefused(f'"{operator}" compares with a list, not {name_type(raw)}; "{other}" takes one value.')
    if not raw:
        raise OperandRefused(f'"{operator}" needs a list with at least one value.', "empty")
    if len(raw) > LIST_LIMIT:
        raise OperandRefused(f"A list in a condition has at most {LIST_LIMIT} values.", "too_many")
    for value in raw:
        if value is None or isinstance(value, list | tuple | dict):
            hint = '; for no value write {"exists": false}' if value is None else ""
            message = f"A list in a condition holds text, numbers, true and false, not {name_type(value)}{hint}."
            raise OperandRefused(message)
    return tuple(_scalar(operator, value) for value in raw)


def _one_or_several(operator: str, raw: object) -> Operand:
    return _several(operator, raw) if isinstance(raw, list | tuple) else _value_or_none(operator, raw)


def _text(operator: str, raw: object) -> Operand:
    if not isinstance(raw, str):
        raise OperandRefused(f'"{operator}" compares with text, not {name_type(raw)}.')
    return _scalar(operator, raw)


def _check_pattern(pattern: str, ignore_case: bool) -> None:
    try:
        compile_pattern(pattern, ignore_case)
    except PatternRefused as error:
        raise OperandRefused(str(error), error.code) from None


def _flag(operator: str, raw: object) -> Operand:
    if not isinstance(raw, bool):
        hint = '; "changed_to" takes the new value' if operator == "changed" else ""
        raise OperandRefused(f'"{operator}" is followed by true or false, not {name_type(raw)}{hint}.')
    return raw


def _duration(operator: str, raw: object) -> Operand:
    if isinstance(raw, bool) or not isinstance(raw, str | int | float):
        raise OperandRefused(f'"{operator}" compares with a duration such as 3d or 2h, not {name_type(raw)}.')
    try:
        read_duration(raw)
    except ValueError as error:
        raise OperandRefused(f"{error}.", "value") from None
    return raw


_READERS: Final[dict[str, Callable[[str, object], Operand]]] = {
    "eq": _value_or_none,
    "ne": _value_or_none,
    **dict.fromkeys(ORDER_OPERATORS, _ordered),
    **dict.fromkeys(LIST_OPERATORS, _several),
    **dict.fromkeys(ELEMENT_OPERATORS, _one_value),
    **dict.fromkeys(TEXT_OPERATORS, _text),
    **dict.fromkeys(FLAG_OPERATORS, _flag),
    "changed_to": _one_or_several,
    "changed_from": _one_or_several,
    **dict.fromkeys(DURATION_OPERATORS, _duration),
}
