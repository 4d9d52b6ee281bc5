"""Runs of one automation for one record take turns, on real Kafka and PostgreSQL, with a real HTTP peer."""

from typing import Any

import asyncpg

from automations.clock import utc_now
from automations.contracts.commands import StartRun
from automations.contracts.definitions import SandboxSwitched, switch_key
from automations.contracts.identity import run_id, task_id
from automations.contracts.results import RunAdvanced
from automations.contracts.topics import DEFINITIONS
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from automations.postgres import PostgresSettings
from tests.support.commander import TENANT, Commander, webhook
from tests.support.counting_server import CountingServer, Received
from tests.support.database import Database, until_waits_for_a_lock
from tests.support.eventually import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stream import ResultsTail


def call(own: str, server: CountingServer, **fields: Any) -> dict[str, Any]:
    return {**webhook(server, f"/{own}"), "id": own, **fields}


async def commands(commander: Commander, actions: list[dict[str, Any]], number: int, **document: Any) -> list[StartRun]:
    """Return commands of a new automation for one record."""
    automation, offset = await commander.define(actions, **document)
    return [commander.command(automation, offset, order_key=f"{automation}|case/one") for _ in range(number)]


def called(server: CountingServer, *runs: StartRun) -> list[tuple[int, str]]:
    """Return the calls of these runs as they came: the number of the run, and the path."""
    numbers = {command.run_id: number for number, command in enumerate(runs)}
    return [
        (numbers[request.headers["automations-run"]], request.path)
        for request in server.received
        if request.headers.get("automations-run") in numbers
    ]


async def until_turn(database: Database, command: StartRun, turn: str | None) -> None:
    """Return once the run's row says so of its turn, and names no process."""

    async def look() -> bool:
        row = await database.fetchrow("SELECT turn, process FROM executor.runs WHERE run_id = $1", command.run_id)
        assert row is not None, "no such run yet"
        assert (row["turn"], row["process"]) == (turn, None)
        return True

    await eventually(look)


async def test_runs_for_one_record_are_performed_one_after_the_other_in_the_order_of_their_commands(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Each performs all of its steps before the next one begins its first; those that wait say what for."""
    runs = await commands(commander, [call("one", server), call("two", server)], 6)
    with server.holding("/one"):
        await commander.start(*runs)
        [waits] = [(await results.until_waiting(one.run_id)).waiting for one in runs[5:]]
        # That the last one waits may be told before the call of the first one has arrived.
        await eventually(lambda: called(server, *runs))
        assert called(server, *runs) == [(0, "/one")]
    assert waits is not None
    assert (waits.for_, waits.path, waits.task_id, waits.due_at) == ("turn", None, None, None)
    facts = [await results.until_ended(one.run_id) for one in runs]
    assert called(server, *runs) == [(number, path) for number in range(6) for path in ("/one", "/two")]
    for own in facts:
        assert sorted({fact.seq for fact in own}) == list(range(1, own[-1].seq + 1))
        assert own[-1].status == "completed"
    assert facts[3][0].start is not None
    assert facts[3][0].start.event == runs[3].event


async def test_runs_for_other_records_and_without_one_do_not_wait(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define([call("wide", server)])
    keys = [f"{automation}|case/a", f"{automation}|case/b", None, None]
    runs = [commander.command(automation, offset, order_key=key) for key in keys]
    with server.holding("/wide"):
        await commander.start(*runs)
        await eventually(lambda: len(called(server, *runs)) == len(runs))
    for one in runs:
        await results.until_ended(one.run_id)


async def test_parked_run_gives_its_turn_away_and_takes_it_again_before_newer_ones(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """The first run waits for a person, the second one begins; when the first wakes, it comes before the third."""
    ask = {"id": "ask", "type": "human_task", "when": {"name": "asks"}}
    actions = [call("early", server), ask, call("late", server)]
    runs = await commands(commander, actions, 3)
    runs[0].event.record["name"] = "asks"
    await commander.start(runs[0])
    await results.until_waiting(runs[0].run_id)
    await until_turn(database, runs[0], None)
    with server.holding("/late"):
        await commander.start(runs[1])
        await eventually(lambda: (1, "/late") in called(server, *runs))
        await commander.start(runs[2])
        await until_turn(database, runs[2], "queued")
        await commander.complete(runs[0].run_id, task_id(runs[0].run_id, "ask"), {})
        await until_turn(database, runs[0], "queued")
        assert len(called(server, *runs)) == 3
    for one in runs:
        assert (await results.until_ended(one.run_id))[-1].status == "completed"
    assert called(server, *runs)[3:] == [(0, "/late"), (2, "/early"), (2, "/late")]


async def test_time_that_comes_for_a_queued_run_waits_in_its_inbox_with_it(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """A delay is over while another run has the turn: the time is no timer any more, and counts once it is its turn."""
    wait = {"id": "wait", "type": "delay", "params": {"for": "3s"}, "when": {"name": "waits"}}
    runs = await commands(commander, [wait, call("timed", server)], 2)
    runs[0].event.record["name"] = "waits"
    with server.holding("/timed"):
        await commander.start(*runs)
        await until_turn(database, runs[0], "queued")
        query = "SELECT ARRAY(SELECT key FROM executor.{} WHERE run_id = $1)"
        assert await database.fetchval(query.format("inbox"), runs[0].run_id) == ["timer:delay:wait"]
        assert await database.fetchval(query.format("timers"), runs[0].run_id) == []
    for one in runs:
        assert (await results.until_ended(one.run_id))[-1].status == "completed"
    assert called(server, *runs) == [(1, "/timed"), (0, "/timed")]
    assert await database.fetchval(query.format("inbox"), runs[0].run_id) == []


async def test_pause_between_attempts_keeps_the_turn(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """The run is given up meanwhile, and nobody gets in between."""
    failures = [503]

    def answer(request: Received) -> tuple[int, Any]:
        return (failures.pop(), {}) if request.path == "/flaky" and failures else (200, {})

    runs = await commands(commander, [call("flaky", server, retry={"first_delay": 8, "factor": 1})], 2)
    server.answer = answer
    try:
        await commander.start(*runs)
        await until_turn(database, runs[0], "held")
        await until_turn(database, runs[1], "queued")
        for one in runs:
            await results.until_ended(one.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    assert called(server, *runs) == [(0, "/flaky"), (0, "/flaky"), (1, "/flaky")]


async def test_message_on_its_way_keeps_the_turn(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """A run that notifier sends a message for is given up, and is not parked."""
    tell = {"id": "tell", "type": "notify_user", "params": {"user": "ines", "message": "m"}}
    runs = await commands(commander, [tell, call("after", server)], 2)
    await commander.start(*runs)
    await until_turn(database, runs[0], "held")
    await until_turn(database, runs[1], "queued")
    await commander.cancel(runs[0].run_id)
    assert (await results.until_ended(runs[0].run_id))[-1].status == "cancelled"
    await until_turn(database, runs[1], "held")


async def test_cancelled_run_in_the_queue_ends_at_once_and_is_passed_over(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """It performs no step, and the turn goes to the run after it."""
    runs = await commands(commander, [call("only", server)], 3)
    with server.holding("/only"):
        await commander.start(*runs)
        await results.until_waiting(runs[2].run_id)
        await commander.cancel(runs[1].run_id)
        facts = await results.until_ended(runs[1].run_id)
        assert [fact.seq for fact in facts if fact.status == "cancelled"] == [2]
        assert facts[0].start is not None
        assert not any(fact.steps for fact in facts)
    for one in (runs[0], runs[2]):
        assert (await results.until_ended(one.run_id))[-1].status == "completed"
    assert called(server, *runs) == [(0, "/only"), (2, "/only")]


async def test_cancellation_of_a_woken_run_in_the_queue_comes_before_what_woke_it(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """The answer to its task is refused, because it never became the run's turn to take it."""
    ask = {"id": "ask", "type": "human_task", "when": {"name": "asks"}}
    runs = await commands(commander, [ask, call("second", server)], 2)
    runs[0].event.record["name"] = "asks"
    with server.holding("/second"):
        await commander.start(*runs)
        await eventually(lambda: called(server, *runs) == [(1, "/second")])
        await commander.complete(runs[0].run_id, task_id(runs[0].run_id, "ask"), {})
        await until_turn(database, runs[0], "queued")
        await commander.cancel(runs[0].run_id)
        await results.until_ended(runs[0].run_id)
        verdict = await until_verdict(results, runs[0])
        assert (verdict.accepted, verdict.reason) == (False, "withdrawn")
    await results.until_ended(runs[1].run_id)
    assert called(server, *runs) == [(1, "/second")]


async def test_run_out_of_time_in_the_queue_ends_at_once(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    """The time for a whole run ends it as a cancellation does, without its turn."""
    ask = {"id": "ask", "type": "human_task", "when": {"name": "asks"}}
    runs = await commands(commander, [ask, call("slow", server)], 2, timeout="5s")
    runs[0].event.record["name"] = "asks"
    with server.holding("/slow"):
        await commander.start(*runs)
        await eventually(lambda: called(server, *runs) == [(1, "/slow")])
        await commander.complete(runs[0].run_id, task_id(runs[0].run_id, "ask"), {})
        await until_turn(database, runs[0], "queued")
        facts = await results.until_ended(runs[0].run_id)
        assert facts[-1].error is not None
        assert facts[-1].error.kind == "timeout"
    await results.until_ended(runs[1].run_id)


async def test_time_for_a_run_counts_from_its_first_step(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """However long it was queued before, it is not out of time."""
    runs = await commands(commander, [call("timely", server)], 2, timeout="4s")
    with server.holding("/timely"):
        await commander.start(runs[0])
        await eventually(lambda: called(server, *runs) == [(0, "/timely")])
        await commander.start(runs[1])
        waiting = await results.until_waiting(runs[1].run_id)
        await eventually(lambda: (utc_now() - waiting.at).total_seconds() > 4.5)
    assert (await results.until_ended(runs[1].run_id))[-1].status == "completed"


async def test_sandbox_does_not_hold_up_live_runs(
    commander: Commander, results: ResultsTail, server: CountingServer, kafka_settings: KafkaSettings
) -> None:
    """The lanes have turns of their own."""
    live, *_ = await commands(commander, [call("lane", server)], 1)
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    switch = SandboxSwitched(tenant_id=TENANT, revision=1, active=True, since=utc_now())
    [lies] = await publisher.publish_all([Record(DEFINITIONS.name, switch_key(TENANT), encode(switch))])
    await publisher.stop()
    cause = "event:test:dry"
    dry = commander.command(
        live.automation_id,
        lies.offset + 1,
        lane="sandbox",
        order_key=live.order_key,
        cause=cause,
        run_id=run_id(TENANT, live.automation_id, "sandbox", cause),
    )
    with server.holding("/lane"):
        await commander.start(live)
        await eventually(lambda: called(server, live) == [(0, "/lane")])
        await commander.start(dry)
        assert (await results.until_ended(dry.run_id))[-1].status == "completed"
    assert (await results.until_ended(live.run_id))[-1].status == "completed"


async def test_turn_that_nobody_holds_is_handed_on_by_a_sweep(
    commander: Commander, results: ResultsTail, server: CountingServer, database: Database
) -> None:
    runs = await commands(commander, [call("lost", server)], 3)
    with server.holding("/lost"):
        await commander.start(*runs)
        await until_turn(database, runs[2], "queued")
        await database.execute("UPDATE executor.runs SET turn = NULL WHERE run_id = $1", runs[0].run_id)
        await eventually(lambda: called(server, *runs) == [(0, "/lost"), (1, "/lost")])
        await until_turn(database, runs[2], "queued")
        # As it should be: the first run, which lost its turn, has none to give away when it ends.
        await database.execute(
            "UPDATE executor.runs SET order_key = order_key || '-lost' WHERE run_id = $1", runs[0].run_id
        )
    for one in runs:
        await results.until_ended(one.run_id)


async def test_turns_outlive_their_process(
    commander: Commander, results: ResultsTail, server: CountingServer, executor: ServiceProcess, database: Database
) -> None:
    """Who takes over performs the run whose turn it was, and the next one after it; nobody overtakes."""
    runs = await commands(commander, [call("killed", server)], 3)
    with server.holding("/killed"):
        await commander.start(*runs)
        await until_turn(database, runs[2], "queued")
        await executor.kill()
    await executor.start()
    for one in runs:
        assert (await results.until_ended(one.run_id))[-1].status == "completed"
    assert called(server, *runs) == [(0, "/killed"), (0, "/killed"), (1, "/killed"), (2, "/killed")]
    assert await executor.metric("executor_turns_handed_on_total") == 2


async def until_verdict(results: ResultsTail, command: StartRun) -> Any:
    """Return the run's word on a submission."""

    async def look() -> Any:
        facts = [fact for fact in await results.read() if isinstance(fact, RunAdvanced)]
        return next((fact.verdict for fact in facts if fact.run_id == command.run_id and fact.verdict), None)

    return await eventually(look)


async def test_start_that_finds_the_turn_about_to_be_given_away_does_not_queue_behind_it(
    commander: Commander, results: ResultsTail, server: CountingServer, postgres_settings: PostgresSettings,
    database: Database,
) -> None:  # fmt: skip
    """A transaction that takes the turn away is held open by hand while a start comes: it begins when that commits."""
    holder, start = await commands(commander, [call("race", server)], 2)
    by_hand = await asyncpg.connect(postgres_settings.database_url.get_secret_value())
    try:
        with server.holding("/race"):
            await commander.start(holder)
            await eventually(lambda: called(server, holder) == [(0, "/race")])
            async with by_hand.transaction():
                await by_hand.execute("SELECT FROM executor.runs WHERE run_id = $1 FOR UPDATE", holder.run_id)
                await commander.start(start)
                await until_waits_for_a_lock(database)
                await by_hand.execute(
                    "UPDATE executor.runs SET turn = NULL, order_key = order_key || '-left' WHERE run_id = $1",
                    holder.run_id,
                )
            await eventually(lambda: called(server, holder, start) == [(0, "/race"), (1, "/race")])
            turns = await database.fetch("SELECT turn FROM executor.runs WHERE run_id = $1", start.run_id)
            assert [row["turn"] for row in turns] == ["held"]
    finally:
        await by_hand.close()
    for one in (holder, start):
        await results.until_ended(one.run_id)


async def test_parked_run_that_wakes_while_another_one_takes_the_turn_is_queued(
    commander: Commander, results: ResultsTail, postgres_settings: PostgresSettings, database: Database
) -> None:
    """Another run enters with the turn in a transaction that is held open by hand: of two takers one is refused."""
    [parked] = await commands(commander, [{"id": "ask", "type": "human_task"}], 1)
    await commander.start(parked)
    await results.until_waiting(parked.run_id)
    await until_turn(database, parked, None)
    by_hand = await asyncpg.connect(postgres_settings.database_url.get_secret_value())
    try:
        async with by_hand.transaction():
            await by_hand.execute(
                """
                INSERT INTO executor.runs (run_id, tenant_id, automation_id, order_key, status, seq, state, lane, turn)
                SELECT gen_random_uuid(), tenant_id, automation_id, order_key, status, seq, state, lane, 'held'
                FROM executor.runs WHERE run_id = $1
                """,
                parked.run_id,
            )
            await commander.complete(parked.run_id, task_id(parked.run_id, "ask"), {})
            await until_waits_for_a_lock(database)
        await until_turn(database, parked, "queued")
        await by_hand.execute("DELETE FROM executor.runs WHERE order_key = $1 AND turn = 'held'", parked.order_key)
    finally:
        await by_hand.close()
    assert (await results.until_ended(parked.run_id))[-1].status == "completed"


async def test_start_that_queues_while_the_turn_is_being_given_away_is_handed_it(
    commander: Commander, results: ResultsTail, server: CountingServer, postgres_settings: PostgresSettings,
    database: Database,
) -> None:  # fmt: skip
    """The holder's row is locked by hand, as by whoever queues; the holder ends meanwhile, and finds who was queued."""
    holder, start = await commands(commander, [call("behind", server)], 2)
    by_hand = await asyncpg.connect(postgres_settings.database_url.get_secret_value())
    try:
        with server.holding("/behind"):
            await commander.start(holder)
            await eventually(lambda: called(server, holder) == [(0, "/behind")])
            await commander.start(start)
            await until_turn(database, start, "queued")
            queued = await database.fetchrow("DELETE FROM executor.runs WHERE run_id = $1 RETURNING *", start.run_id)
            assert queued is not None
        async with by_hand.transaction():
            await by_hand.execute("SELECT FROM executor.runs WHERE run_id = $1 FOR UPDATE", holder.run_id)
            names = ", ".join(f'"{name}"' for name, _ in queued.items())
            places = ", ".join(f"${number + 1}" for number in range(len(queued)))
            await by_hand.execute(f"INSERT INTO executor.runs ({names}) VALUES ({places})", *queued.values())
            await until_waits_for_a_lock(database)
    finally:
        await by_hand.close()
    for one in (holder, start):
        assert (await results.until_ended(one.run_id))[-1].status == "completed"
