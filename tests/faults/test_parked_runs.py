"""Runs that wait for people are rows: however many there are, a process holds nothing of them."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence

import psutil
import pytest

from automations.contracts.commands import StartRun
from automations.contracts.identity import task_id
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.postgres import PostgresSettings
from tests.support.commander import Commander
from tests.support.database import Database
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.service_process import ServiceProcess, running_service

RUNS = 10_000
AT_ONCE = 500
MORE_MEMORY_BYTES = 20 * 1024 * 1024
_PARKED = "SELECT count(*) FROM executor.runs WHERE automation_id = $1 AND status = 'running' AND process IS NULL"
_COMPLETED = "SELECT count(*) FROM executor.runs WHERE automation_id = $1 AND status = 'completed' AND process IS NULL"


@pytest.fixture(scope="module")
async def executor(kafka_settings: KafkaSettings, postgres_settings: PostgresSettings) -> AsyncIterator[ServiceProcess]:
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
    }
    async with running_service("executor", env) as process:
        yield process


@pytest.fixture(scope="module")
async def commander(kafka_settings: KafkaSettings) -> AsyncIterator[Commander]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield Commander(publisher)
    await publisher.stop()


async def test_parked_runs_cost_no_memory_and_all_are_completed(
    executor: ServiceProcess, commander: Commander, database: Database
) -> None:
    """10,000 runs are the first that an executor sees, and each waits for a person: it holds none of them. Every answer
    ends its run, and leaves nothing behind either."""
    process = psutil.Process(executor.pid)
    parking = Parking(executor, commander, database)
    idle_bytes = process.memory_info().rss
    commands = await parking.park(RUNS)
    await eventually(lambda: process.memory_info().rss - idle_bytes <= MORE_MEMORY_BYTES)
    await parking.complete(commands)
    await eventually(lambda: process.memory_info().rss - idle_bytes <= MORE_MEMORY_BYTES)


class Parking:
    """Parks runs on tasks, and completes them."""

    def __init__(self, executor: ServiceProcess, commander: Commander, database: Database) -> None:
        self._executor = executor
        self._commander = commander
        self._database = database

    async def park(self, number: int) -> list[StartRun]:
        """Start so many runs; return their commands once all wait and no process holds any."""
        task = {"id": "approve", "type": "human_task", "params": {"title": "Approve"}}
        automation_id, offset = await self._commander.define([task])
        commands = [self._commander.command(automation_id, offset) for _ in range(number)]
        for some in _in_parts(commands):
            await self._commander.start(*some)
        await self._until(_PARKED, commands)
        return commands

    async def complete(self, commands: Sequence[StartRun]) -> None:
        """Complete the tasks of all; return once all runs are completed."""
        for some in _in_parts(commands):
            await asyncio.gather(
                *(self._commander.complete(one.run_id, task_id(one.run_id, "approve"), {"ok": True}) for one in some)
            )
        await self._until(_COMPLETED, commands)

    async def _until(self, query: str, commands: Sequence[StartRun]) -> None:
        async def look() -> bool:
            found = await self._database.fetchval(query, commands[0].automation_id)
            assert found == len(commands), f"{found} of {len(commands)}"
            return await self._executor.metric("executor_active_runs") == 0

        await eventually(look, within_seconds=5 * PATIENCE_SECONDS)


def _in_parts(commands: Sequence[StartRun]) -> Iterator[Sequence[StartRun]]:
    return (commands[first : first + AT_ONCE] for first in range(0, len(commands), AT_ONCE))
