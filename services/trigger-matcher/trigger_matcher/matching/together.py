"""Many events that the same listeners hear, looked up together: one step of the index for all of them, then the next.

Who may match is who `find_candidates` finds event by event. Together it costs a fraction: what a step needs is read
from all records in one go, and while one look-up waits for memory that no event touched before, the next ones are
under way. Where one of the events has no usual form for a step, each is asked alone in that step.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import compress
from types import NoneType
from typing import Any, Final

from automations.conditions.lookups import Facts
from trigger_matcher.matching.buckets import (
    Bucket,
    Candidate,
    Node,
    Probe,
    find_bounded,
    find_by_probe,
    find_candidates,
)

FactsOf = Callable[[int], Facts]
"""Gives what an event is looked up by, from its place among the others."""

_ONE_OR_NONE: Final = frozenset({Candidate, NoneType})


class TooMany(Exception):
    """Events meet more candidates than are looked at together; fewer events meet fewer."""


class Found:
    """Candidates and the places of the events that met them, side by side; one may stand there twice."""

    __slots__ = ("_most", "candidates", "places")

    def __init__(self, most: int) -> None:
        self._most = most
        self.places: list[int] = []
        self.candidates: list[Candidate] = []

    def add(self, place: int, candidates: Sequence[Candidate]) -> None:
        """Note whom one event has met."""
        self.places += [place] * len(candidates)
        self.candidates += candidates

    def add_for_all(self, count: int, candidates: Sequence[Candidate]) -> None:
        """Note candidates whom so many events have met, every one of them.

        Raises:
            TooMany: with them it would be more than the most.
        """
        self.check(count * len(candidates), of_one_event=count == 1)
        for candidate in candidates:
            self.places += range(count)
            self.candidates += [candidate] * count

    def check(self, more: int, *, of_one_event: bool) -> None:
        """Refuse to hold more than the most, unless one event alone meets so many.

        Raises:
            TooMany: there are more.
        """
        if not of_one_event and len(self.places) + more > self._most:
            raise TooMany


def find_together(bucket: Bucket, records: Sequence[dict[str, Any]], facts_of: FactsOf, found: Found) -> None:
    """Note for each event whoever may match, some perhaps twice; all others certainly do not.

    Raises:
        TooMany: the events meet more candidates than `found` takes.
    """
    count = len(records)
    if not isinstance(bucket, Node):
        found.add_for_all(count, bucket if isinstance(bucket, tuple) else (bucket,))
        return
    if bucket.stay:
        found.add_for_all(count, bucket.stay)
    for probe in bucket.probes:
        keys = None if probe.keys_of is None else probe.keys_of(records)
        if keys is None:
            _one_by_one(count, partial(find_by_probe, probe), facts_of, found)
        else:
            _take_hits(_hits(probe, keys), facts_of, found)
    if bucket.bounds:
        _one_by_one(count, partial(find_bounded, bucket), facts_of, found)


def _hits(probe: Probe, keys: Sequence[Any]) -> list[Bucket | None]:
    """Return what lies under each key; no event has the key None."""
    shards = probe.shards
    if len(shards) == 1:
        return list(map(shards[0].get, keys))
    mask = len(shards) - 1
    return [shards[hash(key) & mask].get(key) for key in keys]


def _take_hits(hits: Sequence[Any], facts_of: FactsOf, found: Found) -> None:
    # Looking at the types alone has all hits fetched from memory, several at a time.
    if _ONE_OR_NONE.issuperset(map(type, hits)):
        found.places += compress(range(len(hits)), hits)
        found.candidates += filter(None, hits)
        return
    for place in compress(range(len(hits)), hits):
        hit = hits[place]
        if isinstance(hit, Node):
            below: list[Candidate] = []
            find_candidates(hit, facts_of(place), below)
            found.add(place, below)
        else:
            found.add(place, hit if isinstance(hit, tuple) else (hit,))
    found.check(0, of_one_event=len(hits) == 1)


def _one_by_one(count: int, find: Callable[[Facts, list[Candidate]], None], facts_of: FactsOf, found: Found) -> None:
    for place in range(count):
        below: list[Candidate] = []
        find(facts_of(place), below)
        if below:
            found.add(place, below)
            found.check(0, of_one_event=count == 1)
