"""Clauses that need no function of their own: one field of the record, equal to a text, or against a number.

Most conditions are made of these. Kept as values side by side they are a fraction of the memory that a function
for each takes, which counts where one event meets a few of 100,000 conditions: what is asked of it then is seldom
in the processor's cache. They hold exactly when the compiled clause does.
"""

import operator
from collections.abc import Callable, Iterator
from typing import Any, Final

from automations.conditions.operators import NUMBERS
from automations.conditions.syntax import Comparison
from automations.conditions.values import kind_of, read_number

Compare = Callable[[Any, Any], bool]
Equal = tuple[str, str]
"""A field, and the text that it equals."""
Ordered = tuple[str, Compare, int | float]
"""A field, how it is compared, and with which number."""

_COMPARED: Final[dict[str, Compare]] = {
    "eq": operator.eq,
    "gt": operator.gt,
    "gte": operator.ge,
    "lt": operator.lt,
    "lte": operator.le,
}


def plain_clause(clause: Comparison) -> Equal | Ordered | None:
    """Return the clause as a value; None where it takes a function."""
    path, operand = clause.path, clause.operand
    if path.root != "record" or len(path.segments) != 1 or clause.ignore_case:
        return None
    (name,) = path.segments
    if isinstance(operand, str):
        return (name, operand) if clause.operator == "eq" and kind_of(operand) == "text" else None
    compare = _COMPARED.get(clause.operator)
    if compare is None or not isinstance(operand, int | float) or isinstance(operand, bool):
        return None
    return name, compare, operand


def hold(record: dict[str, Any], equal: tuple[str, ...], ordered: tuple[Any, ...]) -> bool:
    """Return whether all of some clauses hold; both kinds are given flat, one clause's values after another's."""
    if equal:
        if len(equal) == 2:
            name, text = equal
            if record.get(name) != text:
                return False
        else:
            for name, text in _pairs(equal):
                if record.get(name) != text:
                    return False
    place = 0
    while place < len(ordered):
        value = record.get(ordered[place])
        if type(value) not in NUMBERS:
            value = read_number(value) if isinstance(value, str) else None
            if value is None:
                return False
        if not ordered[place + 1](value, ordered[place + 2]):
            return False
        place += 3
    return True


def _pairs(flat: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    values = iter(flat)
    return zip(values, values, strict=True)
