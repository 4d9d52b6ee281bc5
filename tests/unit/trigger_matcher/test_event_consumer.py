"""How a batch of events is handled: read, decided, published, and never stopped by one of them."""

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiokafka import ConsumerRecord

from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.dead_letters import DeadLetter, dead_letter_reader
from automations.contracts.definitions import AutomationDefined, LiveDocument
from automations.contracts.results import StartSkipped, result_reader
from automations.messaging.publisher import MessageTooLarge, Record
from trigger_matcher import evaluation
from trigger_matcher.consumer import PUBLISH_AT_ONCE, EventConsumer
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.matching import Events

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class RecordedPublisher:
    """Keeps what is published; refuses values over a size, as a broker does."""

    def __init__(self, largest_bytes: int = 10_000_000) -> None:
        self.calls: list[Sequence[Record]] = []
        self.records: list[Record] = []
        self._largest = largest_bytes

    async def publish_all(self, records: Sequence[Record], /) -> None:
        self.calls.append(records)
        if any(len(record.value or b"") > self._largest for record in records):
            raise MessageTooLarge("too large for this broker")
        self.records.extend(records)

    def starts(self) -> list[StartRun]:
        return [start_run_reader.read(one.value) for one in self.records if one.topic == "automations.run-commands"]

    def skipped(self) -> list[StartSkipped]:
        results = [result_reader.read(one.value) for one in self.records if one.topic == "automations.step-results"]
        return [result for result in results if isinstance(result, StartSkipped)]

    def letters(self) -> list[DeadLetter]:
        return [dead_letter_reader.read(one.value) for one in self.records if one.topic == "automations.dead-letters"]


class LateDefinitions:
    """Brings the table up to date only when asked to catch up, as the topic does."""

    def __init__(self, table: DefinitionTable, *definitions: AutomationDefined) -> None:
        self._table = table
        self._definitions = definitions

    async def catch_up(self) -> int:
        for definition in self._definitions:
            self._table.take(definition.tenant_id, definition.automation_id, definition)
        return len(self._definitions)


def defined(
    automation_id: str = "a1", conditions: dict[str, Any] | None = None, event: str = "case.created", **more: Any
) -> AutomationDefined:
    trigger = {"event": event, "conditions": {"priority": "critical"} if conditions is None else conditions}
    about: dict[str, Any] = {"tenant_id": "default", "revision": 1, "status": "active", **more}
    live = LiveDocument(version=1, document={"trigger": trigger, "actions": []})
    return AutomationDefined(automation_id=automation_id, live=live, **about)


def message(value: object, offset: int = 0, at: datetime = NOW, **more: Any) -> ConsumerRecord[Any, Any]:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    about: dict[str, Any] = {"key": None, "headers": (), **more}
    return ConsumerRecord(
        topic="crm.events",
        partition=0,
        offset=offset,
        timestamp=int(at.timestamp() * 1000),
        timestamp_type=1,
        value=raw,
        checksum=None,
        serialized_key_size=-1,
        serialized_value_size=len(raw),
        **about,
    )


def critical(record_id: int = 1, **more: Any) -> ConsumerRecord[Any, Any]:
    return message({"type": "case.created", "id": record_id, "priority": "critical"}, offset=record_id, **more)


async def handled(
    *batch: ConsumerRecord[Any, Any],
    definitions: Sequence[AutomationDefined] = (defined(),),
    publisher: RecordedPublisher | None = None,
) -> RecordedPublisher:
    table, publisher = DefinitionTable(), publisher or RecordedPublisher()
    await EventConsumer(table, LateDefinitions(table, *definitions), publisher, lambda: NOW).handle(batch)
    return publisher


async def test_batch_is_evaluated_with_definitions_that_came_before_it_was_fetched() -> None:
    published = await handled(critical())
    (start,) = published.starts()
    assert (start.automation_id, start.definitions_offset, start.decided_at) == ("a1", 1, NOW)
    assert published.records[0].key == b"default|a1|case/1"


async def test_batch_that_matches_nothing_publishes_nothing() -> None:
    other_type = message({"type": "case.closed", "id": 1})
    no_match = message({"type": "case.created", "id": 1, "priority": "low"})
    assert (await handled(other_type, no_match)).calls == []


async def test_unreadable_event_lies_in_the_dead_letters_and_the_rest_goes_on() -> None:
    published = await handled(critical(1), message(b"garbage", offset=2, key=b"k"), critical(3))
    assert [start.event.record_id for start in published.starts()] == ["1", "3"]
    (letter,) = published.letters()
    assert (letter.code, letter.topic, letter.offset, letter.reader) == ("not_json", "crm.events", 2, "trigger-matcher")
    assert [record.key for record in published.records] == [b"default|a1|case/1", b"k", b"default|a1|case/3"]


async def test_unreadable_event_of_a_type_that_nobody_listens_to_is_reported_too() -> None:
    (letter,) = (await handled(message(rb'{"type": "case.closed", "x": "\ud800"}'))).letters()
    assert letter.code == "lone_surrogate"


@pytest.mark.parametrize("step", ["match_events", "decide"])
async def test_event_whose_evaluation_fails_is_kept_and_the_rest_goes_on(
    step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of our own costs one event, which can be replayed, and never the stream."""
    do = getattr(evaluation, step)

    def failing(seen: Any, *args: Any, **more: Any) -> Any:
        records = [one.record for one in seen.envelopes] if isinstance(seen, Events) else [seen.record]
        if any(record["id"] == 2 for record in records):
            raise ZeroDivisionError("a fault")
        return do(seen, *args, **more)

    monkeypatch.setattr(evaluation, step, failing)
    published = await handled(critical(1), critical(2), critical(3))
    assert [start.event.record_id for start in published.starts()] == ["1", "3"]
    (letter,) = published.letters()
    assert (letter.code, letter.offset) == ("evaluation_failed", 2)


async def test_event_whose_starts_are_too_large_is_kept_and_the_rest_goes_on() -> None:
    """The broker refuses one value; halving finds the event it belongs to."""
    big = message({"type": "case.created", "id": 3, "priority": "critical", "text": "x" * 90_000}, offset=3)
    broker = RecordedPublisher(largest_bytes=89_000)
    await handled(critical(1), critical(2), big, critical(4), critical(5), publisher=broker)
    assert [start.event.record_id for start in broker.starts()] == ["1", "2", "4", "5"]
    (letter,) = broker.letters()
    assert (letter.code, letter.offset, letter.truncated) == ("too_large", 3, True)


async def test_late_event_is_reported_and_starts_nothing() -> None:
    published = await handled(critical(at=NOW - timedelta(days=9)))
    assert [skipped.reason for skipped in published.skipped()] == ["late"]
    assert published.starts() == []


async def test_many_matches_are_published_in_portions() -> None:
    """What one batch leads to never stands in memory all at once."""
    many = [defined(f"a{number}") for number in range(700)]
    published = await handled(*(critical(number) for number in range(10)), definitions=many)
    assert len(published.starts()) == 7_000
    assert max(len(call) for call in published.calls) < PUBLISH_AT_ONCE + 700


async def test_more_matches_than_memory_should_hold_are_all_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """A batch of which events match very many automations is halved until its parts are small enough."""
    for module in (evaluation, sys.modules["trigger_matcher.matching.decide"]):
        monkeypatch.setattr(module, "MOST_TOGETHER", 50)
    many = [defined(f"a{number:02}") for number in range(20)]
    published = await handled(*(critical(number) for number in range(10)), definitions=many)
    started = [(start.event.record_id, start.automation_id) for start in published.starts()]
    assert started == [(str(event), f"a{number:02}") for event in range(10) for number in range(20)]


async def test_batch_of_many_types_leads_to_starts_in_its_order() -> None:
    """Events of one type are matched together; what they lead to comes in the order they came."""
    types = [f"case.t{number:02}" for number in range(7)]
    many = [defined(name, {}, name) for name in types]
    messages = [
        message({"specversion": "1.0", "type": types[n * 3 % 7], "id": str(n), "data": {"id": n}}, offset=n)
        for n in range(1_000)
    ]
    portions = list(evaluation.alike(messages))
    assert [len({place * 3 % 7 for place in places}) for places in portions] == [1] * 14
    assert sorted(place for places in portions for place in places) == list(range(1_000))
    published = await handled(*messages, definitions=many)
    assert [(start.event.id, start.automation_id) for start in published.starts()] == [
        (str(n), types[n * 3 % 7]) for n in range(1_000)
    ]
