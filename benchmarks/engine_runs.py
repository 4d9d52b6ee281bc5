"""The engine alone, in a process of its own: start commands in, three durable steps each, ended runs out.

`python -m benchmarks.engine_runs URL RUNS` performs so many runs as fast as they go, then some at a steady rate, each
at the word of who started it, and prints what it measured as JSON. Everything is the executor's own — acceptance, the
run's state machine, the runner, the journal with its lease and its group commit — but for three parts, named here:
effects cost nothing, facts are published nowhere, and definitions come from no topic.
"""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from time import perf_counter
from typing import Any, Final

import asyncpg
import uvloop
from aiokafka import ConsumerRecord
from aiokafka.structs import RecordMetadata

from automations.clock import utc_now
from automations.contracts.commands import StartRun, TriggerEvent
from automations.contracts.definitions import AutomationDefined, LiveDocument
from automations.contracts.identity import run_id
from automations.contracts.topics import RUN_COMMANDS
from automations.contracts.wire import encode
from automations.messaging.publisher import Record
from automations.messaging.room import Room
from automations.migrations import migrate
from automations.observability import configure_logging
from automations.postgres import PostgresSettings, open_pool
from automations.service import calm_garbage_collection
from benchmarks.together import wait_for_the_word
from executor.engine.inputs import EffectSucceeded
from executor.engine.outcomes import Effect
from executor.engine.run import Run
from executor.enrolment.accept import Acceptor
from executor.enrolment.decide import Definitions
from executor.enrolment.loop_guard import LoopGuard
from executor.gate import Outcome
from executor.journal.lease import Lease
from executor.journal.past_starts import PastStarts
from executor.journal.sql import queries
from executor.journal.store import MIGRATIONS, SCHEMA, Journal
from executor.journal.versions import Versions
from executor.publication import Publication
from executor.runner import Runner

WARM_UP: Final = 2_000
BATCH: Final = 500
MAX_ACTIVE: Final = 5_000
STEADY_RUNS: Final = 100
STEADY_RATE: Final = 10.0
_AUTOMATION: Final = "bench"
_TENANT: Final = "default"
_MOST_A_MINUTE: Final = 10


class CostlessGate:
    """A gate whose other side answers at once."""

    def answer_at_once(self, _run: Run, effect: Effect) -> Outcome:
        answer = {"status": 200, "headers": {}, "body": {"ok": True}}
        return EffectSucceeded(path=effect.path, attempt=effect.attempt, answer=answer, at=utc_now())


class SilentPublisher:
    """A publisher whose broker has everything at once."""

    async def publish_all(self, _records: Sequence[Record]) -> list[RecordMetadata]:
        return []


class NoFollower:
    """A follower that is never behind."""

    async def catch_up_to(self, _offset: int) -> None:
        return


class Engine:
    """An executor without Kafka."""

    def __init__(self, runner: Runner, room: Room, acceptor: Acceptor) -> None:
        self._runner = runner
        self._room = room
        self._acceptor = acceptor
        self._made = 0

    def commands(self, count: int) -> list[ConsumerRecord[Any, Any]]:
        """Return so many start commands that were not given before, each for a record of its own."""
        first, self._made = self._made, self._made + count
        now = utc_now()
        return [_command(number, now) for number in range(first, first + count)]

    async def perform(self, commands: Sequence[ConsumerRecord[Any, Any]]) -> float:
        """Return the seconds until all runs of these commands have ended, durably."""
        started = perf_counter()
        for first in range(0, len(commands), BATCH):
            await self._room.until_open()
            await self._acceptor.accept(commands[first : first + BATCH])
        while self._runner.active:
            await asyncio.sleep(0.001)
        return perf_counter() - started

    async def latencies(self) -> list[float]:
        """Return for runs begun at a steady rate the milliseconds from command to durable end."""
        commands = self.commands(STEADY_RUNS)
        found = []
        started = perf_counter()
        for number, command in enumerate(commands):
            await asyncio.sleep(max(0.0, started + number / STEADY_RATE - perf_counter()))
            found.append(await self.perform([command]) * 1000)
        return found


def _command(number: int, now: datetime) -> ConsumerRecord[Any, Any]:
    cause = f"event:bench-{os.getpid()}:{number}"
    record = {"id": f"case-{number}", "name": f"Case {number}", "priority": "critical", "region": "EMEA"}
    start = StartRun(
        run_id=run_id(_TENANT, _AUTOMATION, "live", cause),
        tenant_id=_TENANT,
        automation_id=_AUTOMATION,
        version=1,
        lane="live",
        cause=cause,
        order_key=f"{_AUTOMATION}|{_TENANT}|case|case-{number}",
        definitions_offset=0,
        event=TriggerEvent(
            id=str(number), type="case.created", time=now, object="case", record_id=f"case-{number}", record=record
        ),
        event_digest="0" * 64,
        decided_at=now,
    )
    value = encode(start)
    return ConsumerRecord(RUN_COMMANDS.name, 0, number, 0, 0, None, value, None, 0, len(value), ())


def _definition() -> AutomationDefined:
    step = {"url": "http://127.0.0.1:1/", "body": {"name": "{{ record.name }}", "id": "{{ record.id }}"}}
    document = {
        "name": "bench",
        "trigger": {"event": "case.created"},
        "actions": [{"id": f"step_{place}", "type": "call_webhook", "params": step} for place in range(3)],
    }
    return AutomationDefined(
        tenant_id=_TENANT,
        automation_id=_AUTOMATION,
        revision=1,
        status="active",
        live=LiveDocument(version=1, document=document),
    )


@asynccontextmanager
async def _running(database_url: str) -> AsyncIterator[Engine]:
    settings = PostgresSettings.model_validate({"database_url": database_url})
    async with AsyncExitStack() as stack:
        await migrate(settings, SCHEMA, MIGRATIONS)
        pool = await stack.enter_async_context(open_pool(settings, SCHEMA))
        publisher: Any = SilentPublisher()
        gate: Any = CostlessGate()
        follower: Any = NoFollower()
        lease = Lease(pool, queries, f"bench:{os.getpid()}")
        journal, versions, definitions = Journal(pool, lease), Versions(pool), Definitions()
        publication = Publication(publisher)
        room = Room(MAX_ACTIVE)
        runner = Runner(journal, versions, gate, publication, _fail, room)
        definition = _definition()
        definitions.take(_TENANT, _AUTOMATION, definition)
        versions.take(definition)
        await versions.save()
        await lease.take()
        background = [asyncio.create_task(work) for work in (lease.keep(), journal.run(), publication.run())]
        try:
            guard = LoopGuard(_MOST_A_MINUTE)
            acceptor = Acceptor(journal, versions, definitions, follower, runner, publisher, guard, PastStarts(pool))
            yield Engine(runner, room, acceptor)
        finally:
            for task in background:
                task.cancel()
            await asyncio.gather(*background, return_exceptions=True)
            await lease.end()


def _fail(error: BaseException) -> None:
    raise error


async def _row_bytes(database_url: str) -> dict[str, float]:
    connection = await asyncpg.connect(database_url)
    try:
        row = await connection.fetchrow(
            "SELECT count(*) AS rows, avg(octet_length(input)) AS input, avg(coalesce(octet_length(fact), 0)) AS fact,"
            f" (SELECT count(*) FROM {SCHEMA}.runs WHERE status = 'completed') AS completed FROM {SCHEMA}.journal"
        )
    finally:
        await connection.close()
    assert row is not None
    return {name: float(value) for name, value in row.items()}


async def _measure(database_url: str, runs: int) -> dict[str, Any]:
    async with _running(database_url) as engine:
        calm_garbage_collection()
        await engine.perform(engine.commands(WARM_UP))
        commands = engine.commands(runs)
        await asyncio.to_thread(wait_for_the_word)
        cpu = os.times()
        seconds = await engine.perform(commands)
        after = os.times()
        await asyncio.to_thread(wait_for_the_word)
        latencies = await engine.latencies()
    rows = await _row_bytes(database_url)
    return {
        "seconds": seconds,
        "cpu_seconds": after.user - cpu.user + after.system - cpu.system,
        "latencies_ms": latencies,
        **rows,
    }


if __name__ == "__main__":
    configure_logging("bench", "WARNING")
    print(json.dumps(uvloop.run(_measure(sys.argv[1], int(sys.argv[2])))))
