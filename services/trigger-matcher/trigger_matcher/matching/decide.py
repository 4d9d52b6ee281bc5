"""What becomes of an event: for each automation that matches it, a start, or a start skipped with its reason.

An event is read no further than somebody asks: its type to know whether anybody listens, its record to find
those who may match, all of it only for those whose conditions speak of it and for those that do match.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from automations.conditions.compiled import Test
from automations.conditions.plain_clauses import hold
from automations.contracts.commands import EventPosition, StartRun, TriggerEvent
from automations.contracts.events import CrmEvent, Envelope, Position, event_names
from automations.contracts.identity import run_id
from automations.contracts.results import SkipReason, StartSkipped
from automations.contracts.topics import record_key
from automations.listening import Listener, judge_match, too_long_chain
from automations.paths import Scope
from trigger_matcher.matching.buckets import Bucket, Candidate, find_candidates
from trigger_matcher.matching.index import Index


@dataclass(frozen=True, slots=True)
class Decision:
    """One matching automation: the message that says what becomes of it, and the key that keeps its order."""

    key: bytes
    message: StartRun | StartSkipped


@dataclass(slots=True)
class Reading:
    """An event as the index and the conditions see it, read as far as they ask."""

    envelope: Envelope
    position: Position
    record: dict[str, Any]
    changes: dict[str, Any] | None
    _trigger: TriggerEvent | None = None
    _whole: Scope | None = None

    @property
    def trigger(self) -> TriggerEvent:
        """The event as conditions and texts see it."""
        trigger = self._trigger
        if trigger is None:
            trigger = self._trigger = self.envelope.trigger(self.position)
        return trigger

    @property
    def event(self) -> Mapping[str, object]:
        """What may be named after `event.`."""
        return self.whole.event

    @property
    def whole(self) -> Scope:
        """Everything that conditions may speak of; the event's time counts as now."""
        whole = self._whole
        if whole is None:
            trigger = self.trigger
            whole = self._whole = Scope(
                record=self.record, event=event_names(trigger), changes=self.changes, now=trigger.time
            )
        return whole


def match_event(reading: Reading, buckets: Iterable[Bucket]) -> list[Candidate]:
    """Return those in the buckets whose conditions hold for the event; `Index.heard` says who hears it.

    Each listener comes once. It is not looked at: that is for who needs it.
    """
    found: list[Candidate] = []
    for bucket in buckets:
        find_candidates(bucket, reading, found)
    if not found:
        return []
    record = reading.record
    scope: Scope | None = None
    matches = []
    for one in found:
        equal, ordered, tests, needs_event = one.asked
        if not hold(record, equal, ordered):
            continue
        if tests:
            if needs_event:
                scope = reading.whole
            elif scope is None:
                scope = Scope(record=record, changes=reading.changes)
            if not _all_hold(tests, scope):
                continue
        matches.append(one)
    return list({one.listener: one for one in matches}.values()) if len(matches) > 1 else matches


def _all_hold(tests: tuple[Test, ...], scope: Scope) -> bool:
    for test in tests:  # noqa: SIM110 (a generator costs twice the time here)
        if not test(scope):
            return False
    return True


def reading_of(envelope: Envelope, position: Position) -> Reading:
    """Return an event to be matched."""
    return Reading(envelope, position, envelope.record, envelope.changes)


def decide(
    envelope: Envelope, position: Position, index: Index, *, now: datetime, definitions_offset: int
) -> list[Decision]:
    """Return one decision for each automation that the event matches and that saw it, in both lanes.

    `definitions_offset` says up to where the definitions were read, exclusive.
    """
    buckets = index.heard(envelope.tenant_id, envelope.event_type)
    if not buckets:
        return []
    reading = reading_of(envelope, position)
    matches = match_event(reading, buckets)
    if not matches:
        return []
    event = envelope.event(position, reading.trigger)
    place = EventPosition(topic=position.topic, partition=position.partition, offset=position.offset)
    decisions = (_decision(event, place, one.listener, now, definitions_offset) for one in matches)
    return [decision for decision in decisions if decision is not None]


def _decision(
    event: CrmEvent, place: EventPosition, listener: Listener, now: datetime, definitions_offset: int
) -> Decision | None:
    outcome = judge_match(listener, event, now)
    if outcome == "before_active":
        return None
    run = run_id(listener.tenant_id, listener.automation_id, listener.lane, event.cause)
    record = event.record_key
    message = (
        _start(event, place, listener, run, record, now, definitions_offset)
        if outcome == "starts"
        else _skipped(event, listener, run, now, outcome)
    )
    return Decision(record_key(listener.tenant_id, listener.automation_id, record or run), message)


def _start(
    event: CrmEvent,
    place: EventPosition,
    listener: Listener,
    run: str,
    record: str | None,
    now: datetime,
    definitions_offset: int,
) -> StartRun:
    return StartRun(
        run_id=run,
        tenant_id=listener.tenant_id,
        automation_id=listener.automation_id,
        version=listener.version,
        lane=listener.lane,
        cause=event.cause,
        order_key=None if record is None else f"{listener.automation_id}|{record}",
        definitions_offset=definitions_offset,
        event=event.trigger,
        event_digest=event.digest,
        caused_by=event.caused_by,
        decided_at=now,
        position=place,
        appended_at=event.appended_at,
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
        detail=too_long_chain(event) if reason == "loop_guard" else None,
        chain_id=event.caused_by.chain_id,
    )
