"""Matchers come, go and die under load: no event is missed, and none starts a second run."""

import asyncio
import json
import uuid
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.counting_server import CountingServer
from tests.support.eventually import PATIENCE_SECONDS, START_SECONDS, eventually
from tests.support.product import Product
from tests.support.service_process import ServiceProcess, running_service

AT_ONCE = 10
"""Events published together, again and again, until the last matcher has come and gone."""


async def test_matchers_that_join_leave_and_die_miss_no_event_and_start_none_twice(
    product: Product, witness: CountingServer
) -> None:
    """A second matcher joins and leaves in order, a third joins, the first is killed and comes back."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    step = {"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}", "body": {"id": "{{ record.id }}"}}}
    automation = await product.create({"event": kind}, [step])
    env = {"KAFKA_BOOTSTRAP_SERVERS": product.kafka_bootstrap_servers}
    async with publishing(product, kind) as published:
        async with running_service("trigger_matcher", env) as second:
            await until_it_reads(second)
            assert await second.stop() == 0
        async with running_service("trigger_matcher", env) as third:
            await until_it_reads(third)
            await product.kill("trigger-matcher")
            known = len(published)
            await eventually(lambda: len(published) > known)
            await product.restart("trigger-matcher")
            await until_it_reads(third)
            await third.kill()
        known = len(published)
        await eventually(lambda: len(published) > known)
    runs = await product.until_runs(automation["id"], len(published), within_seconds=3 * PATIENCE_SECONDS)
    assert Counter(run["record"]["id"] for run in runs) == Counter(published), "one run for every event"
    keys = Counter(request.headers["idempotency-key"] for request in witness.received if request.path == f"/{kind}")
    assert len(keys) == len(published), "and one effect for every run"


@asynccontextmanager
async def publishing(product: Product, kind: str) -> AsyncIterator[list[str]]:
    """Publish events without a pause while inside; yield the ids of the records that Kafka has acknowledged."""
    published: list[str] = []
    ended = asyncio.Event()

    async def publish() -> None:
        while not ended.is_set():
            some = [f"{kind}-{len(published) + number}" for number in range(AT_ONCE)]
            for record in some:
                event = {"type": kind, "event_id": record, "record": {"id": record}}
                await product.producer.send("crm.events", json.dumps(event).encode(), key=record.encode())
            await product.producer.flush()
            published.extend(some)
            # A request in between paces the load: the machine has processes to start meanwhile.
            await product.call("GET", "/automations?limit=1")

    task = asyncio.create_task(publish())
    try:
        yield published
    finally:
        ended.set()
        await task


async def until_it_reads(matcher: ServiceProcess) -> None:
    """Return when a matcher has read events that it had not read before."""
    before = await matcher.metric("trigger_matcher_events_read_total")

    async def reads() -> bool:
        return await matcher.metric("trigger_matcher_events_read_total") > before

    await eventually(reads, within_seconds=START_SECONDS)
