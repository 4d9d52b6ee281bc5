"""trigger-matcher on real Kafka: events in every form that any client may send."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.dead_letters import DeadLetter, dead_letter_reader
from automations.contracts.topics import DEAD_LETTERS, RUN_COMMANDS
from automations.messaging.connection import KafkaSettings
from tests.support.service_process import running_service
from tests.support.stream import TopicTail, tail
from tests.support.stream_writer import StreamWriter, new_name, stream_writer, trigger_on

TYPE = new_name("case.created")
RECORD = {"id": "500A", "priority": "critical"}
BINARY = [("ce_specversion", b"1.0"), ("ce_type", TYPE.encode()), ("ce_source", b"/crm")]


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as writer:
        yield writer


@pytest.fixture(scope="module")
async def automation(kafka_settings: KafkaSettings, writer: StreamWriter) -> AsyncIterator[str]:
    """An automation of critical cases, and a matcher that runs."""
    name = new_name("automation")
    await writer.define(name, trigger_on(TYPE, {"priority": "critical"}))
    async with running_service(
        "trigger_matcher", {"KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers}
    ) as service:
        yield name
        assert await service.stop() == 0


@pytest.fixture(scope="module")
async def starts(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, RUN_COMMANDS) as opened:
        yield opened


@pytest.fixture(scope="module")
async def letters(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, DEAD_LETTERS) as opened:
        yield opened


def starts_of(records: list[Any], automation: str) -> list[StartRun]:
    """Return the starts of an automation."""
    read = (start_run_reader.read(record.value) for record in records)
    return [start for start in read if start.automation_id == automation]


async def until_refused(letters: TopicTail, place: tuple[int, int]) -> DeadLetter:
    """Return the dead letter of the event at that partition and offset."""

    def find(records: list[Any]) -> DeadLetter | None:
        read = (dead_letter_reader.read(record.value) for record in records)
        return next((letter for letter in read if (letter.partition, letter.offset) == place), None)

    letter: DeadLetter = await letters.until(find)
    return letter


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param({"type": TYPE, **RECORD}, [], id="flat"),
        pytest.param({"event": TYPE, "record": RECORD}, [], id="event-record"),
        pytest.param({"event_type": TYPE, "payload": RECORD}, [], id="event_type-payload"),
        pytest.param({"type": TYPE, "data": RECORD, "extra": {"a": [1]}}, [], id="data"),
        pytest.param({"type": TYPE, "data": {"record": RECORD}}, [("h", b"\xff\xfe")], id="data-record"),
        pytest.param(
            {"specversion": "1.0", "type": TYPE, "source": "/crm", "id": "1", "x": 1, "data": {"record": RECORD}},
            [("content-type", b"application/cloudevents+json")],
            id="structured",
        ),
        pytest.param({"record": RECORD}, [*BINARY, ("ce_id", b"2"), ("ce_region", b"EU")], id="binary"),
        pytest.param(RECORD, [*BINARY, ("ce_id", b"3")], id="binary-bare-data"),
    ],
)
async def test_event_of_each_form_starts_the_run(
    automation: str, writer: StreamWriter, starts: TopicTail, value: object, headers: list[tuple[str, bytes]]
) -> None:
    before = len(await starts.read())
    await writer.publish(value, headers)
    (start,) = await starts.until(lambda all_: starts_of(all_[before:], automation))
    assert start.event.record == RECORD
    assert start.order_key == f"{automation}|case/500A"
    assert start.lane == "live"


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (b"not json", "not_json"),
        (b"", "not_json"),
        (b"[1]", "not_an_object"),
        (b'{"record": {"id": 1}}', "no_type"),
        (b'{"type": "a", "event": "b"}', "conflicting_types"),
        (b'{"type":"a","x":' + b"[" * 200 + b"]" * 200 + b"}", "too_deep"),
        (rb'{"type":"a","x":"\u0000"}', "nul_character"),
        (rb'{"type":"a","x":"\ud800"}', "lone_surrogate"),
        (b'{"type":"a","x":1e999}', "number_too_large"),
        (b'{"type":"a","x":"' + b"y" * 1_048_576 + b'"}', "too_large"),
    ],
)
async def test_garbage_lies_in_the_dead_letters_and_the_stream_goes_on(
    automation: str, writer: StreamWriter, starts: TopicTail, letters: TopicTail, value: bytes, code: str
) -> None:
    """What follows on the same partition is evaluated as if nothing had happened."""
    key = new_name("key").encode()
    before = len(await starts.read())
    place = await writer.publish(value, key=key)
    await writer.publish({"type": TYPE, **RECORD}, key=key)
    letter = await until_refused(letters, place)
    assert (letter.code, letter.topic, letter.reader) == (code, "crm.events", "trigger-matcher")
    assert letter.reason
    assert len(letter.value_base64 or "") < 100_000
    await starts.until(lambda all_: starts_of(all_[before:], automation))


async def test_event_that_matches_nobody_starts_nothing(
    automation: str, writer: StreamWriter, starts: TopicTail
) -> None:
    before = len(await starts.read())
    key = new_name("key").encode()
    await writer.publish({"type": TYPE, "id": "other", "priority": "low"}, key=key)
    await writer.publish({"type": f"{TYPE}.not", **RECORD}, key=key)
    await writer.publish({"type": TYPE, **RECORD}, key=key)
    started = await starts.until(lambda all_: starts_of(all_[before:], automation))
    assert [start.event.record_id for start in started] == ["500A"]
