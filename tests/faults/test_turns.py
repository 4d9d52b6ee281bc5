"""Turns are kept while executors join, leave and die under load."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from automations.contracts.commands import StartRun
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.postgres import PostgresSettings
from tests.support.commander import Commander
from tests.support.consumer_groups import load_group
from tests.support.database import Database
from tests.support.eventually import PATIENCE_SECONDS, START_SECONDS, eventually
from tests.support.service_process import ServiceProcess
from tests.support.turn_witness import Noted, TurnWitness, find_breaches, turn_witness

RECORDS = 200
EVENTS = 50
STEPS = 2
BEHIND = 8
"""Events of a record that are published at the most before the first of them has led to a call."""


@pytest.fixture
async def witness() -> AsyncIterator[TurnWitness]:
    async with turn_witness() as witness:
        yield witness


@pytest.fixture
async def commander(kafka_settings: KafkaSettings) -> AsyncIterator[Commander]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield Commander(publisher)
    await publisher.stop()


@pytest.fixture
async def executors(
    kafka_settings: KafkaSettings, postgres_settings: PostgresSettings, witness: TurnWitness
) -> AsyncIterator[list[ServiceProcess]]:
    """Three executors, of which the first one runs."""
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "KAFKA_PARTITIONS": str(kafka_settings.partitions),
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
        "WEBHOOK_ALLOWED_HOSTS": urlsplit(witness.url).netloc,
        "MAX_STARTS_PER_RECORD_MINUTE": "0",
    }
    executors = [ServiceProcess("executor", env) for _ in range(3)]
    await executors[0].start()
    yield executors
    for process in executors:
        if process.exit_status is None:
            await process.kill()


async def test_runs_for_one_record_never_overlap_nor_overtake_whoever_performs_them(
    commander: Commander,
    witness: TurnWitness,
    executors: list[ServiceProcess],
    database: Database,
    kafka_settings: KafkaSettings,
) -> None:
    """200 records, 50 events each, two calls for each event: an independent server sees every record in its order."""
    changes = Changes(executors, kafka_settings)
    load = Load(commander, witness, *await commander.define([call(witness, step) for step in range(STEPS)]))
    in_turn = (changes.join, changes.die, changes.come_back, changes.leave, changes.join_again)
    part = EVENTS // len(in_turn)
    for number, change in enumerate(in_turn):
        await load.publish(range(number * part, (number + 1) * part), change)
        assert find_breaches(witness.noted) == []

    async def ended() -> bool:
        rows = await database.fetch(
            "SELECT status, turn, count(*) FROM executor.runs WHERE automation_id = $1 GROUP BY 1, 2",
            load.automation_id,
        )
        found = {(row["status"], row["turn"]): row["count"] for row in rows}
        assert found == {("completed", None): RECORDS * EVENTS}, found
        return True

    await eventually(ended, within_seconds=3 * PATIENCE_SECONDS)
    assert find_breaches(witness.noted) == []
    assert len(witness.calls) == RECORDS * EVENTS * STEPS
    again = Counter(record for (record, _, _), calls in witness.calls.items() if calls > 1)
    assert set(again.values()) <= {1}, "of each record, at most the one call in flight is repeated after the kill"
    assert max(witness.calls.values()) <= 2


class Changes:
    """What befalls three executors, of which the first one runs."""

    def __init__(self, executors: list[ServiceProcess], kafka_settings: KafkaSettings) -> None:
        self._first, self._second, self._third = executors
        self._kafka_settings = kafka_settings

    async def join(self) -> None:
        await self._second.start()
        await self._third.start()
        await self._until_all_read(3)

    async def die(self) -> None:
        await eventually(lambda: self._first.metric("executor_active_runs"))
        await self._first.kill()

    async def come_back(self) -> None:
        await self._first.start()
        await self._until_all_read(3)

    async def leave(self) -> None:
        assert await self._second.stop() == 0
        await self._until_all_read(2)

    async def join_again(self) -> None:
        await self._second.start()

    async def _until_all_read(self, members: int) -> None:
        """Return when so many executors share the commands, each with partitions of its own."""

        async def look() -> bool:
            group = await load_group(self._kafka_settings.bootstrap_servers, "executor")
            return group.state == "Stable" and len(group.members) == members and all(group.members.values())

        await eventually(look, within_seconds=START_SECONDS)


class Load:
    """Events of every record, by their numbers."""

    def __init__(self, commander: Commander, witness: TurnWitness, automation_id: str, offset: int) -> None:
        self._commander = commander
        self._witness = witness
        self.automation_id = automation_id
        self._offset = offset

    async def publish(self, numbers: range, meanwhile: Callable[[], Awaitable[None]]) -> None:
        """Publish these events of every record, a few ahead of the calls and no more; then see the change through."""
        changing = asyncio.ensure_future(meanwhile())
        for number in numbers:
            await self._commander.start(*(self._command(f"r{record}", number) for record in range(RECORDS)))
            await self._until_called(max(0, number + 1 - BEHIND) * RECORDS * STEPS)
        await changing

    async def _until_called(self, calls: int) -> None:
        await eventually(lambda: len(self._witness.calls) >= calls, within_seconds=START_SECONDS)

    def _command(self, record: str, number: int) -> StartRun:
        start = self._commander.command(
            self.automation_id, self._offset, order_key=f"{self.automation_id}|case/{record}"
        )
        start.event.record.update(id=record, number=number)
        return start


@pytest.mark.parametrize(
    ("noted", "breach"),
    [
        ([("r", 0, 0, True), ("r", 1, 0, True)], "began while"),
        ([("r", 0, 0, True), ("r", 0, 1, True)], "began while"),
        ([("r", 1, 0, True), ("r", 1, 0, False), ("r", 0, 1, True)], "began after"),
        ([("r", 0, 1, True), ("r", 0, 1, False), ("r", 0, 0, True)], "began after"),
    ],
)
def test_witness_sees_calls_that_overlap_or_come_out_of_turn(
    noted: list[tuple[str, int, int, bool]], breach: str
) -> None:
    [found] = find_breaches([Noted(*one) for one in noted])
    assert breach in found


def test_witness_lets_other_records_and_repeated_calls_pass() -> None:
    noted = [("r", 0, 0, True), ("s", 7, 0, True), ("r", 0, 0, True), ("r", 0, 0, False), ("r", 0, 0, False)]
    assert find_breaches([Noted(*one) for one in [*noted, ("r", 1, 0, True)]]) == []


def call(witness: TurnWitness, step: int) -> dict[str, Any]:
    url = f"{witness.url}/{{{{ record.id }}}}/{{{{ record.number }}}}/{step}"
    return {"id": f"call_{step}", "type": "call_webhook", "params": {"url": url}}
