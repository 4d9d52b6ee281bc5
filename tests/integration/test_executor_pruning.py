"""What executor forgets, on real PostgreSQL with rows of long ago: what is past its time, and nothing else."""

import uuid
from collections.abc import AsyncIterator

import pytest

from automations.migrations import migrate
from automations.postgres import Pool, PostgresSettings, open_pool
from executor.journal.pruning import Pruning
from executor.journal.store import MIGRATIONS, SCHEMA
from executor.metrics import PRUNED_ROWS

TABLES = ("runs", "journal", "inbox", "timers", "calls_put_off", "starts", "chain_places", "versions")


@pytest.fixture
async def pool(postgres_settings: PostgresSettings) -> AsyncIterator[Pool]:
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    async with open_pool(postgres_settings, SCHEMA) as pool:
        await pool.execute(f"TRUNCATE {', '.join(TABLES)}")
        yield pool


async def add_run(pool: Pool, days: float, status: str = "completed", process: int | None = None) -> str:
    """Add a run that began so many days ago, with three journal rows and what may be left of it elsewhere."""
    run_id = str(uuid.uuid4())
    await pool.execute(
        """INSERT INTO runs (run_id, tenant_id, automation_id, process, status, seq, state, at)
        VALUES ($1, 't', 'a', $2, $3, 3, '', clock_timestamp() - $4 * interval '1 day')""",
        run_id,
        process,
        status,
        days,
    )
    await pool.execute("INSERT INTO journal SELECT $1, n, '', '' FROM generate_series(1, 3) AS n", run_id)
    await pool.execute("INSERT INTO inbox (run_id, key, input) VALUES ($1, 'k', '')", run_id)
    await pool.execute("INSERT INTO timers (run_id, key, due_at) VALUES ($1, 'k', now() + interval '1 year')", run_id)
    await pool.execute("INSERT INTO calls_put_off (run_id, destination) VALUES ($1, 'h:1')", run_id)
    return run_id


async def ids(pool: Pool, table: str) -> set[str]:
    return {str(row["run_id"]) for row in await pool.fetch(f"SELECT DISTINCT run_id FROM {table}")}


async def prune(pool: Pool, **batches: int) -> None:
    await Pruning(pool, keep_runs_days=7, keep_starts_days=16).prune(**batches)


async def test_ended_runs_of_long_ago_are_forgotten_with_all_that_is_theirs(pool: Pool) -> None:
    """A run that has not ended stays, however old, and so does one that a process still holds."""
    gone = [await add_run(pool, 7.1, status) for status in ("completed", "failed", "cancelled")]
    kept = {
        await add_run(pool, 6.9),
        await add_run(pool, 400, "running"),
        await add_run(pool, 400, "completed", process=7),
    }
    before = PRUNED_ROWS.labels("journal")._value.get()
    await prune(pool)
    for table in TABLES[:5]:
        assert await ids(pool, table) == kept, table
    assert not kept & set(gone)
    assert PRUNED_ROWS.labels("journal")._value.get() - before == 9


async def test_pruning_goes_on_batch_by_batch_until_nothing_is_left(pool: Pool) -> None:
    await pool.execute(
        """INSERT INTO runs (run_id, tenant_id, automation_id, status, seq, state, at)
        SELECT gen_random_uuid(), 't', 'a', 'completed', 1, '', clock_timestamp() - interval '8 days'
        FROM generate_series(1, 95)"""
    )
    await pool.execute(
        """INSERT INTO starts (run_id, outcome, digest, at)
        SELECT gen_random_uuid(), 'accepted', 'd', clock_timestamp() - n * interval '1 day'
        FROM generate_series(1, 60) AS n"""
    )
    await prune(pool, runs_a_batch=10, rows_a_batch=7)
    assert await pool.fetchval("SELECT count(*) FROM runs") == 0
    assert await pool.fetchval("SELECT count(*) FROM starts") == 15


async def test_starts_are_recognised_for_as_long_as_the_setting_says(pool: Pool) -> None:
    """A start outlives its run; places in chains and documents tried out are kept as long, versions for good."""
    for days in (15.9, 16.1):
        moment = f"clock_timestamp() - {days} * interval '1 day'"
        await pool.execute(f"INSERT INTO starts SELECT gen_random_uuid(), 'accepted', '{days}', {moment}")
        await pool.execute(f"INSERT INTO chain_places SELECT gen_random_uuid(), gen_random_uuid(), {moment}")
        for version in (1, -1):
            await pool.execute(
                f"""INSERT INTO versions (tenant_id, automation_id, version, document, seen_at)
                VALUES ('t', '{days}', {version}, '', {moment})"""
            )
    await prune(pool)
    assert [row["digest"] for row in await pool.fetch("SELECT digest FROM starts")] == ["15.9"]
    assert await pool.fetchval("SELECT count(*) FROM chain_places") == 1
    left = await pool.fetch("SELECT automation_id, version FROM versions")
    assert {(row["automation_id"], row["version"]) for row in left} == {("15.9", 1), ("15.9", -1), ("16.1", 1)}


async def test_processes_that_prune_at_a_time_do_not_wait_for_each_other(pool: Pool) -> None:
    """A batch that another process has just locked is passed over, and left to it."""
    held, free = await add_run(pool, 30), await add_run(pool, 30)
    async with pool.acquire() as other, other.transaction():
        await other.execute("SELECT FROM runs WHERE run_id = $1 FOR UPDATE", held)
        await prune(pool)
        assert await ids(pool, "runs") == {held}
    assert free != held
    await prune(pool)
    assert await ids(pool, "runs") == set()
