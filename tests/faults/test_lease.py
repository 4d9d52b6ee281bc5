"""An executor that was stopped for long writes nothing after it wakes: its runs belong to another."""

import asyncio
import json
import signal
import uuid
from typing import Any

import asyncpg

from tests.support.counting_server import CountingServer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.product import Product

RUNS = 100


async def everything_written(product: Product) -> Any:
    """Return a digest of all that executors have written about runs."""
    connection = await asyncpg.connect(product.stack.addresses.database_url)
    try:
        return await connection.fetchrow(
            """
            SELECT (SELECT md5(string_agg(md5(run_id::text || seq || state::text), '' ORDER BY run_id))
                    FROM executor.runs) AS runs,
                   (SELECT count(*) FROM executor.journal) AS entries,
                   (SELECT count(*) FROM executor.starts) AS starts
            """
        )
    finally:
        await connection.close()


async def test_stopped_executor_writes_nothing_after_another_took_over(
    product: Product, witness: CountingServer
) -> None:
    """SIGSTOP for 20 s while runs are under way; a second executor completes them; the first wakes and ends."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    hooks = [{"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}"}} for _ in range(3)]
    automation = await product.create({"event": kind}, hooks)
    with witness.holding(f"/{kind}"):
        for number in range(RUNS):
            event = {"type": kind, "event_id": str(number), "record": {"id": f"r{number}"}}
            await product.producer.send("crm.events", json.dumps(event).encode(), key=str(number).encode())
        await product.producer.flush()

        def under_way() -> int:
            return sum(request.path == f"/{kind}" for request in witness.received)

        await eventually(lambda: under_way() >= RUNS // 2)
        second = await asyncio.to_thread(product.stack.add, "executor")
        stopped = product.stack.pid("executor")
        await asyncio.to_thread(product.stack.kill, "executor", signal.SIGSTOP)
        stopped_at = asyncio.get_running_loop().time()
    try:
        await product.until_runs(automation["id"], RUNS, within_seconds=2 * PATIENCE_SECONDS)
        await asyncio.sleep(max(0.0, stopped_at + 20 - asyncio.get_running_loop().time()))
        before = await everything_written(product)
        effects = len(witness.received)
        await asyncio.to_thread(product.stack.kill, "executor", signal.SIGCONT)

        async def has_ended() -> bool:
            return product.stack.pid("executor") != stopped

        await eventually(has_ended)
        assert await everything_written(product) == before
        assert len(witness.received) == effects
    finally:
        await product.restart("executor")
        await asyncio.to_thread(product.stack.halt, second)
    runs = await product.until_runs(automation["id"], RUNS)
    assert all(len(run["steps"]) == 3 for run in runs)
