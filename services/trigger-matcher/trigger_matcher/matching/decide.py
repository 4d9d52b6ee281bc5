"""What becomes of events: for each automation that one matches, a start, or a start skipped with its reason.

An event is read no further than somebody asks: its type to know whether anybody listens, its record to find
those who may match, all of it only for those whose conditions speak of it and for those that do match. Events of
one type are matched together, because what each look-up costs besides the event is then divided by many.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter, itemgetter
from typing import Any, Final

from automations.conditions.compiled import Test
from automations.conditions.plain_clauses import equal_inside, in_order
from automations.contracts.commands import EventPosition, StartRun, TriggerEvent
from automations.contracts.events import CrmEvent, Position, event_names
from automations.contracts.events_together import AnyEnvelope
from automations.contracts.identity import run_id
from automations.contracts.results import SkipReason, StartSkipped
from automations.contracts.topics import record_key
from automations.listening import Listener, judge_match, too_long_chain
from automations.paths import Scope
from trigger_matcher.matching.buckets import Bucket, Candidate, Rest
from trigger_matcher.matching.index import Index
from trigger_matcher.matching.together import Found, TooMany, find_together

MOST_TOGETHER: Final = 100_000
"""So many candidates of several events are held in memory at the most."""

Match = tuple[int, Candidate]
"""The place of an event among others, and one of those who hear it and whose conditions hold."""

_ASKED: Final = attrgetter("asked")
_PLACE: Final = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Decision:
    """One matching automation: the message that says what becomes of it, and the key that keeps its order."""

    key: bytes
    message: StartRun | StartSkipped


@dataclass(slots=True)
class Reading:
    """An event as the index and the conditions see it, read as far as they ask."""

    envelope: AnyEnvelope
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


class Events:
    """Events as they lie side by side in a batch, each read as far as somebody has asked; None is no event."""

    def __init__(self, envelopes: Sequence[AnyEnvelope | None], position_of: Callable[[int], Position]) -> None:
        self.envelopes = envelopes
        self._position_of = position_of
        self._readings: dict[int, Reading] = {}

    def __len__(self) -> int:
        return len(self.envelopes)

    def reading(self, place: int) -> Reading:
        """Return what the index and the conditions see of the event at a place."""
        reading = self._readings.get(place)
        if reading is None:
            envelope = self.envelopes[place]
            assert envelope is not None, "there is no event at this place"
            reading = Reading(envelope, self._position_of(place), envelope.record, envelope.changes)
            self._readings[place] = reading
        return reading

    def scope(self, place: int, record: dict[str, Any], *, whole: bool) -> Scope:
        """Return what conditions may speak of: all of the event at a place, or its record and what changed."""
        if whole:
            return self.reading(place).whole
        envelope = self.envelopes[place]
        assert envelope is not None, "there is no event at this place"
        return Scope(record=record, changes=envelope.changes)


def match_events(events: Events, index: Index) -> list[Match]:
    """Return who matches the events, in the order of the events.

    Candidates are not looked at: that is for who needs them.

    Raises:
        TooMany: the events meet more candidates than are held in memory; fewer meet fewer, one is never too many.
    """
    heard: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for place, envelope in enumerate(events.envelopes):
        if envelope is not None:
            heard[envelope.tenant_id, envelope.event_type].append(place)
    matches: list[Match] = []
    for (tenant_id, event_type), places in heard.items():
        buckets = index.heard(tenant_id, event_type)
        if buckets:
            matches += _match_together(events, places, buckets)
    if len(heard) > 1 and len(matches) > MOST_TOGETHER:
        raise TooMany
    matches.sort(key=_PLACE)
    return matches


def _match_together(events: Events, places: list[int], buckets: Iterable[Bucket]) -> list[Match]:
    """Return who matches the events at these places among those in the buckets, who all hear them."""
    records: list[dict[Any, Any]] = [
        events.envelopes[place].record  # type: ignore[union-attr]  # an event is at each
        for place in places
    ]
    found = Found(MOST_TOGETHER)
    for bucket in buckets:
        find_together(bucket, records, lambda each: events.reading(places[each]), found)
    matches: list[Match] = []
    for each, one, (name, text, rest) in zip(
        found.places, found.candidates, map(_ASKED, found.candidates), strict=True
    ):
        record = records[each]
        if record.get(name) == text and (rest is None or _holds(rest, record, events, places[each])):
            matches.append((places[each], one))
    return matches


def _holds(rest: Rest, record: dict[Any, Any], events: Events, place: int) -> bool:
    """Return whether all clauses but the first hold for the event at a place."""
    equal, inside, ordered, tests, needs_event = rest
    return (
        (not equal or _all_equal(record, equal))
        and (not inside or equal_inside(record, inside))
        and (not ordered or in_order(record, ordered))
        and (not tests or _all_hold(tests, events.scope(place, record, whole=needs_event)))
    )


def _all_equal(record: dict[str, Any], flat: tuple[str, ...]) -> bool:
    return all(record.get(flat[place]) == flat[place + 1] for place in range(0, len(flat), 2))


def _all_hold(tests: tuple[Test, ...], scope: Scope) -> bool:
    for test in tests:  # noqa: SIM110 (a generator costs twice the time here)
        if not test(scope):
            return False
    return True


def decide(
    reading: Reading, value: bytes | None, matches: Iterable[Candidate], *, now: datetime, definitions_offset: int
) -> list[Decision]:
    """Return one decision for each listener that an event matches and that saw it; one may be given twice.

    `value` is the event's message's. `definitions_offset` says up to where the definitions were read, exclusive.
    """
    position = reading.position
    event = reading.envelope.event(position, value, reading.trigger)
    place = EventPosition(topic=position.topic, partition=position.partition, offset=position.offset)
    listeners = dict.fromkeys(one.listener for one in matches)
    decisions = (_decision(event, place, listener, now, definitions_offset) for listener in listeners)
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
