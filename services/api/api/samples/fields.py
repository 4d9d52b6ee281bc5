"""Which fields events of a type have, how often, and with what values; pure.

Paths are written as conditions write them: a field of the record by its own name, `record.` before it where the
name means something else, `changes.` before what changed. A path leads through objects and lists. A field
counts as present where it has a value that is not null.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from automations.conditions.syntax import GROUPS
from automations.contracts.commands import TriggerEvent
from automations.paths import PATH_LIMIT_SEGMENTS, ROOTS

MOST_FIELDS: Final = 200
MOST_EXAMPLES: Final = 5
LONGEST_EXAMPLE_CHARACTERS: Final = 80
_DEEPEST: Final = min(6, PATH_LIMIT_SEGMENTS)
_MOST_ELEMENTS: Final = 20
_TYPES: Final[Mapping[type, str]] = {
    str: "text",
    int: "number",
    float: "number",
    bool: "boolean",
    list: "list",
    dict: "object",
}


class Found(NamedTuple):
    """A value at a path; of an object or a list only that it is there."""

    path: str
    type: str
    value: Any = None


def render_fields(events: Sequence[TriggerEvent]) -> list[dict[str, Any]]:
    """Return the fields of these events, those first that most of them have."""
    present: dict[str, int] = {}
    types: dict[str, dict[str, None]] = {}
    examples: dict[str, dict[Any, int]] = {}
    for event in events:
        seen: set[str] = set()
        for path, kind, value in _fields_of(event):
            if path not in seen:
                seen.add(path)
                present[path] = present.get(path, 0) + 1
            types.setdefault(path, {})[kind] = None
            if value is not None:
                counts = examples.setdefault(path, {})
                key = (kind, value)
                if key in counts or len(counts) < 50:
                    counts[key] = counts.get(key, 0) + 1
    chosen = sorted(present, key=lambda path: (-present[path], path))[:MOST_FIELDS]
    return [
        {
            "path": path,
            "types": list(types[path]),
            "share": round(present[path] / len(events), 4),
            "examples": _most_common(examples.get(path, {})),
        }
        for path in chosen
    ]


def _most_common(counts: Mapping[Any, int]) -> list[Any]:
    ordered = sorted(counts, key=lambda key: -counts[key])
    return [value for _kind, value in ordered[:MOST_EXAMPLES]]


def _fields_of(event: TriggerEvent) -> Iterator[Found]:
    for name, value in event.record.items():
        yield from _below(value, f"record.{name}" if name in ROOTS or name in GROUPS else name, 1)
    for name, change in (event.changes or {}).items():
        yield from _below(change, f"changes.{name}", 1)


def _below(value: Any, path: str, depth: int) -> Iterator[Found]:
    if value is None:
        return
    if isinstance(value, dict):
        yield Found(path, "object")
        if depth < _DEEPEST:
            for name, inner in value.items():
                if name:
                    yield from _below(inner, f"{path}.{name}", depth + 1)
    elif isinstance(value, list):
        yield Found(path, "list")
        for element in value[:_MOST_ELEMENTS]:
            if isinstance(element, dict | list):
                if depth < _DEEPEST:
                    yield from (found for found in _below(element, path, depth + 1) if found.path != path)
            elif element is not None:
                yield _scalar(path, element, kind="list")
    else:
        yield _scalar(path, value)


def _scalar(path: str, value: Any, kind: str | None = None) -> Found:
    is_short = not isinstance(value, str) or 0 < len(value) <= LONGEST_EXAMPLE_CHARACTERS
    return Found(path, kind or _TYPES.get(type(value), "text"), value if is_short else None)
