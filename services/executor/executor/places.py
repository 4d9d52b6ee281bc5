"""Places at destinations: how many calls may be under way to one host and port at a time, and who waits for one.

A destination that answers quickly is only ever a short wait: its runs stay in memory. Where a call has waited
for `PATIENCE_SECONDS`, and one under way takes longer than `SLOW_SECONDS`, the destination is *crowded*: from
then on as many wait in memory as there are places, and the others are put off. A run with nothing else to do is
then given up to PostgreSQL, and taken up again when there is room at the destination. So a destination that
hangs holds in memory twice its places and no more, however many runs want to go there, and runs that go
elsewhere do not notice.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

PATIENCE_SECONDS: Final = 2.0
"""How long a call waits for its place before its destination counts as crowded."""
SLOW_SECONDS: Final = 0.25
"""A call that takes longer says that its destination is slow; else it is this process that has too much to do."""


class Place:
    """The right to one call at a destination."""

    __slots__ = ("destination", "since")

    def __init__(self, destination: str, since: float) -> None:
        self.destination = destination
        self.since = since


class _Waiting(NamedTuple):
    since: float
    place: "asyncio.Future[Place | None]"
    """The place, when it is there; None when the call is put off."""


class _Destination:
    """The calls under way to one destination, and those that wait, the one that came first in front."""

    __slots__ = ("crowded", "under_way", "waiting")

    def __init__(self) -> None:
        self.under_way: dict[Place, None] = {}
        """In the order they began."""
        self.waiting: deque[_Waiting] = deque()
        self.crowded = False


class Places:
    """Who may call which destination now."""

    def __init__(self, each: int, clock: Callable[[], float]) -> None:
        self._each = each
        self._clock = clock
        self._destinations: dict[str, _Destination] = {}
        self._freed = asyncio.Event()

    @property
    def crowded(self) -> int:
        """How many destinations are crowded."""
        return sum(at.crowded for at in self._destinations.values())

    @property
    def waiting(self) -> int:
        """How many calls wait in memory."""
        return sum(len(at.waiting) for at in self._destinations.values())

    async def take(self, destination: str) -> Place | None:
        """Return the place of a call, which may go out now; None where it is put off.

        Whoever was given a place gives it back.
        """
        at = self._at(destination)
        if len(at.under_way) < self._each and not at.waiting:
            return self._begin(at, destination)
        if at.crowded and len(at.waiting) >= self._each:
            return None
        waiting = _Waiting(self._clock(), asyncio.get_running_loop().create_future())
        at.waiting.append(waiting)
        try:
            return await waiting.place
        except asyncio.CancelledError:
            if waiting.place.cancelled():
                with contextlib.suppress(ValueError):  # whoever gave a place back may have passed it over already
                    at.waiting.remove(waiting)
            elif (place := waiting.place.result()) is not None:
                self.give_back(place)
            raise

    def give_back(self, place: Place) -> None:
        """Let the next call go out."""
        destination = place.destination
        at = self._destinations[destination]
        del at.under_way[place]
        while at.waiting and len(at.under_way) < self._each:
            _, waiting = at.waiting.popleft()
            if not waiting.done():
                waiting.set_result(self._begin(at, destination))
        if at.crowded:
            self._freed.set()
        elif not at.under_way:
            del self._destinations[destination]

    def put_off_late(self) -> None:
        """Note which destinations are crowded, and put off what would wait there in memory beyond its share."""
        now = self._clock()
        for at in self._destinations.values():
            if at.waiting and now - at.waiting[0].since >= PATIENCE_SECONDS and self._is_slow(at, now):
                at.crowded = True
            while at.crowded and len(at.waiting) > self._each:
                _, waiting = at.waiting.pop()
                if not waiting.done():
                    waiting.set_result(None)

    def crowd(self, destination: str) -> None:
        """Note that runs were given up which wait for this destination, by whichever process."""
        at = self._at(destination)
        if not at.crowded:
            at.crowded = True
            self._freed.set()

    def clear(self, destination: str) -> None:
        """Note that no run is left that was given up for this destination."""
        at = self._at(destination)
        at.crowded = False
        if not at.under_way and not at.waiting:
            del self._destinations[destination]

    def free(self) -> Iterator[tuple[str, int]]:
        """Give the crowded destinations with the number of runs that may be taken up for each, if there are any."""
        for destination, at in list(self._destinations.items()):
            free = 2 * self._each - len(at.under_way) - len(at.waiting)
            if at.crowded and free > 0:
                yield destination, free

    async def until_freed(self, seconds: float) -> None:
        """Return when a place at a crowded destination was given back, after so many seconds at the latest."""
        try:
            await asyncio.wait_for(self._freed.wait(), seconds)
        except TimeoutError:
            return
        self._freed.clear()

    def _begin(self, at: _Destination, destination: str) -> Place:
        place = Place(destination, self._clock())
        at.under_way[place] = None
        return place

    @staticmethod
    def _is_slow(at: _Destination, now: float) -> bool:
        longest = next(iter(at.under_way), None)
        return longest is not None and now - longest.since >= SLOW_SECONDS

    def _at(self, destination: str) -> _Destination:
        at = self._destinations.get(destination)
        if at is None:
            at = self._destinations[destination] = _Destination()
        return at
