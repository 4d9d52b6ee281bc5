"""What becomes of an event: for each automation that matches it, a start, or a start skipped with its reason.

An automation sees only events that the broker appended since it became active, less a tolerance for clocks
that differ. An event that waited too long on Kafka is late: it starts nothing and is reported, because a
start for a record of last week surprises people.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from automations.contracts.commands import StartRun
from automations.contracts.events import CrmEvent, event_names
from automations.contracts.identity import Lane, run_id
from automations.contracts.results import SkipReason, StartSkipped
from automations.contracts.topics import record_key
from automations.paths import Scope
from trigger_matcher.matching.index import Index, Listener

CLOCK_TOLERANCE = timedelta(seconds=5)
LATE_AFTER = timedelta(days=8)
LANES: tuple[Lane, ...] = ("live", "sandbox")


@dataclass(frozen=True, slots=True)
class Decision:
    """One matching automation: the message that says what becomes of it, and the key that keeps its order."""

    key: bytes
    message: StartRun | StartSkipped


def decide(event: CrmEvent, index: Index, *, now: datetime, definitions_offset: int) -> list[Decision]:
    """Return one decision for each automation that the event matches, in both lanes.

    `definitions_offset` says up to where the definitions were read, exclusive.
    """
    return [
        Decision(
            record_key(listener.tenant_id, listener.automation_id, event.record_key or run),
            _message(event, listener, run, now, definitions_offset),
        )
        for listener in _matches(event, index)
        for run in (run_id(listener.tenant_id, listener.automation_id, listener.lane, event.cause),)
    ]


def _matches(event: CrmEvent, index: Index) -> Iterator[Listener]:
    scope: Scope | None = None
    for lane in LANES:
        listeners = index.listeners(event.tenant_id, lane, event.trigger.type)
        if listeners is None:
            continue
        scope = scope or _scope_of(event)
        for listener in listeners.matches(scope):
            if listener.active_since is None or event.appended_at >= listener.active_since - CLOCK_TOLERANCE:
                yield listener


def _scope_of(event: CrmEvent) -> Scope:
    trigger = event.trigger
    return Scope(record=trigger.record, event=event_names(trigger), changes=trigger.changes, now=trigger.time)


def _message(
    event: CrmEvent, listener: Listener, run: str, now: datetime, definitions_offset: int
) -> StartRun | StartSkipped:
    if now - event.appended_at > LATE_AFTER:
        return _skipped(event, listener, run, now, "late")
    if listener.is_paused:
        return _skipped(event, listener, run, now, "paused")
    key = event.record_key
    return StartRun(
        run_id=run,
        tenant_id=listener.tenant_id,
        automation_id=listener.automation_id,
        version=listener.version,
        lane=listener.lane,
        cause=event.cause,
        order_key=None if key is None else f"{listener.automation_id}|{key}",
        definitions_offset=definitions_offset,
        event=event.trigger,
        event_digest=event.digest,
        caused_by=event.caused_by,
        decided_at=now,
    )


def _skipped(event: CrmEvent, listener: Listener, run: str, now: datetime, reason: SkipReason) -> StartSkipped:
    return StartSkipped(
        tenant_id=listener.tenant_id,
        run_id=run,
        automation_id=listener.automation_id,
        version=listener.version,
        lane=listener.lane,
        reason=reason,
        event=event.trigger,
        at=now,
    )
