"""How an event is looked up: by the values of a path, by their beginnings, or by where they lie among ranges.

Lookups of one name are one and the same for all conditions, whichever way they write the path. They never fail,
whatever an event holds. `key_of` says what an event's key is; `keys_of` gives the same keys for many events at
once, in a fraction of the time, where all of them have the usual form.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from functools import lru_cache
from types import NoneType
from typing import Any, Final, Literal, Protocol

from automations.conditions.changes import compile_change
from automations.conditions.values import read_date, read_number
from automations.paths import compile_below

Key = str | int | float | tuple[str, bool]
"""Text as itself, a number as itself; true and false apart from 1 and 0."""


class Several(list[Any]):
    """More than one value of a path, or more than one key of an event."""


EVERY: Final = Several()
"""Said of an event for which every condition below a lookup may hold."""

NARROWEST: Final = -32
WIDEST: Final = 62
FARTHEST: Final = 2.0**WIDEST
_NUMBER_BEGINNINGS: Final = "-0123456789"
_OBJECTS: Final = frozenset[type]({dict})
_TEXTS: Final = frozenset[type]({str})
_NUMBERS: Final = frozenset[type]({int, float})

RangeKind = Literal["number", "date", "text"]


class Facts(Protocol):
    """What an event is looked up by. `record` and `changes` cost nothing; `event` may be made when it is asked for."""

    @property
    def record(self) -> Mapping[str, object]: ...
    @property
    def changes(self) -> Mapping[str, object] | None: ...
    @property
    def event(self) -> Mapping[str, object]: ...


Record = Mapping[str, object]
KeysOf = Callable[[Sequence[Record]], "Sequence[Key | None] | None"]
"""Gives the keys of many events by their records; None where one of them has several, or is not of the usual form."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """One way to look an event up; equal names look up the same."""

    name: str
    key_of: Callable[[Facts], "Key | Several | None"] = field(compare=False, repr=False)
    """An event's key, or several, or none."""
    is_exact: bool = field(default=False, compare=False)
    """An event that has a clause's key meets the clause."""
    keys_of: KeysOf | None = field(default=None, compare=False, repr=False)
    """None where events are looked up one by one."""


@dataclass(frozen=True, slots=True)
class Ordering:
    """One way to compare an event with bounds: those up to its highest value, or from its lowest value on."""

    name: str
    is_lower_bound: bool
    point_of: Callable[[Facts], "float | str | None"] = field(compare=False, repr=False)
    """The value that decides; None where the event has none."""


Reader = Callable[[Facts], object]
"""Gives the one value of a path, None, or `Several`."""


def _reader(root: str, segments: tuple[str, ...]) -> Reader:
    if root == "record" and len(segments) == 1:
        (name,) = segments
        return lambda facts: facts.record.get(name)
    below = compile_below(segments)
    if root == "record":
        if len(segments) == 2:
            return _read_inside(*segments, lambda facts: _one_or_several(below(facts.record)))
        return lambda facts: _one_or_several(below(facts.record))
    if root == "changes":
        return lambda facts: _one_or_several(below(facts.changes))
    return lambda facts: _one_or_several(below(facts.event))


Column = Callable[[Sequence[Record]], "list[Any] | None"]
"""Gives the one value of a path in each of many records; None where one of them is not of the usual form."""


def _column(root: str, segments: tuple[str, ...]) -> Column | None:
    """Return the column of a path that leads to a field of the record, or to one in an object there."""
    if root != "record" or not 1 <= len(segments) <= 2:
        return None
    name = segments[0]
    if len(segments) == 1:
        return lambda records: [record.get(name) for record in records]
    inner, whole = segments[1], ".".join(segments)

    def values(records: Sequence[Record]) -> list[Any] | None:
        around: list[Any] = [record.get(name) for record in records]
        if not _OBJECTS.issuperset(map(type, around)) or [1 for record in records if whole in record]:
            return None
        return [each.get(inner) for each in around]

    return values


def _keys_of(column: Column | None, usual: frozenset[type], keys: Callable[[list[Any]], list[Any]]) -> KeysOf | None:
    """Return the keys of many values, each of a usual type or none; `keys` gives them where no value is missing."""
    if column is None:
        return None
    with_none = usual | {NoneType}

    def keys_of(records: Sequence[Record]) -> Sequence[Key | None] | None:
        values = column(records)
        if values is None:
            return None
        if usual.issuperset(map(type, values)):
            return keys(values)
        if not with_none.issuperset(map(type, values)):
            return None
        present = iter(keys([value for value in values if value is not None]))
        return [None if value is None else next(present) for value in values]

    return keys_of


def _themselves(values: list[Any]) -> list[Any]:
    return values


def _one_or_several(values: Sequence[object]) -> object:
    if len(values) > 1:
        return Several(values)
    return values[0] if values else None


def _read_inside(outer: str, inner: str, otherwise: Reader) -> Reader:
    """Return the reader of a field in an object, such as `owner.email`, for the usual form of it."""
    whole = f"{outer}.{inner}"

    def read(facts: Facts) -> object:
        record = facts.record
        around = record.get(outer)
        if type(around) is dict and whole not in record:
            return around.get(inner)
        return otherwise(facts)

    return read


def _name(kind: object, root: str, segments: tuple[str, ...], *more: object) -> str:
    return " ".join((*map(str, (kind, *more)), root, ".".join(segments)))


@lru_cache(maxsize=16_384)
def value_lookup(kind: Literal["text", "folded", "value"], root: str, segments: tuple[str, ...]) -> Lookup:
    """Return the lookup by equality: of texts alone, of values without regard to case, or of any values."""
    read, keys_of = _reader(root, segments), _KEYS_OF[kind]

    def key_of(facts: Facts) -> Key | Several | None:
        value = read(facts)
        if type(value) is Several:
            return Several(key for each in value for key in keys_of(each))
        keys = keys_of(value)
        return keys[0] if len(keys) == 1 else Several(keys) if keys else None

    def text_of(facts: Facts) -> Key | Several | None:
        value = read(facts)
        if type(value) is str:
            return value
        return key_of(facts) if type(value) is Several else None

    name, column = _name(kind, root, segments), _column(root, segments)
    if kind == "text":
        return Lookup(name, text_of, is_exact=True, keys_of=_keys_of(column, _TEXTS, _themselves))
    return Lookup(name, key_of, keys_of=_keys_of(column, _NUMBERS, _themselves))


@lru_cache(maxsize=4_096)
def change_lookup(segments: tuple[str, ...], is_after: bool) -> Lookup:
    """Return the lookup by a field's value after, or before, its change."""
    find_change = compile_change(segments)

    def key_of(facts: Facts) -> Several | None:
        change = find_change(facts.changes)
        values = None if change is None else change.after if is_after else change.before
        return None if values is None else Several(key for value in values for key in _keys_of_value(value))

    return Lookup(_name("after" if is_after else "before", "record", segments), key_of)


def _keys_of_value(value: object) -> Sequence[Key]:
    """Return a value's keys among those of all types; text of a number has two."""
    if isinstance(value, bool):
        return (("is", value),)
    if isinstance(value, str):
        number = read_number(value) if value[:1] in _NUMBER_BEGINNINGS else None
        return (value,) if number is None else (value, number)
    return (value,) if isinstance(value, int | float) else ()


def _keys_of_text(value: object) -> Sequence[Key]:
    return (value,) if isinstance(value, str) else ()


def _keys_without_case(value: object) -> Sequence[Key]:
    keys = _keys_of_value(value)
    return (value.casefold(), *keys[1:]) if isinstance(value, str) else keys


_KEYS_OF: Final = {"text": _keys_of_text, "folded": _keys_without_case, "value": _keys_of_value}


@lru_cache(maxsize=16_384)
def prefix_lookup(root: str, segments: tuple[str, ...], length: int) -> Lookup:
    """Return the lookup by so many first characters."""
    read = _reader(root, segments)

    def key_of(facts: Facts) -> Key | Several | None:
        value = read(facts)
        if type(value) is Several:
            return Several(each[:length] for each in value if isinstance(each, str) and len(each) >= length)
        return value[:length] if isinstance(value, str) and len(value) >= length else None

    def beginnings(values: list[str]) -> list[str | None]:
        return [value[:length] if len(value) >= length else None for value in values]

    keys_of = _keys_of(_column(root, segments), _TEXTS, beginnings)
    return Lookup(_name("prefix", root, segments, length), key_of, keys_of=keys_of)


@lru_cache(maxsize=16_384)
def width_lookup(root: str, segments: tuple[str, ...], kind: RangeKind, width: int) -> Lookup:
    """Return the lookup by the cell of a value on the grid of 2^`width`; dates in seconds."""
    read = _reader(root, segments)
    scale = math.ldexp(1.0, -width)

    def key_of(facts: Facts) -> Key | Several | None:
        value = read(facts)
        if (type(value) is int or type(value) is float) and kind == "number":
            return math.floor(value * scale) if -FARTHEST < value < FARTHEST else None
        # Through a list one element may reach the lower bound and another the upper one.
        if type(value) is Several:
            return EVERY
        point = _point(value, kind)
        return None if point is None or not -FARTHEST < point < FARTHEST else cell_of(point, width)

    def cells(values: list[float]) -> list[int | None]:
        if values and min(values) > -FARTHEST and max(values) < FARTHEST:
            return [math.floor(value * scale) for value in values]
        return [math.floor(value * scale) if -FARTHEST < value < FARTHEST else None for value in values]

    keys_of = _keys_of(_column(root, segments), _NUMBERS, cells) if kind == "number" else None
    return Lookup(_name("range", root, segments, kind, width), key_of, keys_of=keys_of)


@lru_cache(maxsize=16_384)
def range_ordering(root: str, segments: tuple[str, ...], kind: RangeKind, is_lower_bound: bool) -> Ordering:
    """Return the ordering among lower bounds, or among upper ones."""
    read = _reader(root, segments)
    outermost = max if is_lower_bound else min

    def number_of(facts: Facts) -> float | None:
        value = read(facts)
        if type(value) is not Several:
            return _point(value, kind)
        return outermost((point for each in value if (point := _point(each, kind)) is not None), default=None)

    def text_of(facts: Facts) -> str | None:
        value = read(facts)
        if type(value) is Several:
            return outermost((each for each in value if isinstance(each, str)), default=None)
        return value if isinstance(value, str) else None

    name = _name("from" if is_lower_bound else "to", root, segments, kind)
    return Ordering(name, is_lower_bound, text_of if kind == "text" else number_of)


def cell_of(number: float, width: int) -> int:
    """Return which cell of the grid of 2^`width` a number lies in."""
    return math.floor(math.ldexp(number, -width))


def _point(value: object, kind: RangeKind) -> float | None:
    """Return where a value stands among numbers or dates; rounding keeps the order."""
    if kind == "date":
        moment = read_date(value, UTC)
        return None if moment is None else moment.timestamp()
    if isinstance(value, str):
        number = read_number(value) if value[:1] in _NUMBER_BEGINNINGS else None
        return None if number is None else _as_float(number)
    return _as_float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf
