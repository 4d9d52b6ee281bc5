"""The events of the demo CRM on a real Kafka: each change, with its cause, in order; no crash or outage loses one."""

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from embedded import kafka as embedded_kafka
from tests.support import crm_port_conformance as conformance
from tests.support.demo_crm_process import DemoCrmProcess
from tests.support.eventually import eventually
from tests.support.told import ToldReport

TOPIC = "crm.events"


@dataclass(frozen=True)
class Published:
    """One event as it lies on Kafka."""

    key: bytes
    attributes: dict[str, str]
    data: dict[str, object]

    @property
    def record(self) -> dict[str, object]:
        record = self.data["record"]
        assert isinstance(record, dict)
        return record


class EventReader:
    """Everything on `crm.events` that one demo CRM published, read without a group."""

    def __init__(self, consumer: AIOKafkaConsumer, source: str) -> None:
        self._consumer = consumer
        self._source = source
        self.events: list[Published] = []

    async def read(self) -> list[Published]:
        """Return all events so far, those of one record in the order of Kafka."""
        partitions = [TopicPartition(TOPIC, number) for number in self._consumer.partitions_for_topic(TOPIC) or ()]
        self._consumer.assign(partitions)
        ends = await self._consumer.end_offsets(partitions)
        for partition in partitions:
            self._consumer.seek(partition, 0)
        found: list[Published] = []
        left = {partition for partition in partitions if ends[partition] > 0}
        while left:
            batches = await self._consumer.getmany(*left, timeout_ms=500)
            for messages in batches.values():
                found += [_published(message.key, message.headers, message.value) for message in messages]
            left = {partition for partition in left if await self._consumer.position(partition) < ends[partition]}
        return [event for event in found if event.attributes["ce_source"] == self._source]


def _published(key: bytes, headers: list[tuple[str, bytes]], value: bytes) -> Published:
    return Published(key, {name: text.decode() for name, text in headers}, json.loads(value))


@pytest.fixture(scope="module")
async def bootstrap_servers(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[str]:
    """A Kafka of its own."""
    folder = tmp_path_factory.mktemp("engines")
    broker = await asyncio.to_thread(embedded_kafka.start, folder, report=ToldReport(), port=0)
    yield broker.bootstrap_servers
    await asyncio.to_thread(broker.stop)


@pytest.fixture
async def demo_crm(bootstrap_servers: str, tmp_path: Path) -> AsyncIterator[DemoCrmProcess]:
    """A demo CRM with a source of its own, ready to publish."""
    source = f"/crm/{uuid.uuid4().hex}"
    process = DemoCrmProcess(tmp_path / "data", bootstrap_servers, DEMO_CRM_SOURCE=source)
    try:
        await process.start()
        await process.wait_until_ready()
        yield process
    finally:
        await process.kill()


@pytest.fixture
async def reader(demo_crm: DemoCrmProcess, bootstrap_servers: str) -> AsyncIterator[EventReader]:
    """Reads what that demo CRM publishes."""
    consumer = AIOKafkaConsumer(TOPIC, bootstrap_servers=bootstrap_servers)
    await consumer.start()
    consumer.unsubscribe()
    yield EventReader(consumer, demo_crm.environment["DEMO_CRM_SOURCE"])
    await consumer.stop()


async def _read_at_least(reader: EventReader, count: int) -> list[Published]:
    async def look() -> list[Published] | None:
        events = await reader.read()
        return events if len(events) >= count else None

    events: list[Published] | None = await eventually(look)
    assert events is not None
    return events


async def test_each_kind_of_change_is_published(demo_crm: DemoCrmProcess, reader: EventReader) -> None:
    """A creation, a change, a stage, a queue, a task and a note are each told of, under the key of their record."""
    async with conformance.connect(demo_crm.url) as crm:
        opportunity = (await crm.post("/records/opportunity", json={"name": "Fleet", "stage": "proposal"})).json()
        path, reference = f"/records/opportunity/{opportunity['id']}", {"type": "opportunity", "id": opportunity["id"]}
        await crm.patch(path, json={"amount": 100})
        await crm.patch(path, json={"amount": 100})
        await crm.patch(path, json={"stage": "negotiation"})
        await crm.post("/queues/deal-desk/items", json={"record": reference})
        await crm.post("/queues/deal-desk/items", json={"record": reference})
        await crm.post("/tasks", json={"title": "Call", "record": reference})
        await crm.post("/notes", json={"text": "Called", "record": reference})
    events = await _read_at_least(reader, 7)
    own = [event for event in events if event.attributes["ce_subject"] == opportunity["id"]]
    assert [event.attributes["ce_type"] for event in own] == [
        "opportunity.created",
        "opportunity.updated",
        "opportunity.updated",
        "opportunity.stage_changed",
        "opportunity.updated",
    ]
    assert {event.key for event in own} == {f"default|opportunity/{opportunity['id']}".encode()}
    assert [event.data.get("changes") for event in own] == [
        None,
        {"amount": {"from": None, "to": 100}},
        {"stage": {"from": "proposal", "to": "negotiation"}},
        {"stage": {"from": "proposal", "to": "negotiation"}},
        {"queue": {"from": None, "to": "deal-desk"}},
    ]
    assert own[-1].record["queue"] == "deal-desk"
    others = {event.attributes["ce_type"] for event in events if event not in own}
    assert others == {"task.created", "note.created"}
    assert len(events) == 7
    assert len({event.attributes["ce_id"] for event in events}) == 7


async def test_effect_keeps_its_cause(demo_crm: DemoCrmProcess, reader: EventReader) -> None:
    """The event of an effect carries run, chain and depth unchanged, and the run as actor; a repeated key adds none."""
    headers = conformance.effect_headers() | {"Automations-Depth": "7"}
    async with conformance.connect(demo_crm.url) as crm:
        for _ in range(2):
            await crm.patch("/records/case/case-101", json={"priority": "critical"}, headers=headers)
        await crm.patch("/records/case/case-101", json={"priority": "low"})
    caused, other = await _read_at_least(reader, 2)
    assert caused.attributes["ce_causerun"] == headers["Automations-Run"]
    assert caused.attributes["ce_causechain"] == headers["Automations-Chain"]
    assert caused.attributes["ce_causedepth"] == "7"
    assert caused.data["actor"] == {"type": "automation", "id": headers["Automations-Run"]}
    assert not {name for name in other.attributes if name.startswith("ce_cause")}


async def test_seeding_and_refusals_publish_nothing(demo_crm: DemoCrmProcess, reader: EventReader) -> None:
    """Nothing is told of but changes."""
    async with conformance.connect(demo_crm.url) as crm:
        await crm.post("/tasks", json={})
        await crm.patch("/records/case/case-102", json={"priority": "low"})
        await crm.patch("/records/case/case-102", json={"priority": "high"})
    assert [event.attributes["ce_type"] for event in await _read_at_least(reader, 1)] == ["case.updated"]


async def test_no_answered_change_is_lost_by_a_kill(demo_crm: DemoCrmProcess, reader: EventReader) -> None:
    """Killed in the middle of many changes, the CRM publishes each one that it answered, in order, once it is back."""
    answered = 0
    killing: asyncio.Task[None] | None = None
    async with conformance.connect(demo_crm.url) as crm:
        try:
            for number in range(1, 100_000):
                (await crm.patch("/records/case/counted", json={"number": number})).raise_for_status()
                answered = number
                if number == 50:
                    killing = asyncio.create_task(demo_crm.kill())
        except httpx.TransportError:
            pass
    assert killing is not None
    await killing
    assert answered >= 50
    await demo_crm.start()
    events = await _read_at_least(reader, answered)
    first_seen = {event.attributes["ce_id"]: event.record["number"] for event in reversed(events)}
    numbers = list(reversed(first_seen.values()))
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(numbers) in (answered, answered + 1)


async def test_changes_of_an_outage_are_published_after_it(
    demo_crm: DemoCrmProcess, reader: EventReader, bootstrap_servers: str
) -> None:
    """While Kafka cannot be reached changes are answered; their events follow once it can."""
    await demo_crm.stop()
    demo_crm.environment["KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:1"
    await demo_crm.start()
    async with conformance.connect(demo_crm.url) as crm:
        for number in range(10):
            (await crm.patch("/records/case/counted", json={"number": number})).raise_for_status()
        assert (await crm.get("/readyz")).status_code == 503
    assert await demo_crm.stop() == 0
    assert await reader.read() == []
    demo_crm.environment["KAFKA_BOOTSTRAP_SERVERS"] = bootstrap_servers
    await demo_crm.start()
    events = await _read_at_least(reader, 10)
    assert [event.record["number"] for event in events] == list(range(10))
