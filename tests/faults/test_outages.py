"""Kafka and PostgreSQL may go away while the product works: nothing is lost, nothing is done twice, nobody helps."""

import asyncio
import contextlib
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from tests.support.counting_server import CountingServer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.journal_reading import load_journal
from tests.support.own_engines import OwnEngines, own_engines
from tests.support.product import Product
from tests.support.running_product import running_product

LEAST_EVENTS = 300
SORTS = ("plain", "plain", "plain", "plain", "person", "time")
"""What becomes of an event, in turns."""
OUTAGE_SECONDS = 20.0


async def restart_postgres(engines: OwnEngines) -> None:
    await engines.stop_postgres()
    await engines.start_postgres()


async def restart_kafka(engines: OwnEngines) -> None:
    await engines.stop_kafka()
    await engines.start_kafka()


async def stop_both_for_long(engines: OwnEngines) -> None:
    await engines.stop()
    await asyncio.sleep(OUTAGE_SECONDS)
    await engines.start()


@pytest.fixture(scope="module")
async def engines() -> AsyncIterator[OwnEngines]:
    async with own_engines() as engines:
        yield engines


@pytest.fixture(scope="module")
async def product(
    engines: OwnEngines, witness: CountingServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Product]:
    async with running_product(engines.addresses, witness, tmp_path_factory.mktemp("outages")) as product:
        yield product


@pytest.mark.parametrize("outage", [restart_postgres, restart_kafka, stop_both_for_long])
async def test_outage_under_load_loses_nothing_and_doubles_nothing(
    product: Product, engines: OwnEngines, witness: CountingServer, outage: Callable[[OwnEngines], Awaitable[None]]
) -> None:
    """Events come all the while; runs call, wait for people and for times; no process ends, and all runs complete."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    automations = {sort: await _create(product, f"{witness.url}/{kind}", kind, sort) for sort in set(SORTS)}
    processes = product.stack.pids()
    async with publishing(product, kind) as published, completing_tasks(product, automations["person"]):
        await eventually(lambda: _arrived(witness, kind) > 20)
        await outage(engines)
        known = len(published)
        await eventually(lambda: len(published) > max(known, LEAST_EVENTS), within_seconds=3 * PATIENCE_SECONDS)
        await published.end()
        for sort, automation in automations.items():
            records = published.of(sort)
            runs = await product.until_runs(automation, len(records), within_seconds=3 * PATIENCE_SECONDS)
            assert Counter(run["record"]["id"] for run in runs) == Counter(records), "one run for every event"
    for sort, automation in automations.items():
        journal = await load_journal(product.stack.addresses.database_url, automation)
        journal.check(len(published.of(sort)), steps=3)
    keys = Counter(call.headers["idempotency-key"] for call in witness.received if call.path.startswith(f"/{kind}"))
    assert len(keys) == sum(len(published.of(sort)) * (3 if sort == "plain" else 2) for sort in automations)
    assert set(keys.values()) == {1}, "no process ended, so no call was repeated"
    assert product.stack.pids() == processes, "each process has outlived it"


async def _create(product: Product, url: str, kind: str, sort: str) -> str:
    call = {"type": "call_webhook", "params": {"url": url, "body": {"id": "{{ record.id }}"}}}
    middle: Mapping[str, dict[str, Any]] = {
        "plain": call,
        "person": {"type": "human_task", "params": {"title": "Approve"}},
        "time": {"type": "delay", "params": {"for": "3s"}},
    }
    automation = await product.create({"event": kind, "conditions": {"sort": sort}}, [call, middle[sort], call])
    return str(automation["id"])


def _arrived(witness: CountingServer, kind: str) -> int:
    return sum(call.path == f"/{kind}" for call in witness.received)


class Published(list[str]):
    """The ids of the records that Kafka has acknowledged events of, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.ended = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def of(self, sort: str) -> list[str]:
        """Return those that an automation is to start a run for."""
        return [record for record in self if record.startswith(f"{sort}-")]

    async def end(self) -> None:
        """Have no more events published."""
        self.ended.set()
        assert self.task is not None
        await self.task


@asynccontextmanager
async def publishing(product: Product, kind: str) -> AsyncIterator[Published]:
    """Publish a few events at a time, again and again; as every publisher of the product it waits an outage out."""
    publisher = Publisher(KafkaSettings(bootstrap_servers=product.kafka_bootstrap_servers), "test")
    await publisher.start()
    published = Published()

    async def publish() -> None:
        while not published.ended.is_set():
            some = [f"{sort}-{len(published) + number}" for number, sort in enumerate(SORTS)]
            await publisher.publish_all([_event(kind, record) for record in some])
            published.extend(some)
            await asyncio.sleep(0.1)

    published.task = asyncio.create_task(publish())
    try:
        yield published
    finally:
        await published.end()
        await publisher.stop()


def _event(kind: str, record: str) -> Record:
    event = {"type": kind, "event_id": record, "record": {"id": record, "sort": record.partition("-")[0]}}
    return Record("crm.events", record.encode(), json.dumps(event).encode())


@asynccontextmanager
async def completing_tasks(product: Product, automation_id: str) -> AsyncIterator[None]:
    """Complete tasks as they open; who gets an error during an outage tries again later, as people do."""

    async def complete() -> None:
        while True:
            with contextlib.suppress(httpx.TransportError):
                listed = await product.client.get(f"/api/v1/tasks?automation_id={automation_id}&limit=50")
                tasks = listed.json()["items"] if listed.is_success else []
                for task in tasks:
                    await product.client.post(f"/api/v1/tasks/{task['id']}/complete", json={"output": {}})
            await asyncio.sleep(0.2)

    task = asyncio.create_task(complete())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
