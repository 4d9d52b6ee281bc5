"""How a path such as `owner.email` or `steps.approve.output.approved` finds its value; one way for
conditions and text.

A path whose first segment is one of `ROOTS` starts there; in a condition every other path starts in the
record. A record's field of such a name is written `record.event`. A field name that holds a dot is tried
whole before it is split, the longest name first. Missing and null are one thing, *no value*, and both are
given as `None`. Where a path meets a list before its end, conditions look at every element; text takes
elements by number.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Final

import msgspec

ROOTS: Final = frozenset({"record", "event", "changes", "steps", "item", "index", "vars"})
PATH_LIMIT_CHARACTERS: Final = 512
PATH_LIMIT_SEGMENTS: Final = 16

_LISTS: Final = (list, tuple)
_PLACES: Final[dict[str | int, int]] = {"first": 0, "last": -1}


class Scope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything a condition or a text may speak of at one moment of one run; never changed once made."""

    record: Mapping[str, object] = msgspec.field(default_factory=dict)
    event: Mapping[str, object] = msgspec.field(default_factory=dict)
    changes: Mapping[str, object] | None = None
    """The event's changes; `None` where the event does not tell them."""
    steps: Mapping[str, object] = msgspec.field(default_factory=dict)
    """By action id, what earlier steps left: `{"status": …, "output": {…}}`."""
    item: object = None
    index: int | None = None
    vars: Mapping[str, object] = msgspec.field(default_factory=dict)
    now: datetime | None = None
    """What counts as now, aware and in UTC: the event's time for a trigger, else the step's journaled time."""
    zone: tzinfo = UTC
    """The tenant's; dates and times without a zone are read in it."""


class Path(msgspec.Struct, frozen=True):
    """A parsed path: the root it starts in, the segments after it, and the words it was written in."""

    root: str
    segments: tuple[str, ...]
    text: str


class PathError(ValueError):
    """The text is no path; the message says what would be one."""


def parse_path(text: str) -> Path:
    """Return the path that a condition names.

    Raises:
        PathError: it is empty, has an empty segment, or is longer than the limits above.
    """
    if len(text) > PATH_LIMIT_CHARACTERS:
        raise PathError(f"a path has at most {PATH_LIMIT_CHARACTERS} characters")
    segments = tuple(text.split("."))
    if not all(segments):
        raise PathError("a path is names joined by single dots, such as owner.email")
    if len(segments) > PATH_LIMIT_SEGMENTS:
        raise PathError(f"a path has at most {PATH_LIMIT_SEGMENTS} segments")
    if segments[0] in ROOTS:
        return Path(segments[0], segments[1:], text)
    return Path("record", segments, text)


def resolve_segments(value: object, segments: Sequence[str | int]) -> object:
    """Return the one value below another, or `None`, as texts read it.

    A list is entered by a number, `first` or `last`; `size` is the length of a list or a text.
    """
    if value is None or not segments:
        return value
    first = segments[0]
    if isinstance(value, Mapping):
        for length in range(_words_ahead(segments), 0, -1):
            name = ".".join(str(part) for part in segments[:length])
            if name in value:
                found = resolve_segments(value[name], segments[length:])
                if found is not None:
                    return found
        return None
    if isinstance(value, list | tuple):
        place = _PLACES.get(first, first)
        if isinstance(place, int) and -len(value) <= place < len(value):
            return resolve_segments(value[place], segments[1:])
    if first == "size" and isinstance(value, str | list | tuple) and len(segments) == 1:
        return len(value)
    return None


def _words_ahead(segments: Sequence[str | int]) -> int:
    for position, segment in enumerate(segments):
        if not isinstance(segment, str):
            return max(position, 1)
    return len(segments)


def compile_path(path: Path) -> Callable[[Scope], object]:
    """Return a function that gives a path's one value in a scope, or `None`, without looking into lists."""
    root, segments = path.root, path.segments
    if root == "record" and len(segments) == 1:
        (name,) = segments
        return lambda scope: scope.record.get(name)
    return lambda scope: resolve_segments(getattr(scope, root), segments)


def compile_values(path: Path) -> Callable[[Scope], Sequence[object]]:
    """Return a function that gives all values of a path in a scope: several where it runs through a list.

    A list at the path's end is one value. No value is in the answer as nothing, never as `None`.
    """
    root = path.root
    below = compile_below(path.segments)
    if root == "record":
        return lambda scope: below(scope.record)
    return lambda scope: below(getattr(scope, root))


def compile_below(segments: tuple[str, ...]) -> Callable[[object], Sequence[object]]:
    """Return a function that gives all values below a value, as `compile_values` does below a root."""
    # One closure for each suffix of the path.
    suffixes: list[Callable[[object], Sequence[object]]] = [_itself]
    for start in range(len(segments) - 1, -1, -1):
        left = segments[start:]
        names = [(".".join(left[:length]), suffixes[len(left) - length]) for length in range(len(left), 0, -1)]
        suffixes.append(_compile_names(tuple(names)))
    return suffixes[-1]


def _itself(value: object) -> Sequence[object]:
    return () if value is None else (value,)


def _compile_names(
    names: tuple[tuple[str, Callable[[object], Sequence[object]]], ...],
) -> Callable[[object], Sequence[object]]:
    def inside(value: Mapping[str, object]) -> Sequence[object]:
        for name, rest in names:
            inner = value.get(name)
            if inner is not None:
                found = rest(inner)
                if found:
                    return found
        return ()

    def below(value: object) -> Sequence[object]:
        # An exact type is tested faster than `Mapping`, and a list is never one.
        if isinstance(value, dict):
            return inside(value)
        if isinstance(value, _LISTS):
            return [found for element in value for found in below(element)]
        return inside(value) if isinstance(value, Mapping) else ()

    return below
