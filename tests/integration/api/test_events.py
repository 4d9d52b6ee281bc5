"""`POST /events`: every form that Kafka is read in, by HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from automations.contracts.events import CrmEvent, Position, read_event
from automations.messaging.connection import KafkaSettings

CLOUD = {"specversion": "1.0", "id": "1", "source": "crm", "type": "case.created", "data": {"record": {"id": "5"}}}


async def published(kafka: KafkaSettings, answer: httpx.Response) -> list[tuple[CrmEvent, Any]]:
    """Return what lies on Kafka at the places that an answer names."""
    assert answer.status_code == 202, answer.text
    consumer = AIOKafkaConsumer(**kafka.client_arguments(), group_id=None)
    await consumer.start()
    found = []
    try:
        for event in answer.json()["events"]:
            place = TopicPartition(event["topic"], event["partition"])
            consumer.assign([place])
            consumer.seek(place, event["offset"])
            record = await consumer.getone(place)
            position = Position(
                record.topic, record.partition, record.offset, datetime.fromtimestamp(record.timestamp / 1000, UTC)
            )
            read = read_event(record.value, record.headers, position)
            assert read.trigger.id == event["id"]
            found.append((read, record))
    finally:
        await consumer.stop()
    return found


async def test_plain_event_is_published_as_it_came(api: httpx.AsyncClient, kafka_settings: KafkaSettings) -> None:
    body = b'{"type": "case.created",  "record": {"id": 5, "priority": "critical"}}'
    answer = await api.post("/events", content=body, headers={"content-type": "application/json"})
    [(event, record)] = await published(kafka_settings, answer)
    assert record.value == body
    assert record.key == b"default|case/5"
    assert event.trigger.record["priority"] == "critical"


async def test_list_of_events_is_published_in_order(api: httpx.AsyncClient, kafka_settings: KafkaSettings) -> None:
    bodies = [{"type": "case.created", "record": {"id": "9", "n": number}} for number in range(3)]
    answer = await api.post("/events", json=[*bodies, CLOUD])
    found = await published(kafka_settings, answer)
    assert answer.json()["accepted"] == 4
    assert [event.trigger.record.get("n") for event, _ in found] == [0, 1, 2, None]
    assert found[3][0].identity == "crm:1"


async def test_cloud_events_are_read_in_their_three_forms(
    api: httpx.AsyncClient, kafka_settings: KafkaSettings
) -> None:
    structured = await api.post(
        "/events", content=json.dumps(CLOUD), headers={"content-type": "application/cloudevents+json"}
    )
    batch = await api.post(
        "/events", content=json.dumps([CLOUD]), headers={"content-type": "application/cloudevents-batch+json"}
    )
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "crm",
        "ce-type": "case.created",
        "content-type": "application/json",
    }
    binary = await api.post("/events", content=json.dumps(CLOUD["data"]), headers=headers)
    for answer in (structured, batch, binary):
        [(event, record)] = await published(kafka_settings, answer)
        assert (event.identity, event.trigger.record_id) == ("crm:1", "5")
        assert record.key == b"default|case/5"
    assert dict(record.headers)["ce_type"] == b"case.created"


async def test_one_bad_event_refuses_the_whole_list(api: httpx.AsyncClient) -> None:
    """Every bad event is named by its place, and nothing is published."""
    good = {"type": "case.created", "record": {"id": "1"}}
    answer = await api.post("/events", json=[good, 7, good, {"record": {}}, {"type": "a.b", "event": "c.d"}])
    assert answer.status_code == 422
    errors = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert errors == {("/1", "not_an_object"), ("/3/type", "no_type"), ("/4/type", "conflicting_types")}


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 422, "not_json"),
        (b"[]", 422, "empty"),
        (b"{nope", 422, "not_json"),
        (b'[{"type": "a.b"}, nope]', 422, "not_json"),
        (b'{"type": "a.b", "record": {"x": "\\u0000"}}', 422, "nul_character"),
        (b'{"type": "a.b", "record": {"x": "' + b"x" * 1_050_000 + b'"}}', 413, "too_large"),
    ],
)
async def test_unreadable_body_is_refused(api: httpx.AsyncClient, body: bytes, status: int, code: str) -> None:
    answer = await api.post("/events", content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status, answer.text
    assert [error["code"] for error in answer.json()["errors"]] == [code]


async def test_body_beyond_eight_mebibytes_is_too_large(api: httpx.AsyncClient) -> None:
    answer = await api.post("/events", content=b" " * (8 * 1_048_576 + 1))
    assert answer.status_code == 413
