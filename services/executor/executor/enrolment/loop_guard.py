"""Refuses starts of automations that set each other going without end; pure.

Two rules, for an automation and a record, in each lane by itself:
- within one chain of cause and effect it starts once;
- within a minute it starts so many times at the most, whatever the events say of their causes. The minute is that of
  the events, by the clock of the broker that took them: a backlog that is worked off fast is no loop.

What a person asked for, a rerun or the start of what a pause skipped, is neither refused nor counted, and a start
that is delivered again counts once. For the second rule the starts of the last minute are kept here, those of the
records that had one most recently; what another process took in before is told with `remember`.
"""

from collections import OrderedDict
from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Final, NamedTuple
from uuid import UUID

from automations.contracts.commands import StartRun

MINUTE: Final = timedelta(minutes=1)
MOST_RECORDS: Final = 50_000
"""Records whose starts are remembered. One that is started in a loop is always among the most recent ones."""

Key = tuple[str, str, str]
"""Tenant, lane, and order key: the automation and the record."""


class Place(NamedTuple):
    """The place of one automation and record in a chain; only one start has it."""

    key: UUID
    first_run: UUID | None
    """The run that the chain began with, if it began with one: it may be this automation's for this record."""


class PastStart(NamedTuple):
    """A live start that was accepted before."""

    tenant_id: str
    order_key: str
    run_id: str
    at: datetime
    """When the broker took its event."""


def is_guarded(start: StartRun) -> bool:
    """Return whether the guard looks at a start: an event led to it, and names a record."""
    return start.order_key is not None and start.test is None and start.cause.startswith("event:")


def place_of(start: StartRun) -> Place | None:
    """Return the start's place in its chain; None where nothing led to its event."""
    chain = start.caused_by.chain_id
    if chain is None or not is_guarded(start):
        return None
    named = "\0".join((start.tenant_id, start.lane, chain, start.order_key or ""))
    try:
        # Dry runs lead to nothing: a chain begins with a live run.
        first = UUID(chain) if start.lane == "live" else None
    except ValueError:
        first = None
    return Place(UUID(bytes=blake2b(named.encode(), digest_size=16, person=b"chain-place").digest()), first)


def started_in_chain(run_id: str) -> str:
    """Return, for people, why a start is refused that another one came before in its chain."""
    return (
        f"the run {run_id} of this automation, for the same record, is among those that led to this event; "
        "starting it again could go on without end"
    )


class LoopGuard:
    """The starts of the last minute, by automation and record."""

    def __init__(self, most_a_minute: int) -> None:
        self._most = most_a_minute
        self._starts: OrderedDict[Key, dict[str, float]] = OrderedDict()
        self._next_offsets: dict[int, int] = {}

    def find_anew(self, places: Iterable[tuple[int, int]]) -> set[int]:
        """Return the partitions of which others may have taken in starts since; `places` are partitions and offsets.

        It is asked for every message, in order: where one does not follow on the last one of its partition, this
        process was given the partition anew.
        """
        anew = set()
        for partition, offset in places:
            if offset > self._next_offsets.get(partition, -1):
                anew.add(partition)
            self._next_offsets[partition] = offset + 1
        return anew if self._most else set()

    def remember(self, starts: Iterable[PastStart]) -> None:
        """Count starts that another process accepted, or this one before it was started again."""
        for past in starts:
            self._of((past.tenant_id, "live", past.order_key))[past.run_id] = past.at.timestamp()

    def refuse(self, start: StartRun) -> str | None:
        """Return, for people, why the start is one too many; None where it is not, and from then on it counts."""
        if not self._most or not is_guarded(start):
            return None
        starts = self._of((start.tenant_id, start.lane, start.order_key or ""))
        at = (start.appended_at or start.decided_at).timestamp()
        if len(starts) >= self._most and start.run_id not in starts:
            near = sum(abs(at - other) < MINUTE.total_seconds() for other in starts.values())
            if near >= self._most:
                return (
                    f"{near} runs of this automation for this record began within a minute; a further one is "
                    "taken for a loop"
                )
            if len(starts) >= 4 * self._most:
                _forget_old(starts)
        starts[start.run_id] = at
        return None

    def _of(self, key: Key) -> dict[str, float]:
        starts = self._starts.get(key)
        if starts is None:
            starts = self._starts[key] = {}
            if len(self._starts) > MOST_RECORDS:
                self._starts.popitem(last=False)
        else:
            self._starts.move_to_end(key)
        return starts


def _forget_old(starts: dict[str, float]) -> None:
    """Forget what lies more than a minute before the newest."""
    oldest = max(starts.values()) - MINUTE.total_seconds()
    for run_id in [run_id for run_id, at in starts.items() if at < oldest]:
        del starts[run_id]
