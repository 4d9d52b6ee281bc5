"""What of the history is forgotten, on real PostgreSQL with rows of long ago."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from api.app import MIGRATIONS, SCHEMA
from api.projection.store import HistoryStore
from api.retention.months import Month, read_month
from api.retention.pruning import HistoryPruning, months_dropped, rows_pruned
from api.retention.store import RetentionStore
from automations.migrations import migrate
from automations.postgres import Pool, PostgresSettings, open_pool

NOW = datetime(2026, 9, 15, 12, tzinfo=UTC)
"""Ninety days before lie in June: May and what came before may be dropped."""
MARCH, APRIL, JUNE = (datetime(2026, month, 10, tzinfo=UTC) for month in (3, 4, 6))


@pytest.fixture
async def pool(postgres_settings: PostgresSettings) -> AsyncIterator[Pool]:
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    async with open_pool(postgres_settings, SCHEMA) as pool:
        for table in ("runs", "steps", "tasks", "submissions", "cancellations", "skipped_starts", "notifications"):
            await pool.execute(f"TRUNCATE {table}")
        await HistoryStore(pool).ensure_months({(2026, month) for month in range(3, 10)})
        yield pool


def pruning(pool: Pool, rows_a_batch: int = 100) -> HistoryPruning:
    return HistoryPruning(RetentionStore(pool), history_days=90, inbox_days=30, rows_a_batch=rows_a_batch)


async def add_run(pool: Pool, started: datetime, status: str = "completed", ended: datetime | None = None) -> str:
    """Add a run with two steps, a task and a submission to it."""
    run_id, until = str(uuid.uuid4()), ended or started + timedelta(minutes=1)
    await pool.execute(
        """INSERT INTO runs
            (run_id, started_at, tenant_id, automation_id, version, lane, status, seq, updated_at, ended_at)
        VALUES ($1, $2, 't', 'a', 1, 'live', $3, 3, $4, $5)""",
        run_id,
        started,
        status,
        until,
        None if status == "running" else until,
    )
    await pool.execute(
        """INSERT INTO steps (run_id, started_at, path, id, type, status, seq, place, attempts)
        SELECT $1, $2, path, path, 'human_task', 'completed', 1, 1, 1 FROM unnest('{one,two}'::text[]) AS path""",
        run_id,
        started,
    )
    await pool.execute(
        """INSERT INTO tasks
            (tenant_id, task_id, run_id, run_started_at, automation_id, path, status, seq, opened_at, changed_at)
        VALUES ('t', $1, $1::text::uuid, $2, 'a', 'one', 'completed', 1, $2, $2)""",
        run_id,
        started,
    )
    await pool.execute(
        """INSERT INTO submissions
            (submission_id, tenant_id, task_id, run_id, output, submitted_by, submitted_at, accepted)
        VALUES ($1, 't', $1, $1::text::uuid, '{}', 'ines', $2, true)""",
        run_id,
        started,
    )
    return run_id


async def runs_in(pool: Pool, table: str) -> set[str]:
    return {str(row["run_id"]) for row in await pool.fetch(f"SELECT DISTINCT run_id FROM {table}")}


async def months(pool: Pool) -> set[int]:
    return {month.month for month in await RetentionStore(pool).load_months() if month.year == 2026}


async def test_month_is_dropped_when_all_of_its_runs_are_past(pool: Pool) -> None:
    """With them go their steps, tasks and submissions; the month in which the limit lies stays whole."""
    gone = {await add_run(pool, MARCH), await add_run(pool, APRIL, "failed")}
    kept = {await add_run(pool, JUNE), await add_run(pool, NOW)}
    dropped = months_dropped._value.get()
    await pruning(pool).prune(NOW)
    assert await months(pool) == {6, 7, 8, 9, 10}
    assert months_dropped._value.get() - dropped == 3
    for table in ("runs", "steps", "tasks", "submissions"):
        assert await runs_in(pool, table) == kept, table
    assert not gone & kept
    assert await pool.fetchval("SELECT to_regclass('steps_2026_03')") is None


async def test_run_that_has_not_ended_is_kept_with_all_that_is_its_own(pool: Pool) -> None:
    """So is one that ended lately; the others of their month are deleted, and the month goes when the last one can."""
    waiting, late = await add_run(pool, MARCH, "running"), await add_run(pool, MARCH, ended=NOW - timedelta(days=5))
    for _ in range(20):
        await add_run(pool, MARCH)
    deleted = rows_pruned.labels("runs")._value.get()
    await pruning(pool, rows_a_batch=7).prune(NOW)
    for table in ("runs", "steps", "tasks", "submissions"):
        assert await runs_in(pool, table) == {waiting, late}, table
    assert rows_pruned.labels("runs")._value.get() - deleted == 20
    assert 3 in await months(pool)
    await pool.execute("UPDATE runs SET status = 'cancelled', ended_at = updated_at WHERE run_id = $1", waiting)
    await pruning(pool).prune(NOW + timedelta(days=100))
    assert 3 not in await months(pool)
    assert not await runs_in(pool, "tasks")


async def test_other_rows_are_forgotten_by_their_age(pool: Pool) -> None:
    """Skipped starts and requests to cancel with the history, messages of the inbox by a setting of their own."""
    for days in (29, 31, 89, 91):
        at = NOW - timedelta(days=days)
        await pool.execute(
            """INSERT INTO skipped_starts
                (tenant_id, run_id, automation_id, version, lane, reason, at, event_id, event_type, event)
            VALUES ('t', gen_random_uuid(), 'a', 1, 'live', 'paused', $1, $2, 'x', '{}')""",
            at,
            str(days),
        )
        await pool.execute("INSERT INTO cancellations VALUES ('t', gen_random_uuid(), $2, $1)", at, str(days))
        await pool.execute(
            """INSERT INTO notifications (tenant_id, key, person, message, automation_id, run_id, sent_at)
            VALUES ('t', $2, 'p', 'm', 'a', 'r', $1)""",
            at,
            str(days),
        )
    await pruning(pool, rows_a_batch=1).prune(NOW)

    async def left(column: str, table: str) -> set[str]:
        return {row[column] for row in await pool.fetch(f"SELECT {column} FROM {table}")}

    assert await left("event_id", "skipped_starts") == {"29", "31", "89"}
    assert await left("requested_by", "cancellations") == {"29", "31", "89"}
    assert await left("key", "notifications") == {"29"}


async def test_month_that_is_read_is_dropped_later(pool: Pool) -> None:
    """Dropping waits for a few seconds only, because whoever comes then would wait behind it."""
    await add_run(pool, MARCH)
    async with pool.acquire() as reader, reader.transaction():
        await reader.fetch("SELECT count(*) FROM runs")
        await pruning(pool).prune(NOW)
        assert 3 in await months(pool)
    await pruning(pool).prune(NOW)
    assert 3 not in await months(pool)


async def test_processes_that_prune_at_the_same_time_agree(pool: Pool) -> None:
    kept = await add_run(pool, APRIL, "running")
    for started in (MARCH, APRIL):
        for _ in range(30):
            await add_run(pool, started)
    await asyncio.gather(*(pruning(pool, rows_a_batch=5).prune(NOW) for _ in range(3)))
    assert await runs_in(pool, "runs") == {kept}
    assert await runs_in(pool, "tasks") == {kept}


async def test_month_that_another_process_drops_meanwhile_holds_nothing_any_more(pool: Pool) -> None:
    """Between finding a month and looking into it, somebody else may have dropped it."""
    await add_run(pool, MARCH)
    store = RetentionStore(pool)
    [stretch] = [stretch async for stretch in store.walk(Month(2026, 3))]
    assert await store.drop(Month(2026, 3))
    assert not await store.is_needed(stretch, NOW)
    assert await store.delete_runs(stretch, NOW) == 0


async def test_fact_of_a_month_that_was_dropped_finds_room_again(pool: Pool) -> None:
    """A process that knows the month from before makes it anew when a fact comes late."""
    store = HistoryStore(pool)
    await store.ensure_months({(2026, 3)})
    await pruning(pool).prune(NOW)
    assert 3 not in await months(pool)
    store.forget_months()
    await store.ensure_months({(2026, 3)})
    await add_run(pool, MARCH)


def test_month_is_read_from_the_name_of_its_partition() -> None:
    month = read_month("runs_2026_12")
    assert month == Month(2026, 12)
    assert month is not None
    assert (month.first, month.until) == (datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
    assert month.suffix == "2026_12"
    assert read_month("runs_default") is None
