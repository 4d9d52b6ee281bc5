"""Samples of events: read from Kafka, kept in PostgreSQL, shown with their fields and matched by conditions."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.eventually import eventually
from tests.support.running_api import running_api
from tests.support.stream_writer import StreamWriter, stream_writer


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as writer:
        yield writer


def kind_of_event() -> str:
    return f"t{uuid.uuid4().hex[:10]}.created"


async def samples(api: httpx.AsyncClient, kind: str, number: int, limit: int = 200) -> list[dict[str, Any]]:
    """Return the type's samples once there are so many."""

    async def look() -> list[dict[str, Any]]:
        answer = await api.get(f"/event-types/{kind}/samples", params={"limit": limit})
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json()["items"]
        assert len(items) == number, f"{len(items)} of {number}"
        return items

    return await eventually(look, within_seconds=30)


async def test_events_of_every_form_are_kept_with_their_place(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    kind = kind_of_event()
    plain = await writer.publish({"type": kind, "event_id": "one", "record": {"id": "1", "priority": "low"}})
    structured = await writer.publish(
        {"specversion": "1.0", "id": "two", "source": "/crm", "type": kind, "data": {"id": "2"}}
    )
    headers = [("ce_specversion", b"1.0"), ("ce_id", b"three"), ("ce_source", b"/crm"), ("ce_type", kind.encode())]
    binary = await writer.publish({"record": {"id": "3"}, "changes": {"a": {"from": 1, "to": 2}}}, headers)
    await writer.publish(b"no event at all")
    found = await samples(api, kind, 3)
    places = {item["event"]["id"]: item["position"] for item in found}
    assert places == {
        name: {"topic": "crm.events", "partition": place[0], "offset": place[1]}
        for name, place in (("one", plain), ("two", structured), ("three", binary))
    }
    by_id = {item["event"]["id"]: item["event"] for item in found}
    assert by_id["one"]["record"] == {"id": "1", "priority": "low"}
    assert by_id["two"] | {"time": None} == {
        "id": "two",
        "type": kind,
        "time": None,
        "source": "/crm",
        "object": kind.split(".")[0],
        "record_id": "2",
        "record": {"id": "2"},
        "changes": None,
        "actor": None,
    }
    assert by_id["three"]["changes"] == {"a": {"from": 1, "to": 2}}


async def test_the_last_200_of_a_type_are_kept_newest_first(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    kind = kind_of_event()
    for number in range(230):
        await writer.publish({"type": kind, "record": {"id": str(number)}}, key=b"one partition")

    async def look() -> bool:
        newest = await api.get(f"/event-types/{kind}/samples", params={"limit": 200})
        return [item["event"]["record"]["id"] for item in newest.json()["items"]] == [
            str(number) for number in reversed(range(30, 230))
        ]

    assert await eventually(look, within_seconds=30)
    assert len(await samples(api, kind, 5, limit=5)) == 5


async def test_event_types_tell_fields_with_examples_and_shares(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    kind = kind_of_event()
    for number in range(4):
        record = {"id": str(number), "account": {"country": "DE"}} | ({"priority": "critical"} if number else {})
        await writer.publish({"type": kind, "record": record})
    await samples(api, kind, 4)
    body = (await api.get("/event-types")).json()
    [item] = [item for item in body["items"] if item["type"] == kind]
    assert item["seen"] is True
    assert item["used"] is False
    assert item["sampled"] == 4
    assert item["last_at"] is not None
    fields = {field["path"]: field for field in item["fields"]}
    assert fields["priority"] == {"path": "priority", "types": ["text"], "share": 0.75, "examples": ["critical"]}
    assert fields["account.country"]["examples"] == ["DE"]
    [suggested] = [item for item in body["items"] if item["type"] == "opportunity.won"]
    assert suggested["fields"] == []
    assert suggested["last_at"] is None
    # Another event changes the shares: nothing is remembered for too long.
    await writer.publish({"type": kind, "record": {"id": "5"}})
    await samples(api, kind, 5)
    [item] = [item for item in (await api.get("/event-types")).json()["items"] if item["type"] == kind]
    assert {field["path"]: field["share"] for field in item["fields"]}["priority"] == 0.6


async def test_event_type_is_used_where_a_list_or_a_pattern_names_it(
    api: httpx.AsyncClient, writer: StreamWriter
) -> None:
    kind, other = kind_of_event(), kind_of_event()
    await writer.publish({"type": f"{other}.more", "record": {}})
    await samples(api, f"{other}.more", 1)
    document = {"name": "n", "trigger": {"event": [kind, f"{other}.*"]}, "actions": [], "status": "draft"}
    assert (await api.post("/automations", json=document)).status_code == 201
    used = {item["type"]: item["used"] for item in (await api.get("/event-types")).json()["items"]}
    assert used[kind] is True
    assert used[f"{other}.more"] is True
    assert not any(name.endswith("*") for name in used)


async def test_preview_says_which_of_the_last_events_match(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    kind = kind_of_event()
    for number in range(6):
        await writer.publish(
            {"type": kind, "record": {"id": str(number), "priority": "critical" if number % 2 else "low"}},
            key=b"one partition",
        )
    await samples(api, kind, 6)
    trigger = {"event": kind, "conditions": {"priority": "critical"}}
    body = (await api.post("/conditions/preview", json={"trigger": trigger})).json()
    assert (body["matched"], body["sampled"]) == (3, 6)
    assert [(item["event"]["record"]["id"], item["holds"]) for item in body["items"]] == [
        ("5", True),
        ("4", False),
        ("3", True),
        ("2", False),
        ("1", True),
        ("0", False),
    ]
    assert body["items"][0]["position"]["topic"] == "crm.events"
    more = {"trigger": trigger, "conditions": {"id": "5"}}
    assert (await api.post("/conditions/preview", json=more)).json()["matched"] == 1


async def test_preview_reads_patterns(api: httpx.AsyncClient, writer: StreamWriter) -> None:
    stem = uuid.uuid4().hex[:10]
    for kind in ("created", "updated"):
        await writer.publish({"type": f"{stem}.{kind}", "record": {"id": kind}})
        await samples(api, f"{stem}.{kind}", 1)
    body = (await api.post("/conditions/preview", json={"trigger": {"event": f"{stem}.*"}})).json()
    assert {item["event"]["type"] for item in body["items"]} == {f"{stem}.created", f"{stem}.updated"}
    assert body["matched"] == 2


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({}, ["/trigger"]),
        ({"trigger": {"event": "a b"}}, ["/trigger/event"]),
        ({"trigger": {"event": "a.b", "conditions": []}, "conditions": 7}, None),
        ({"trigger": {"event": "a.b"}, "actions": []}, ["/actions"]),
    ],
)
async def test_preview_refuses_what_saving_would(
    api: httpx.AsyncClient, body: dict[str, Any], pointers: list[str] | None
) -> None:
    answer = await api.post("/conditions/preview", json=body)
    assert answer.status_code == 422, answer.text
    named = [error["pointer"] for error in answer.json()["errors"]]
    assert named == pointers if pointers else "/conditions" in named


async def test_samples_go_on_where_another_process_left_off(
    postgres_settings: PostgresSettings, kafka_settings: KafkaSettings, api: httpx.AsyncClient, writer: StreamWriter
) -> None:
    """Two processes share the stream; what either keeps, both show."""
    kind = kind_of_event()
    async with running_api(postgres_settings, kafka_settings) as other:
        for number in range(24):
            await writer.publish({"type": kind, "record": {"id": str(number)}}, key=str(number).encode())
        await samples(other, kind, 24)
        await samples(api, kind, 24)
