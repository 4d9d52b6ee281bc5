"""Who listens to an event: an immutable index by tenant, lane and the events that triggers name.

A group holds the listeners of one type, or of one pattern such as `case.*`. An event looks into the group of its
type and into those of the patterns that cover it; a listener is in at most one of these.

Invariants: an index never changes; `edited` gives another one, in which only what an edit touched was made anew.
The candidates of an event hold every listener whose condition holds.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from automations.contracts.identity import Lane
from automations.definition.event_patterns import covering_patterns
from automations.listening import Listener
from trigger_matcher.matching.buckets import Bucket, Entry, edited, listeners_in
from trigger_matcher.matching.shards import Shards

Group = tuple[str, Lane, str]
"""Tenant, lane, and event type or pattern: what is indexed together."""

LANES: Final[tuple[Lane, ...]] = ("live", "sandbox")
_REMEMBERED_TYPES: Final = 10_000


class Index:
    """All listeners of all tenants, as of one moment of the definitions."""

    __slots__ = ("_groups", "_heard")

    def __init__(self, groups: Shards[Group, Bucket] | None = None) -> None:
        self._groups: Shards[Group, Bucket] = groups or Shards()
        # What was found for the types of events that came; a memory, not a part of the value.
        self._heard: dict[tuple[str, str], tuple[Bucket, ...]] = {}

    def heard(self, tenant_id: str, event_type: str) -> tuple[Bucket, ...]:
        """Return where the listeners to an event type lie, in all lanes; nothing where nobody listens."""
        name = (tenant_id, event_type)
        buckets = self._heard.get(name)
        if buckets is None:
            if len(self._heard) >= _REMEMBERED_TYPES:
                self._heard.clear()
            buckets = self._heard[name] = tuple(self._look_up(tenant_id, event_type))
        return buckets

    def _look_up(self, tenant_id: str, event_type: str) -> Iterator[Bucket]:
        patterns = (event_type, *covering_patterns(event_type))
        for lane in LANES:
            for pattern in patterns:
                bucket = self._groups.get((tenant_id, lane, pattern))
                if bucket is not None:
                    yield bucket

    def buckets(self) -> Iterator[tuple[Group, Bucket]]:
        """Yield every group with what it holds."""
        return self._groups.items()

    def listeners(self, group: Group) -> list[Listener]:
        """Return everybody in a group."""
        bucket = self._groups.get(group)
        return [] if bucket is None else list(listeners_in(bucket))

    def edited(self, gone: Iterable[Listener], new: Iterable[Listener]) -> "Index":
        """Return the index without some listeners that it holds, and with others that it does not."""
        changes: dict[Group, tuple[list[Entry], list[Entry]]] = {}
        for which, listeners in enumerate((gone, new)):
            for listener in listeners:
                entry = Entry(listener)
                for event in listener.events:
                    group = (listener.tenant_id, listener.lane, event)
                    changes.setdefault(group, ([], []))[which].append(entry)
        if not changes:
            return self
        groups = self._groups
        return Index(
            groups.edited(
                {
                    group: edited(groups.get(group) or (), removed, added) or None
                    for group, (removed, added) in changes.items()
                }
            )
        )


EMPTY: Final = Index()
