"""What an event tells of a field's change: `changed`, `changed_to` and `changed_from` read nothing else.

The event's `changes` name each field that changed with the value before and after it:
`{"stage": {"from": "proposal", "to": "negotiation"}}`. The longest part of a path that stands there is
taken; what is left of the path is followed inside of both values. An event without `changes` tells nothing,
so none of the three holds, `changed: false` neither.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from automations.paths import compile_below


class Change(NamedTuple):
    """How a field changed: all values before and after it; both are `None` where the event does not tell them."""

    before: Sequence[object] | None
    after: Sequence[object] | None


FindChange = Callable[[Mapping[str, object] | None], Change | None]

_LISTS: Final = (list, tuple)
_UNTOLD: Final = Change(None, None)


@lru_cache(maxsize=4096)
def compile_change(segments: tuple[str, ...]) -> FindChange:
    """Return a function from an event's changes to that of a field: `None` where it did not change, or nothing is told.

    `segments` are those of the field's path in the record.
    """
    readers = tuple(
        (".".join(segments[:length]), _compile_entry(segments[length:])) for length in range(len(segments), 0, -1)
    )

    def find_change(changes: Mapping[str, object] | None) -> Change | None:
        if changes is not None:
            for name, read_entry in readers:
                entry = changes.get(name)
                if entry is not None:
                    return read_entry(entry)
        return None

    return find_change


def _compile_entry(rest: tuple[str, ...]) -> Callable[[object], Change | None]:
    """Return how an entry of `changes` is read, of which `rest` is still to be followed."""
    values_of = compile_below(rest)
    otherwise = None if rest else _UNTOLD
    find_inside = compile_change(rest) if rest else None

    def read_entry(entry: object) -> Change | None:
        if not isinstance(entry, dict):
            return otherwise
        if "from" not in entry and "to" not in entry:
            return find_inside(entry) if find_inside else otherwise
        before, after = values_of(entry.get("from")), values_of(entry.get("to"))
        return None if _same(before, after) else Change(before, after)

    return read_entry


def _same(before: object, after: object) -> bool:
    """Return whether two values of JSON are one; true is not 1."""
    if before != after:
        return False
    if isinstance(before, _LISTS) and isinstance(after, _LISTS):
        return all(map(_same, before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        return all(_same(value, after[name]) for name, value in before.items())
    return isinstance(before, bool) is isinstance(after, bool)
