"""What an index can find a condition by: for each clause that must hold, where an event is looked up and the
keys under which the condition lies there.

A step is *necessary*: where the condition holds, looking the event up gives one of the step's keys, or a point
inside of its bound. It need not be enough; the whole condition still decides. Equality and `in` are keys.
A prefix is cut to a power of two and a closed range is laid on a grid as wide as itself, so that both are keys
as well, and an event has one key for each length and width in use, however many conditions there are. A range
with one end is a bound.

Dates are looked up in UTC with room for every zone, so that a condition lies at one place for all tenants.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Final

from automations.conditions.lookups import (
    FARTHEST,
    NARROWEST,
    WIDEST,
    Key,
    Lookup,
    Ordering,
    RangeKind,
    cell_of,
    change_lookup,
    prefix_lookup,
    range_ordering,
    value_lookup,
    width_lookup,
)
from automations.conditions.operands import CHANGE_OPERATORS, DURATION_OPERATORS, ORDER_OPERATORS, Operand
from automations.conditions.syntax import All, AnyOf, Comparison, Node
from automations.conditions.values import kind_of, read_date
from automations.paths import Path

KEYS_LIMIT: Final = 256
"""A clause with more keys is not worth its place in an index."""
STEPS_LIMIT: Final = 4

_ZONES_SECONDS: Final = 32 * 3600.0
"""Twice the largest distance of a zone from UTC: the operand's and the value's."""
_IDENTIFIER_CHARACTERS: Final = 6
_IDENTIFIER_NUMBER: Final = 1_000
_NARROW: Final = 0.1
_ROOTS: Final = ("record", "event", "changes")


@dataclass(frozen=True, slots=True)
class Keys:
    """A clause that can hold only if an event is looked up by one of these keys."""

    lookup: Lookup
    keys: tuple[Key, ...]
    is_narrow: bool = False
    """A range that is narrow beside the numbers in it."""
    exact: Comparison | None = None
    """The clause, where it holds for every event that is found by a key, and needs no second look."""


@dataclass(frozen=True, slots=True)
class Bound:
    """A clause that can hold only if an event's value reaches this bound."""

    ordering: Ordering
    bound: float | str


Step = Keys | Bound


def access_steps(tree: All) -> tuple[Step, ...]:
    """Return the clauses that an index can use, the most selective kind first; each is necessary for the tree.

    The answer depends on the tree alone, so an index of the same conditions is always the same.
    """
    steps = sorted(_steps(tree), key=_preference)
    return tuple(steps[:STEPS_LIMIT])


def without(tree: All, step: Step) -> All:
    """Return what is still to be asked of an event that was found by a step."""
    if isinstance(step, Bound) or step.exact is None:
        return tree
    return All(tree.pointer, tuple(part for part in tree.parts if part is not step.exact))


def needs_event(tree: Node) -> bool:
    """Return whether a condition speaks of more than the record and its changes: of the event, or of now."""
    if isinstance(tree, Comparison):
        return tree.path.root not in ("record", "changes") or tree.operator in DURATION_OPERATORS
    if isinstance(tree, All | AnyOf):
        return any(map(needs_event, tree.parts))
    return needs_event(tree.part)


def _preference(step: Step) -> tuple[int, int, str]:
    """Return where a step stands among those of its condition: first what probably tells most conditions apart.

    An identifier does (`001A000123`, `ann@example.com`, 48211), as does a long prefix or a narrow range; a word
    (`critical`) is shared by many, and true or false by half of them. A wrong guess costs a level of the index.
    """
    if isinstance(step, Bound):
        return (5, 0, step.ordering.name)
    keys, name = step.keys, step.lookup.name
    if step.is_narrow or all(map(_is_identifier, keys)):
        return (0 if len(keys) == 1 else 1, len(keys), name)
    if isinstance(keys[0], tuple):
        return (4, len(keys), name)
    return (2 if len(keys) == 1 else 3, len(keys), name)


def _is_identifier(key: Key) -> bool:
    if isinstance(key, str):
        return len(key) >= _IDENTIFIER_CHARACTERS and (not key.isalpha() or len(key) >= 3 * _IDENTIFIER_CHARACTERS)
    return isinstance(key, int | float) and abs(key) >= _IDENTIFIER_NUMBER


def _steps(tree: All) -> Iterator[Step]:
    for part in tree.parts:
        if isinstance(part, All):
            yield from _range_steps(part) or _steps(part)
        elif isinstance(part, AnyOf):
            yield from _any_steps(part)
        elif isinstance(part, Comparison):
            yield from _clause_steps(part)


def _any_steps(tree: AnyOf) -> Iterator[Step]:
    """Yield the keys of all alternatives, where each has keys of one and the same lookup."""
    found: list[Keys] = []
    for part in tree.parts:
        inner = list(
            _clause_steps(part) if isinstance(part, Comparison) else _steps(part) if isinstance(part, All) else ()
        )
        keys = [step for step in inner if isinstance(step, Keys) and (not found or step.lookup == found[0].lookup)]
        if not keys:
            return
        found.append(keys[0])
    together = tuple(dict.fromkeys(key for step in found for key in step.keys))
    if len(together) <= KEYS_LIMIT:
        yield Keys(found[0].lookup, together)


def _clause_steps(clause: Comparison) -> Iterator[Step]:
    operator, operand = clause.operator, clause.operand
    if clause.path.root not in _ROOTS:
        return
    if operator in ("eq", "in") or (operator in ("changed_to", "changed_from") and not clause.ignore_case):
        yield from _equality_steps(clause)
    elif operator == "starts_with" and operand and not clause.ignore_case:
        assert isinstance(operand, str)
        length = 1 << (len(operand).bit_length() - 1)
        yield Keys(prefix_lookup(clause.path.root, clause.path.segments, length), (operand[:length],))
    elif operator in ORDER_OPERATORS:
        yield from _range_step(clause.path, _ends_of((clause,)))


def _equality_steps(clause: Comparison) -> Iterator[Step]:
    operands = clause.operand if isinstance(clause.operand, tuple) else (clause.operand,)
    if clause.operand is None or len(operands) > KEYS_LIMIT:
        return
    dates = [each for each in operands if isinstance(each, str) and not clause.ignore_case and kind_of(each) == "date"]
    if not dates:
        keys = dict.fromkeys(_operand_key(each, clause.ignore_case) for each in operands)
        lookup = _equality_lookup(clause, operands)
        yield Keys(lookup, tuple(keys), exact=clause if lookup.is_exact else None)
    elif clause.operator == "eq":
        moment = _seconds(dates[0])
        yield from _range_step(clause.path, _Ends("date", moment - _ZONES_SECONDS, moment + _ZONES_SECONDS))


def _equality_lookup(clause: Comparison, operands: tuple[object, ...]) -> Lookup:
    """Return where equal values are looked up; texts by themselves, so that no event's text is read as a number."""
    root, segments = clause.path.root, clause.path.segments
    if clause.operator in CHANGE_OPERATORS:
        return change_lookup(segments, clause.operator == "changed_to")
    if clause.ignore_case:
        return value_lookup("folded", root, segments)
    is_text = all(isinstance(each, str) for each in operands)
    return value_lookup("text" if is_text else "value", root, segments)


def _operand_key(operand: object, ignore_case: bool) -> Key:
    if isinstance(operand, bool):
        return ("is", operand)
    assert isinstance(operand, str | int | float)
    return operand.casefold() if ignore_case and isinstance(operand, str) else operand


# Ranges


@dataclass(frozen=True, slots=True)
class _Ends:
    """The lowest and the highest value that a range lets through, both included; None where it has no such end."""

    kind: RangeKind
    low: float | str | None = None
    high: float | str | None = None


def _range_steps(group: All) -> Sequence[Step]:
    """Return one step for a field with a lower and an upper bound; nothing where the group is another one."""
    clauses = [part for part in group.parts if isinstance(part, Comparison) and part.operator in ORDER_OPERATORS]
    if len(clauses) < 2 or len(clauses) < len(group.parts):
        return ()
    if len({(clause.path, _range_kind(clause.operand)) for clause in clauses}) > 1:
        return ()
    return list(_range_step(clauses[0].path, _ends_of(clauses)))


def _range_kind(operand: Operand) -> RangeKind:
    if isinstance(operand, str):
        return "date" if kind_of(operand) == "date" else "text"
    return "number"


def _ends_of(clauses: Sequence[Comparison]) -> _Ends:
    kind = _range_kind(clauses[0].operand)
    lower = [clause.operand for clause in clauses if clause.operator in ("gt", "gte")]
    upper = [clause.operand for clause in clauses if clause.operator in ("lt", "lte")]
    if kind == "text":
        return _Ends(kind, max(map(str, lower), default=None), min(map(str, upper), default=None))
    room = _ZONES_SECONDS if kind == "date" else 0.0
    low = max((_number(operand) - room for operand in lower), default=None)
    return _Ends(kind, low, min((_number(operand) + room for operand in upper), default=None))


def _number(operand: Operand) -> float:
    if isinstance(operand, str):
        return _seconds(operand)
    assert isinstance(operand, int | float)
    return float(operand)


def _range_step(path: Path, ends: _Ends) -> Iterator[Step]:
    kind, low, high = ends.kind, ends.low, ends.high
    if isinstance(low, float) and isinstance(high, float) and -FARTHEST < low <= high < FARTHEST:
        width = min(max(math.frexp(high - low)[1], NARROWEST), WIDEST)
        cells = range(cell_of(low, width), cell_of(high, width) + 1)
        is_narrow = high - low <= _NARROW * max(abs(low), abs(high)) and kind == "number"
        yield Keys(width_lookup(path.root, path.segments, kind, width), tuple(cells), is_narrow)
    elif low is not None:
        yield Bound(range_ordering(path.root, path.segments, kind, True), low)
    elif high is not None:
        yield Bound(range_ordering(path.root, path.segments, kind, False), high)


def _seconds(text: str) -> float:
    moment = read_date(text, UTC)
    assert moment is not None
    return moment.timestamp()
