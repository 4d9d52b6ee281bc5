"""Mass acts in PostgreSQL: each run of an act is a row of its own, so that the counts are true."""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import aiosql

from api.mass_acts.requests import MOST_RUNS, WantedAct
from api.runs.store import Row
from automations.postgres import Pool, PoolConnection

queries: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

SHOWN_FAILURES = 100
"""Failures that an answer lists; how many there are is always told."""
KEPT_DAYS = 30


class MarkedRun(NamedTuple):
    """What became of one run of an act, so far."""

    place: int
    state: Literal["asked", "done", "failed"]
    new_run_id: str | None = None
    detail: str | None = None


class SavedAct(NamedTuple):
    """An act with its counts, and its first failures."""

    act: Row
    failures: Sequence[Row]


class MassActStore:
    """Saves and reads acts. What works on an act does so in a transaction that holds it."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def connection(self) -> AbstractAsyncContextManager[PoolConnection]:
        """Return a connection of the pool."""
        return self._pool.acquire()

    async def find_runs(self, tenant_id: str, run_ids: Sequence[str]) -> set[str]:
        """Return which of the ids are runs."""
        async with self._pool.acquire() as connection:
            rows = queries.find_runs(connection, tenant_id=tenant_id, run_ids=run_ids)
            return {str(row["run_id"]) async for row in rows}

    async def load(self, tenant_id: str, act_id: str) -> SavedAct | None:
        async with self._pool.acquire() as connection:
            return await load_act(connection, tenant_id, act_id)

    async def list_under_way(self) -> list[str]:
        """Return the acts of all tenants that have not ended, the oldest first."""
        async with self._pool.acquire() as connection:
            return [str(row["id"]) async for row in queries.list_acts_under_way(connection)]

    async def delete_old(self) -> None:
        """Delete acts that ended long ago."""
        async with self._pool.acquire() as connection:
            await queries.delete_old_acts(connection, days=KEPT_DAYS)


async def save_act(connection: PoolConnection, tenant_id: str, act_id: str, requested_by: str, asked: WantedAct) -> int:
    """Save an act in the caller's transaction, with its runs as they are now.

    Returns how many runs these are; one more than an act may have means that there are too many.
    """
    names = {"id": act_id, "tenant_id": tenant_id}
    await queries.save_act(connection, **names, act=asked.act, reason=asked.reason, requested_by=requested_by)
    if asked.run_ids is not None:
        named: int = await queries.save_named_runs(connection, **names, run_ids=asked.run_ids)
        return named
    wanted = asked.wanted
    matching: int = await queries.save_matching_runs(
        connection,
        **names,
        act=asked.act,
        automation_id=asked.automation_id,
        status=wanted.status,
        waiting=wanted.waiting,
        mode=wanted.mode,
        since=wanted.since,
        until=wanted.until,
        record_id=wanted.record_id,
        object=wanted.object,
        number=MOST_RUNS + 1,
    )
    return matching


async def load_act(connection: PoolConnection, tenant_id: str, act_id: str) -> SavedAct | None:
    """Return an act with its counts; None where there is none."""
    act = await queries.load_act(connection, tenant_id=tenant_id, id=act_id)
    if act is None:
        return None
    failures = queries.load_failures(connection, id=act_id, number=SHOWN_FAILURES)
    return SavedAct(act, [row async for row in failures])


async def hold_act(connection: PoolConnection, act_id: str) -> Row | None:
    """Return an act under way and hold it to the end of the transaction; None where it ended or another holds it."""
    row: Row | None = await queries.hold_act(connection, id=act_id)
    return row


async def load_waiting(connection: PoolConnection, act: Row, number: int) -> list[Row]:
    """Return the next runs of an act to work on."""
    rows = queries.load_waiting(connection, id=act["id"], tenant_id=act["tenant_id"], number=number)
    return [row async for row in rows]


async def load_refused_starts(connection: PoolConnection, act: Row) -> list[Row]:
    """Return the reruns that became skipped starts."""
    rows = queries.load_refused_starts(connection, id=act["id"], tenant_id=act["tenant_id"])
    return [row async for row in rows]


async def settle_runs(connection: PoolConnection, act: Row) -> None:
    """Mark the runs of which the history now says what became of them."""
    settle = queries.settle_cancelled if act["act"] == "cancel" else queries.settle_begun
    await settle(connection, id=act["id"], tenant_id=act["tenant_id"])


async def mark_runs(connection: PoolConnection, act: Row, marked: Sequence[MarkedRun]) -> None:
    """Write down what became of runs."""
    if marked:
        places, states, new_run_ids, details = map(list, zip(*marked, strict=True))
        await queries.mark_runs(
            connection, id=act["id"], places=places, states=states, new_run_ids=new_run_ids, details=details
        )


async def end_where_settled(connection: PoolConnection, act: Row) -> tuple[int, int]:
    """End an act of which nothing is open; return how many of its runs wait, and how many were asked."""
    row = await queries.count_open(connection, id=act["id"])
    if not row["waiting"] and not row["asked"]:
        await queries.end_act(connection, id=act["id"])
    return row["waiting"], row["asked"]
