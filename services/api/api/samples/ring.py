"""The newest events of each type between two flushes; pure.

A flush takes what the type's allowance gives: as many as are kept at once, then a few a second, however fast
the stream is. What is not taken waits, at most so many as are kept, and what is newer pushes out what is older:
some time after a burst exactly the newest events are kept.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import Final, Generic, TypeVar

E = TypeVar("E")

KEPT_PER_TYPE: Final = 200
"""Samples of one type that are kept."""
KEPT_PER_SECOND: Final = 10.0
"""Samples of one type that are written a second, on average, while its events keep coming."""
LARGEST_BYTES: Final = 65_536
"""A larger event is no sample."""
TYPE_LIMIT_CHARACTERS: Final = 200
"""An event whose type is longer is no sample: no trigger can name it."""
MOST_BYTES: Final = 32 * 1024 * 1024
"""What may wait for the next flush; beyond it, the older half of every type is dropped."""
MOST_TYPES: Final = 5_000
"""Types that are remembered; beyond it, the type that was silent for longest is forgotten."""

Name = tuple[str, str]
"""Tenant and type."""


@dataclass(slots=True)
class _Type(Generic[E]):
    waiting: deque[tuple[E, int]] = field(default_factory=lambda: deque(maxlen=KEPT_PER_TYPE))
    allowance: float = KEPT_PER_TYPE
    refilled_at: float = 0.0


class Ring(Generic[E]):
    """What was read and not written yet."""

    def __init__(self) -> None:
        self._types: dict[Name, _Type[E]] = {}
        self._dirty: dict[Name, None] = {}
        self._bytes = 0

    def add(self, tenant_id: str, event_type: str, event: E, size_bytes: int) -> None:
        """Take an event in; it is the newest of its type."""
        if size_bytes > LARGEST_BYTES or len(event_type) > TYPE_LIMIT_CHARACTERS:
            return
        name = (tenant_id, event_type)
        kind = self._types.get(name)
        if kind is None:
            kind = self._types[name] = _Type()
        if len(kind.waiting) == KEPT_PER_TYPE:
            self._bytes -= kind.waiting[0][1]
        kind.waiting.append((event, size_bytes))
        self._bytes += size_bytes
        self._dirty[name] = None
        if self._bytes > MOST_BYTES:
            self._thin()

    def take(self, now_seconds: float) -> list[tuple[str, str, E]]:
        """Return the events to write now, oldest first within a type, and forget them."""
        taken: list[tuple[str, str, E]] = []
        for name in list(self._dirty):
            kind = self._types[name]
            since = now_seconds - kind.refilled_at
            kind.allowance = min(KEPT_PER_TYPE, kind.allowance + since * KEPT_PER_SECOND)
            kind.refilled_at = now_seconds
            number = min(int(kind.allowance), len(kind.waiting))
            for _ in range(number):
                event, size = kind.waiting.popleft()
                self._bytes -= size
                taken.append((*name, event))
            kind.allowance -= number
            if not kind.waiting:
                del self._dirty[name]
        self._forget_types()
        return taken

    def _thin(self) -> None:
        """Drop the older half of each type, the whole of it where every type has one event left."""
        before = self._bytes
        for share in (2, 1):
            for name in self._dirty:
                waiting = self._types[name].waiting
                for _ in range(len(waiting) // share):
                    self._bytes -= waiting.popleft()[1]
            if self._bytes < before:
                return

    def _forget_types(self) -> None:
        silent = (name for name in list(self._types) if name not in self._dirty)
        for name in silent:
            if len(self._types) <= MOST_TYPES:
                return
            del self._types[name]
