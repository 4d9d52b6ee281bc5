"""Starts are entered into the journal in their order, on a real PostgreSQL, whatever comes between."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import msgspec

from automations.contracts.dead_letters import dead_letter_reader
from automations.contracts.topics import DEAD_LETTERS
from automations.messaging.connection import KafkaSettings
from automations.postgres import PoolConnection, PostgresSettings, open_pool
from executor.engine.inputs import Started
from executor.engine.transition import start_run
from executor.journal.lease import Lease
from executor.journal.rows import Acceptance, entry_of
from executor.journal.sql import queries
from executor.journal.store import SCHEMA, Journal
from executor.journal.turns import Entered, enter_runs
from tests.support.commander import Commander, webhook
from tests.support.counting_server import CountingServer
from tests.support.database import Database, until_waits_for_a_lock
from tests.support.engine_runs import plan_of, started
from tests.support.engine_runs import webhook as engine_webhook
from tests.support.service_process import ServiceProcess
from tests.support.stream import ResultsTail, tail


async def test_turn_that_comes_free_while_starts_are_entered_goes_to_the_first_of_them(
    executor: ServiceProcess, postgres_settings: PostgresSettings, database: Database
) -> None:
    """Entering is held up by hand between two starts for one record, of which the turn comes free meanwhile."""
    nobody = 2**40
    before, first, second = (_accepted("a", number) for number in range(3))
    elsewhere, between = (_accepted("b", number) for number in range(2))
    async with open_pool(postgres_settings, SCHEMA) as pool, pool.acquire() as entering:
        await enter_runs(entering, nobody, [before, elsewhere], _queued)
        async with database.transaction():
            await database.execute("UPDATE executor.runs SET turn = NULL WHERE run_id = $1", elsewhere.run.run_id)
            entered = asyncio.create_task(_enter(entering, nobody, [first, between, second]))
            async with pool.acquire() as other:
                await until_waits_for_a_lock(other)
                await other.execute("UPDATE runs SET turn = NULL WHERE run_id = $1", before.run.run_id)
        _, queued = await entered
        assert list(queued) == [second.run.run_id]
        rows = await entering.fetch(
            "DELETE FROM runs WHERE process = $1 OR turn = 'queued' RETURNING run_id, turn", nobody
        )
    turns = {str(row["run_id"]): row["turn"] for row in rows}
    assert [turns[one.run.run_id] for one in (first, between, second)] == ["held", "held", "queued"]


async def test_runs_are_entered_with_their_turns_all_or_none(
    executor: ServiceProcess, postgres_settings: PostgresSettings
) -> None:
    """Where one finds its turn taken, those before it are not entered either, and it is said."""
    nobody = 2**40 + 2

    def rows(*order_keys: str | None) -> list[tuple[Any, ...]]:
        return [(str(uuid.uuid4()), "all", "live", "a", key, None, "running", 1) for key in order_keys]

    async with open_pool(postgres_settings, SCHEMA) as pool:
        assert await queries.enter_with_turns(pool, process=nobody, runs=rows("x", "y", None))
        assert not await queries.enter_with_turns(pool, process=nobody, runs=rows("z", "x"))
        assert not await queries.enter_with_turns(pool, process=nobody, runs=rows("w", "w"))
        entered = await pool.fetch("DELETE FROM runs WHERE process = $1 RETURNING order_key, turn", nobody)
    assert {tuple(row) for row in entered} == {("x", "held"), ("y", "held"), (None, None)}


async def test_runs_whose_turns_look_free_are_entered_in_order_also_where_one_is_taken(
    executor: ServiceProcess, postgres_settings: PostgresSettings, database: Database
) -> None:
    """At once where all turns are free; where two are for one record, or its turn is taken, as without looking."""
    nobody = 2**40 + 1
    free = [_accepted(name, 0) for name in "abc"]
    taken = [_accepted("d", 0), _accepted("a", 1), _accepted("e", 0), _accepted("e", 1), _accepted("f", 0)]
    try:
        async with open_pool(postgres_settings, SCHEMA) as pool, pool.acquire() as entering:
            entered = await enter_runs(entering, nobody, free, _queued, turns_look_free=True)
            assert (entered.runs, entered.queued) == (free, {})
            entered = await enter_runs(entering, nobody, taken, _queued, turns_look_free=True)
            behind = [taken[1].run.run_id, taken[3].run.run_id]
            assert list(entered.queued) == behind
        rows = await database.fetch(
            "SELECT run_id::text, turn, process FROM executor.runs WHERE run_id = ANY($1::uuid[]) ORDER BY place",
            [one.run.run_id for one in (*free, *taken)],
        )
        holders = [one.run.run_id for one in (*free, *taken) if one.run.run_id not in behind]
        assert [(row["run_id"], row["process"]) for row in rows if row["turn"] == "held"] == [
            (run_id, nobody) for run_id in holders
        ]
        assert [(row["run_id"], row["process"]) for row in rows if row["turn"] == "queued"] == [
            (run_id, None) for run_id in behind
        ]
    finally:
        await database.execute("DELETE FROM executor.runs WHERE process = $1 OR turn = 'queued'", nobody)


class _LosesAnswers(Journal):
    """A journal to which PostgreSQL's answer to one commit does not come."""

    loses = True

    @asynccontextmanager
    async def _fenced(self) -> AsyncIterator[PoolConnection]:
        async with super()._fenced() as connection:
            yield connection
        if self.loses:
            self.loses = False
            raise asyncpg.PostgresConnectionError("the answer to a commit was lost")


async def test_runs_that_were_entered_though_the_answer_was_lost_count_as_entered_now(
    executor: ServiceProcess, postgres_settings: PostgresSettings, database: Database
) -> None:
    """Entered again, they are found to be this process's own; what another start entered is seen as before."""
    before, ours = _accepted("a", 0), [_accepted("a", 1), _accepted("b", 0)]
    async with open_pool(postgres_settings, SCHEMA) as pool:
        lease = Lease(pool, queries, "loses answers")
        await lease.take()
        journal = _LosesAnswers(pool, lease)
        try:
            async with pool.acquire() as entering:
                seen = queries.enter_starts(entering, run_ids=[before.run.run_id], outcomes=["accepted"], digests=["d"])
                assert not [row async for row in seen]
            entered = await journal.enter_starts([before, *ours], [(str(uuid.UUID(int=0)), "paused", "d")], _queued)
            assert not journal.loses
            assert set(entered.seen) == {before.run.run_id, str(uuid.UUID(int=0))}
            rows = await database.fetch("SELECT run_id, state FROM executor.runs WHERE process = $1", lease.number)
            assert {(str(row["run_id"]), row["state"]) for row in rows} == {(one.run.run_id, None) for one in ours}
        finally:
            await database.execute("DELETE FROM executor.runs WHERE process = $1", lease.number)
            await lease.end()


async def test_what_is_journaled_again_stands_once_and_what_is_new_beside_it_is_added(
    executor: ServiceProcess, postgres_settings: PostgresSettings, database: Database
) -> None:
    """As after a lost answer: the same entries once more, alone and in company. Without a lease nothing is written."""
    run_ids = [str(uuid.uuid4()) for _ in range(3)]
    written = "SELECT run_id::text, seq, input FROM executor.journal WHERE run_id = ANY($1::uuid[]) ORDER BY seq, input"
    first, again, other = ((run_id, 1, name) for run_id, name in zip(run_ids, (b"a", b"b", b"c"), strict=True))
    second = (run_ids[0], 2, b"d")
    async with open_pool(postgres_settings, SCHEMA) as pool:
        lease = Lease(pool, queries, "journals again")
        await lease.take()
        await queries.enter_in_journal(pool, entries=[first, again])
        await queries.enter_in_journal(pool, entries=[again, other])
        for _ in range(2):
            assert await queries.append_to_journal(pool, number=lease.number, entries=[first, second])
        assert not await queries.append_to_journal(pool, number=2**30, entries=[(run_ids[1], 2, b"e")])
        await lease.end()
    rows = await database.fetch(written, run_ids)
    assert [tuple(row) for row in rows] == [first, again, other, second]


async def test_command_with_another_kind_of_id_lies_in_the_dead_letters_and_the_others_start(
    commander: Commander, results: ResultsTail, server: CountingServer, kafka_settings: KafkaSettings
) -> None:
    """The letter names the field and says what would be right."""
    automation, offset = await commander.define([webhook(server, "/right")])
    right, wrong = (commander.command(automation, offset) for _ in range(2))
    wrong = msgspec.structs.replace(wrong, run_id=wrong.run_id.upper())
    async with tail(kafka_settings, DEAD_LETTERS) as letters:
        await commander.start(wrong, right)
        assert (await results.until_ended(right.run_id))[-1].status == "completed"

        def find(records: list[Any]) -> Any:
            read = [dead_letter_reader.read(record.value) for record in records]
            return [one for one in read if wrong.run_id in one.reason]

        (letter,) = await letters.until(find)
    assert (letter.reader, letter.code) == ("executor", "unreadable")
    assert "`run_id`" in letter.reason
    assert "UUID in lower case" in letter.reason


async def _enter(connection: PoolConnection, process: int, accepted: list[Acceptance]) -> Entered:
    async with connection.transaction():
        return await enter_runs(connection, process, accepted, _queued, turns_look_free=True)


def _accepted(record: str, number: int, *, turn_free: bool = True) -> Acceptance:
    """Return a start as it is accepted; a number stands for one run."""
    base = started()
    command = msgspec.structs.replace(
        base.command, run_id=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{record}{number}")), order_key=f"entered|{record}"
    )
    given = Started(command=command, at=base.at, turn_free=turn_free)
    told = start_run(given, plan_of(engine_webhook("call"))).told
    assert told is not None
    return Acceptance(told.run, "d", entry_of(given, told), told)


def _queued(one: Acceptance) -> Acceptance:
    record, number = next((r, n) for r in "abcdef" for n in range(3) if _accepted(r, n).run.run_id == one.run.run_id)
    return _accepted(record, number, turn_free=False)
