"""Destinations that hang hold up nobody else, and however much waits for them, the executor's memory is bounded."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, ExitStack

import psutil
import pytest

from automations.contracts.commands import StartRun
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.postgres import PostgresSettings
from tests.support.commander import Commander, webhook
from tests.support.consumer_groups import load_group
from tests.support.counting_server import CountingServer, counting_server
from tests.support.database import Database
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.service_process import ServiceProcess, running_service

MAX_ACTIVE_RUNS = 200
PLACES = 20
BATCH = 500
"""How many starts come in one batch at the most."""
MORE_MEMORY_BYTES = 64 * 1024 * 1024
_LAG = 'reader_lag_records{group="executor",topic="automations.run-commands"}'
_COMPLETED = "SELECT count(*) FROM executor.runs WHERE automation_id = ANY($1) AND status = 'completed'"
_ACCEPTED = "SELECT count(*) FROM executor.runs WHERE automation_id = ANY($1)"
_PUT_OFF = "SELECT count(*) FROM executor.calls_put_off JOIN executor.runs USING (run_id) WHERE automation_id = ANY($1)"
_WHEREABOUTS = """
SELECT count(*), status, process IS NULL AS is_free, turn, seq, destination,
       (SELECT string_agg(key, ',') FROM executor.timers WHERE timers.run_id = runs.run_id) AS timers
FROM executor.runs FULL JOIN executor.calls_put_off USING (run_id) GROUP BY 2, 3, 4, 5, 6, 7
"""


@pytest.fixture(scope="module")
async def servers() -> AsyncIterator[list[CountingServer]]:
    """Destinations: as many as it takes for all of them together to use up the executor's room."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(counting_server()) for _ in range(8)]


@pytest.fixture(scope="module")
async def executor(
    kafka_settings: KafkaSettings, postgres_settings: PostgresSettings, servers: list[CountingServer]
) -> AsyncIterator[ServiceProcess]:
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
        "WEBHOOK_ALLOWED_HOSTS": ",".join(f"127.0.0.1:{server.port}" for server in servers),
        "MAX_ACTIVE_RUNS": str(MAX_ACTIVE_RUNS),
        "CALLS_PER_DESTINATION": str(PLACES),
        "EFFECT_TIMEOUT_SECONDS": "600",
    }
    async with running_service("executor", env) as process:
        yield process


@pytest.fixture(scope="module")
async def commander(kafka_settings: KafkaSettings) -> AsyncIterator[Commander]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield Commander(publisher)
    await publisher.stop()


async def starts(commander: Commander, server: CountingServer, number: int) -> list[StartRun]:
    """Return so many commands that start a run with one call of the server."""
    automation_id, offset = await commander.define([webhook(server)])
    return [commander.command(automation_id, offset) for _ in range(number)]


async def count(database: Database, query: str, commands: Sequence[StartRun]) -> int:
    found: int = await database.fetchval(query, list({command.automation_id for command in commands}))
    return found


async def _all_but_few_are_put_off(executor: ServiceProcess, database: Database, commands: Sequence[StartRun]) -> bool:
    """Whether those in memory are as many as have a place, and as many again; the metric tells of the others."""
    put_off, told = await count(database, _PUT_OFF, commands), await executor.metric("executor_put_off_runs")
    whereabouts = [dict(row) for row in await database.fetch(_WHEREABOUTS)]
    assert (put_off, told) == (len(commands) - 2 * PLACES,) * 2, whereabouts
    return True


async def _is(database: Database, run_id: str, column: str, value: str) -> bool:
    found: bool | None = await database.fetchval(
        f"SELECT {column} = $2 FROM executor.runs WHERE run_id = $1::uuid",
        run_id,
        value,
    )
    return found is True


async def test_runs_that_go_elsewhere_complete_while_a_destination_hangs(
    executor: ServiceProcess,
    commander: Commander,
    servers: list[CountingServer],
    database: Database,
) -> None:
    """2,000 runs wait for a destination that hangs, 500 started after them complete; then the 2,000 do, once each."""
    hanging, good = servers[:2]
    late, prompt = await starts(commander, hanging, 2_000), await starts(commander, good, 500)
    with hanging.holding("/hook"):
        await commander.start(*late)
        await eventually(lambda: hanging.received)
        await commander.start(*prompt)

        async def prompt_ones_completed() -> bool:
            return await count(database, _COMPLETED, prompt) == len(prompt)

        await eventually(prompt_ones_completed)
        assert await count(database, _COMPLETED, late) == 0
        assert len(hanging.received) == PLACES

        async def late_ones_were_given_up() -> bool:
            assert await count(database, _ACCEPTED, late) == len(late)
            assert await executor.metric("executor_active_runs") <= 2 * PLACES
            assert await executor.metric("executor_crowded_destinations") == 1
            return await _all_but_few_are_put_off(executor, database, late)

        await eventually(late_ones_were_given_up)

    async def late_ones_completed() -> bool:
        return await count(database, _COMPLETED, late) == len(late)

    await eventually(late_ones_completed, within_seconds=2 * PATIENCE_SECONDS)
    assert set(Counter(hanging.keys()).values()) == {1}, "a call that waited was made once"


async def test_calls_that_were_put_off_outlive_the_process(
    executor: ServiceProcess,
    commander: Commander,
    servers: list[CountingServer],
    database: Database,
) -> None:
    """The executor is killed while calls wait. Those that never left are made once, though they are to be made at most
    once; of the others nobody can tell."""
    hanging = servers[2]
    automation_id, offset = await commander.define([{**webhook(hanging), "at_most_once": True}])
    commands = [commander.command(automation_id, offset) for _ in range(500)]
    with hanging.holding("/hook"):
        await commander.start(*commands)
        await eventually(lambda: _all_but_few_are_put_off(executor, database, commands))
        await executor.kill()
    await executor.start()

    async def all_ended() -> bool:
        ended = "SELECT count(*) FROM executor.runs WHERE automation_id = ANY($1) AND status <> 'running'"
        return await count(database, ended, commands) == len(commands)

    await eventually(all_ended, within_seconds=2 * PATIENCE_SECONDS)
    assert await count(database, _COMPLETED, commands) >= len(commands) - 2 * PLACES
    assert set(Counter(hanging.keys()).values()) == {1}


async def test_run_whose_call_is_put_off_keeps_its_turn_and_can_be_cancelled(
    executor: ServiceProcess,
    commander: Commander,
    servers: list[CountingServer],
    database: Database,
) -> None:
    """What is queued behind it begins nothing meanwhile. A call that was put off and is cancelled is never made."""
    hanging, good = servers[3:5]
    automation_id, offset = await commander.define([webhook(hanging), webhook(good)])
    commands = [commander.command(automation_id, offset) for _ in range(200)]
    with hanging.holding("/hook"):
        await commander.start(*commands)
        await eventually(lambda: _all_but_few_are_put_off(executor, database, commands))
        [waiting, cancelled] = await database.fetch(
            "SELECT run_id::text, order_key FROM executor.calls_put_off JOIN executor.runs USING (run_id)"
            " WHERE automation_id = $1 LIMIT 2",
            automation_id,
        )
        second = commander.command(automation_id, offset, order_key=waiting["order_key"])
        await commander.start(second)
        await eventually(lambda: _is(database, second.run_id, "turn", "queued"))
        await commander.cancel(cancelled["run_id"])
        await eventually(lambda: _is(database, cancelled["run_id"], "status", "cancelled"))
        assert await _is(database, waiting["run_id"], "turn", "held")
    commands.append(second)

    async def all_but_one_completed() -> bool:
        return await count(database, _COMPLETED, commands) == len(commands) - 1

    await eventually(all_but_one_completed, within_seconds=2 * PATIENCE_SECONDS)
    called = [request.headers["automations-run"] for request in hanging.received]
    assert cancelled["run_id"] not in called
    assert set(Counter(called).values()) == {1}
    first_ended = next(
        place for place, request in enumerate(good.received) if request.headers["automations-run"] == waiting["run_id"]
    )
    assert second.run_id not in {request.headers["automations-run"] for request in good.received[:first_ended]}


async def test_starts_wait_on_kafka_while_every_place_is_taken(
    executor: ServiceProcess,
    commander: Commander,
    servers: list[CountingServer],
    database: Database,
    kafka_settings: KafkaSettings,
) -> None:
    """So many destinations hang that there is no room for more runs: the executor pauses, and loses neither its
    partitions nor a start."""
    process = psutil.Process(executor.pid)
    before, idle_bytes = await load_group(kafka_settings.bootstrap_servers, "executor"), process.memory_info().rss
    commands: list[StartRun] = []
    with ExitStack() as hanging:
        for server in servers:
            server.received.clear()
            hanging.enter_context(server.holding("/hook"))
            commands += await starts(commander, server, 800)
        interleaved = [one for place in range(800) for one in commands[place::800]]
        await commander.start(*interleaved)
        await eventually(lambda: all(len(server.received) == PLACES for server in servers))

        async def pauses() -> bool:
            assert await executor.metric('reader_paused{group="executor"}') == 1
            return await executor.metric(_LAG) > 0

        await eventually(pauses)
        assert await executor.metric("executor_active_runs") <= MAX_ACTIVE_RUNS + BATCH
        assert await count(database, _ACCEPTED, commands) < len(commands)
        assert process.memory_info().rss - idle_bytes < MORE_MEMORY_BYTES

    async def all_completed() -> bool:
        return await count(database, _COMPLETED, commands) == len(commands)

    await eventually(all_completed, within_seconds=3 * PATIENCE_SECONDS)
    keys = Counter(request.headers["idempotency-key"] for server in servers for request in server.received)
    assert len(keys) == len(commands)
    assert set(keys.values()) == {1}
    assert await load_group(kafka_settings.bootstrap_servers, "executor") == before, "no partition moved"
