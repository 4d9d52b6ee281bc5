"""What each operator says of one value: the only place where a condition's verdict is made.

A test takes a value and the scope, which a date needs for its zone and for now. It is false on no value. A
scalar operator is false on a list; `contains` looks into one. Text is compared exactly, by code points,
unless case is ignored. Tests never fail, whatever the value.
"""

import operator as compare
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Final

from automations.conditions.operands import DURATION_OPERATORS, Operand, Scalar
from automations.conditions.patterns import compile_pattern, contains_pattern
from automations.conditions.values import has_zone, kind_of, read_date, read_number
from automations.durations import read_duration
from automations.paths import Scope

ValueTest = Callable[[object, Scope], bool]

NUMBERS: Final = frozenset((int, float))
"""The types of JSON's numbers; asked by identity, so true and false are none."""
LISTS: Final = (list, tuple)

_ORDERS: Final[dict[str, Callable[..., bool]]] = {
    "gt": compare.gt,
    "gte": compare.ge,
    "lt": compare.lt,
    "lte": compare.le,
}


def value_test(operator: str, operand: Operand, ignore_case: bool = False) -> ValueTest:
    """Return the test of one value by a positive operator: any but the flags, the changes and the negations."""
    if operator in _ORDERS:
        return _ordered(_ORDERS[operator], operand)
    if operator in DURATION_OPERATORS:
        return _relative_date(operator, operand)
    if isinstance(operand, tuple):
        return is_one_of(operand, ignore_case)
    assert operand is not None
    if operator == "contains":
        return _contains(operand, ignore_case)
    if operator == "eq":
        return is_equal_to(operand, ignore_case)
    assert isinstance(operand, str)
    return _text_test(operator, operand, ignore_case)


def is_equal_to(operand: Scalar, ignore_case: bool = False) -> ValueTest:
    """Return the test whether a value equals an operand, by the operand's type."""
    if isinstance(operand, bool):
        return lambda value, _: value is operand
    if isinstance(operand, str):
        return _equals_text(operand, ignore_case)

    def equals_number(value: object, _: Scope) -> bool:
        if isinstance(value, str):
            return read_number(value) == operand
        return value == operand and type(value) in NUMBERS

    return equals_number


def _equals_text(operand: str, ignore_case: bool) -> ValueTest:
    if ignore_case:
        folded = operand.casefold()
        return lambda value, _: isinstance(value, str) and value.casefold() == folded
    if kind_of(operand) != "date":
        return lambda value, _: value == operand
    moment_of = _moment_of(operand)

    def equals_date(value: object, scope: Scope) -> bool:
        if value == operand:
            return True
        moment = read_date(value, scope.zone)
        return moment is not None and moment == moment_of(scope)

    return equals_date


def is_one_of(operands: Sequence[Scalar], ignore_case: bool = False) -> ValueTest:
    """Return the test whether a value equals one of several operands; its time does not grow with their number."""
    texts = frozenset(each.casefold() if ignore_case else each for each in operands if isinstance(each, str))
    booleans = frozenset(each for each in operands if isinstance(each, bool))
    numbers = frozenset(each for each in operands if isinstance(each, int | float) and not isinstance(each, bool))
    dates = tuple(_moment_of(each) for each in texts if not ignore_case and kind_of(each) == "date")
    equals_date = _is_one_moment(dates)

    def is_in(value: object, scope: Scope) -> bool:
        if isinstance(value, str):
            if (value.casefold() if ignore_case else value) in texts:
                return True
            if numbers and read_number(value) in numbers:
                return True
        elif type(value) in NUMBERS:
            return value in numbers
        elif isinstance(value, bool):
            return value in booleans
        return bool(dates) and equals_date(value, scope)

    return is_in


def _is_one_moment(dates: Sequence[Callable[[Scope], datetime | None]]) -> ValueTest:
    in_utc = frozenset(moment_of(Scope()) for moment_of in dates)

    def equals_date(value: object, scope: Scope) -> bool:
        moment = read_date(value, scope.zone)
        if moment is None:
            return False
        if scope.zone is UTC:
            return moment in in_utc
        return any(moment_of(scope) == moment for moment_of in dates)

    return equals_date


def _moment_of(text: str) -> Callable[[Scope], datetime | None]:
    """Return the function from a scope to the moment that an operand is there: without a zone it depends on it."""
    in_utc = read_date(text, UTC)
    if has_zone(text):
        return lambda _: in_utc
    return lambda scope: in_utc if scope.zone is UTC else read_date(text, scope.zone)


def _ordered(holds: Callable[..., bool], operand: Operand) -> ValueTest:
    if not isinstance(operand, str):

        def is_ordered_number(value: object, _: Scope) -> bool:
            if type(value) in NUMBERS:
                return holds(value, operand)
            number = read_number(value) if isinstance(value, str) else None
            return number is not None and holds(number, operand)

        return is_ordered_number
    if kind_of(operand) != "date":
        return lambda value, _: isinstance(value, str) and holds(value, operand)
    moment_of = _moment_of(operand)

    def is_ordered_date(value: object, scope: Scope) -> bool:
        moment, bound = read_date(value, scope.zone), moment_of(scope)
        return moment is not None and bound is not None and holds(moment, bound)

    return is_ordered_date


def _relative_date(operator: str, operand: Operand) -> ValueTest:
    length = read_duration(operand)
    nothing = length - length

    def is_near_now(value: object, scope: Scope) -> bool:
        moment = read_date(value, scope.zone)
        if moment is None or scope.now is None:
            return False
        age = scope.now - moment
        if operator == "older_than":
            return age > length
        return nothing <= (age if operator == "within_last" else -age) <= length

    return is_near_now


def _contains(operand: Scalar, ignore_case: bool) -> ValueTest:
    is_equal = is_equal_to(operand, ignore_case)
    part = operand.casefold() if ignore_case and isinstance(operand, str) else operand

    def contains(value: object, scope: Scope) -> bool:
        if isinstance(value, str):
            return isinstance(part, str) and part in (value.casefold() if ignore_case else value)
        if isinstance(value, LISTS):
            for element in value:
                if is_equal(element, scope):
                    return True
        return False

    return contains


def _text_test(operator: str, operand: str, ignore_case: bool) -> ValueTest:
    if operator == "matches":
        pattern = compile_pattern(operand, ignore_case)
        return lambda value, _: isinstance(value, str) and contains_pattern(pattern, value)
    part = operand.casefold() if ignore_case else operand
    method = str.startswith if operator == "starts_with" else str.endswith
    if ignore_case:
        return lambda value, _: isinstance(value, str) and method(value.casefold(), part)
    return lambda value, _: isinstance(value, str) and method(value, part)
