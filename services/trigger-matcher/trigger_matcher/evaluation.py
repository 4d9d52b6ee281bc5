"""From a batch of messages to what each leads to: starts, starts that are skipped, or a dead letter with its reason.

Events that look alike are read and matched together, a few hundred at a time: so little of them is in memory that it
stays in the processor's cache, and what a look-up costs besides them is divided by many. What they lead to comes in the
order of the batch again.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from math import ceil
from operator import itemgetter
from typing import Any, Final, NamedTuple, TypeAlias

from aiokafka import ConsumerRecord

from automations.clock import from_milliseconds
from automations.contracts.commands import StartRun
from automations.contracts.events import Position, UnreadableEvent
from automations.contracts.events_together import AnyEnvelope, read_envelopes
from automations.contracts.topics import RUN_COMMANDS, STEP_RESULTS
from automations.contracts.wire import encode
from automations.messaging.batches import Batch
from automations.messaging.dead_letters import dead_letter
from automations.messaging.publisher import Record
from automations.observability import get_logger
from trigger_matcher import metrics
from trigger_matcher.matching import (
    MOST_TOGETHER,
    Candidate,
    Decision,
    Events,
    Index,
    Reading,
    TooMany,
    decide,
    match_events,
)

log = get_logger(__name__)

SERVICE: Final = "trigger-matcher"
READ_TOGETHER: Final = 128
"""Events that are read and matched together. Some 2 KB each, they and their listeners fit a processor's own cache."""
_BEFORE_TYPE: Final = b'"type"'
_LOOK_BYTES: Final = 24
"""So many from where the type's name begins tell types apart, and do not reach into what differs by event."""
_PLACE: Final = itemgetter(0)

Message: TypeAlias = ConsumerRecord[Any, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one event leads to."""

    source: Message
    records: list[Record]


class _Matched(NamedTuple):
    """An event of the batch, and whom it matches; or why that is not known."""

    place: int
    reading: Reading | None
    candidates: list[Candidate]
    failure: Exception | None = None


def evaluate(batch: Batch, index: Index, *, now: datetime, definitions_offset: int) -> Iterator[Outcome]:
    """Yield what each event of the batch leads to, in their order; nothing for an event that matches nobody."""
    try:
        matched = _match(batch, index)
    except TooMany:
        middle = len(batch) // 2
        for half in (batch[:middle], batch[middle:]):
            yield from evaluate(half, index, now=now, definitions_offset=definitions_offset)
        return
    counts: Counter[str] = Counter()
    for place, reading, candidates, failure in matched:
        message = batch[place]
        if isinstance(failure, UnreadableEvent):
            yield Outcome(message, [refused(message, failure.code, str(failure), now)])
            continue
        try:
            if failure is not None:
                raise failure
            assert reading is not None
            decisions = decide(reading, message.value, candidates, now=now, definitions_offset=definitions_offset)
            records = [_record(decision) for decision in decisions]
        except Exception as error:
            log.error("an event could not be evaluated", exc_info=True, **_lies(message))
            reason = f"evaluating this event failed: {error!r}; it started nothing and can be replayed"
            yield Outcome(message, [refused(message, "evaluation_failed", reason, now)])
        else:
            if records:
                counts.update(map(_outcome_name, decisions))
                yield Outcome(message, records)
    for outcome, count in counts.items():
        metrics.MATCHES.labels(outcome).inc(count)


def refused(message: Message, code: str, reason: str, now: datetime) -> Record:
    """Return the dead letter of a message that starts nothing."""
    metrics.EVENTS_UNREADABLE.labels(code).inc()
    log.warning("an event lies in the dead letters", code=code, reason=reason, **_lies(message))
    return dead_letter(message, code=code, reason=reason, reader=SERVICE, at=now)


def _match(batch: Batch, index: Index) -> list[_Matched]:
    """Return those of the batch's events that match somebody or cannot be evaluated, in their order.

    Raises:
        TooMany: they match more than is held in memory at once; of one event it is never too many.
    """
    found: list[_Matched] = []
    count = 0
    for places in alike(batch):
        messages = [batch[place] for place in places]
        read = read_envelopes([one.value for one in messages], [one.headers for one in messages])
        envelopes: list[AnyEnvelope | None] = []
        for place, one in zip(places, read, strict=True):
            if isinstance(one, UnreadableEvent):
                found.append(_Matched(place, None, [], one))
                envelopes.append(None)
            else:
                envelopes.append(one)
        for matched in _match_portion(batch, places, envelopes, index):
            found.append(matched)
            count += len(matched.candidates)
        if count > MOST_TOGETHER and len(batch) > 1:
            raise TooMany
    found.sort(key=_PLACE)
    return found


def _match_portion(
    batch: Batch, places: Sequence[int], envelopes: Sequence[AnyEnvelope | None], index: Index
) -> Iterator[_Matched]:
    """Yield those of some events that match somebody; where that fails, it is asked of each event alone."""
    events = Events(envelopes, lambda each: _position(batch[places[each]]))
    try:
        matches = match_events(events, index)
    except TooMany:
        raise
    except Exception as error:
        if len(places) == 1:
            yield _Matched(places[0], None, [], error)
            return
        for place, envelope in zip(places, envelopes, strict=True):
            yield from _match_portion(batch, (place,), (envelope,), index)
        return
    for each, group in groupby(matches, key=_PLACE):
        yield _Matched(places[each], events.reading(each), [candidate for _, candidate in group])


def alike(batch: Batch) -> Iterator[Sequence[int]]:
    """Yield the places of a batch's messages, a portion at a time, those of one type together if that is seen easily.

    Where the type of a JSON event stands is taken from the first message. It is a guess that decides nothing: where it
    is wrong, messages lie beside others, and reading them takes longer.
    """
    if len(batch) <= READ_TOGETHER:
        yield range(len(batch))
        return
    first = batch[0].value or b""
    begin = max(first.find(_BEFORE_TYPE), 0)
    end = begin + _LOOK_BYTES
    by_look: defaultdict[bytes, list[int]] = defaultdict(list)
    for place, message in enumerate(batch):
        by_look[(message.value or b"")[begin:end]].append(place)
    portion: list[int] = []
    for places in by_look.values():
        share = ceil(len(places) / ceil(len(places) / READ_TOGETHER))
        for taken in range(0, len(places), share):
            part = places[taken : taken + share]
            if portion and len(portion) + len(part) > READ_TOGETHER:
                yield portion
                portion = []
            portion += part
    yield portion


def _position(message: Message) -> Position:
    return Position(message.topic, message.partition, message.offset, from_milliseconds(message.timestamp))


def _record(decision: Decision) -> Record:
    topic = RUN_COMMANDS if isinstance(decision.message, StartRun) else STEP_RESULTS
    return Record(topic.name, decision.key, encode(decision.message))


def _outcome_name(decision: Decision) -> str:
    message = decision.message
    return f"started_{message.lane}" if isinstance(message, StartRun) else f"skipped_{message.reason}"


def _lies(message: Message) -> dict[str, Any]:
    return {"topic": message.topic, "partition": message.partition, "offset": message.offset}
