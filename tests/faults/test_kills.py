"""`kill -9` of any service in the middle of its work: nothing is lost, nothing is done twice."""

import json
import uuid
from collections import Counter
from typing import Any

import pytest

from tests.support.counting_server import CountingServer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.journal_reading import load_journal
from tests.support.product import Product

RUNS = 500


@pytest.mark.parametrize("service", ["trigger-matcher", "executor", "notifier", "api"])
async def test_killed_service_loses_nothing_and_does_nothing_twice(
    product: Product, witness: CountingServer, service: str
) -> None:
    """500 runs of three steps; the service is killed while they are under way, and started again."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    actions: list[dict[str, Any]] = [
        {"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}", "body": {"id": "{{ record.id }}"}}},
        {"type": "notify_user", "params": {"user": "ines", "message": "{{ record.id }}"}},
        {"type": "call_webhook", "id": "last", "params": {"url": f"{witness.url}/{kind}/last"}},
    ]
    automation = await product.create({"event": kind}, actions)
    records = [f"{kind}-{number}" for number in range(RUNS)]

    def arrived(path: str) -> int:
        return sum(request.path == path for request in witness.received)

    # None of the first half completes before the kill: some wait for their last call, others have not begun.
    with witness.holding(f"/{kind}/last"):
        for record in records[: RUNS // 2]:
            await _send(product, kind, record)
        await product.producer.flush()
        await eventually(lambda: arrived(f"/{kind}") >= RUNS // 20)
        await product.kill(service)
    for record in records[RUNS // 2 :]:
        await _send(product, kind, record)
    await product.producer.flush()
    await product.restart(service)

    runs = await product.until_runs(automation["id"], RUNS, within_seconds=3 * PATIENCE_SECONDS)
    assert {run["record"]["id"] for run in runs} == set(records), "every event is accounted for"
    assert all([step["status"] for step in run["steps"]] == ["completed"] * 3 for run in runs)
    (await load_journal(product.stack.addresses.database_url, automation["id"])).check(RUNS, steps=3)
    keys = Counter(
        request.headers["idempotency-key"] for request in witness.received if request.path.startswith(f"/{kind}")
    )
    assert len(keys) == RUNS * 2


async def _send(product: Product, kind: str, record: str) -> None:
    event = {"type": kind, "event_id": record, "record": {"id": record}}
    await product.producer.send("crm.events", json.dumps(event).encode(), key=record.encode())
