"""Clauses that need no function of their own: a field of the record, or one in an object there, that equals a text;
or a field against a number.

Most conditions are made of these. Kept as values side by side they are a fraction of the memory that a function
for each takes, which counts where one event meets a few of 100,000 conditions: what is asked of it then is seldom
in the processor's cache. They hold exactly when the compiled clause does.
"""

import operator
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, Final, Literal

from automations.conditions.operators import NUMBERS
from automations.conditions.syntax import Comparison
from automations.conditions.values import kind_of, read_number
from automations.paths import compile_below

Compare = Callable[[Any, Any], bool]


Equal = tuple[str, str]
"""A field of the record, and the text that it equals."""
Inside = tuple[str, str, str, Callable[[object], Sequence[object]], str]
"""A field in an object of the record: the object, the field in it, the whole name (a field of the record that is
called `owner.email` comes first), what gives all values of the path whatever the record's form, and the text that it
equals."""
Ordered = tuple[str, Compare, int | float]
"""A field of the record, how it is compared, and with which number."""
PlainKind = Literal["equal", "inside", "ordered"]

_COMPARED: Final[dict[str, Compare]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


_below = lru_cache(maxsize=4_096)(compile_below)


def plain_clause(clause: Comparison) -> tuple[PlainKind, Equal | Inside | Ordered] | None:
    """Return the clause as a value, and of which kind; None where it takes a function."""
    path, operand = clause.path, clause.operand
    if path.root != "record" or not 1 <= len(path.segments) <= 2 or clause.ignore_case:
        return None
    if isinstance(operand, str):
        if clause.operator != "eq" or kind_of(operand) != "text":
            return None
        if len(path.segments) == 1:
            return "equal", (path.segments[0], operand)
        outer, inner = path.segments
        return "inside", (outer, inner, f"{outer}.{inner}", _below(path.segments), operand)
    compare = _COMPARED.get(clause.operator)
    if compare is None or len(path.segments) > 1 or not isinstance(operand, int | float) or isinstance(operand, bool):
        return None
    return "ordered", (path.segments[0], compare, operand)


def equal_inside(record: dict[str, Any], flat: tuple[Any, ...]) -> bool:
    """Return whether fields in objects equal their texts; given flat, one clause's values after another's."""
    for place in range(0, len(flat), 5):
        outer, inner, whole, below, text = flat[place : place + 5]
        around = record.get(outer)
        if type(around) is dict and whole not in record:
            if around.get(inner) != text:
                return False
        elif text not in below(record):
            return False
    return True


def in_order(record: dict[str, Any], flat: tuple[Any, ...]) -> bool:
    """Return whether fields compare with their numbers; given flat, one clause's values after another's."""
    place = 0
    while place < len(flat):
        value = record.get(flat[place])
        if type(value) not in NUMBERS:
            value = read_number(value) if isinstance(value, str) else None
            if value is None:
                return False
        if not flat[place + 1](value, flat[place + 2]):
            return False
        place += 3
    return True
