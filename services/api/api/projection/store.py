"""The run history in PostgreSQL, written a batch at a time."""

from collections.abc import Sequence, Set
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiosql

from api.projection.fold import Folded, Row
from api.signals import CHANNEL
from automations.postgres import Pool, PoolConnection, UniqueViolation

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

_A_MONTH = timedelta(days=32)


class HistoryStore:
    """Writes folded batches; a batch is one transaction."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._months: set[tuple[int, int]] = set()

    async def save(self, folded: Folded) -> None:
        """Save all rows, or none of them."""
        await self.ensure_months(folded.months())
        async with self._pool.acquire() as connection, connection.transaction():
            await self._save_rows(connection, folded)

    async def ensure_months(self, months: set[tuple[int, int]]) -> None:
        """Make room for runs that started in these months, and in the month after each."""
        for year, month in sorted(months - self._months):
            first = datetime(year, month, 1, tzinfo=UTC)
            for moment in (first, first + _A_MONTH):
                async with self._pool.acquire() as connection:
                    await queries.ensure_month(connection, moment=moment)
            self._months.add((year, month))

    def forget_months(self) -> None:
        """Look anew which months there is room for: history may have been dropped by age."""
        self._months.clear()

    async def _save_rows(self, connection: PoolConnection, folded: Folded) -> None:
        runs, steps = await self._left_to_save(connection, folded)
        if runs:
            await queries.save_runs(connection, rows=list(map(tuple, runs)))
        if steps:
            await queries.save_steps(connection, rows=list(map(tuple, steps)))
        if folded.tasks:
            await queries.save_tasks(connection, **columns(list(folded.tasks.values())))
        if folded.verdicts:
            await queries.save_verdicts(connection, **columns(folded.verdicts))
        if folded.skips:
            await queries.save_skipped_starts(connection, **columns(list(folded.skips.values())))
        if folded.noticed:
            await queries.notify_runs(connection, channel=CHANNEL, run_ids=list(folded.noticed))

    @staticmethod
    async def _left_to_save(connection: PoolConnection, folded: Folded) -> tuple[list[Row], list[Row]]:
        """Insert the runs that begin here and their steps, and return the others; all, if one of them was here before.

        A plain insert costs PostgreSQL a quarter less than one that looks for what is there.
        """
        runs, steps = list(folded.runs.values()), list(folded.steps.values())
        begun = folded.begun()
        if not begun:
            return runs, steps
        new_runs, other_runs = _part(runs, begun)
        new_steps, other_steps = _part(steps, begun)
        try:
            async with connection.transaction():
                await queries.enter_runs(connection, rows=list(map(tuple, new_runs)))
                await queries.enter_steps(connection, rows=list(map(tuple, new_steps)))
        except UniqueViolation:
            return runs, steps
        return other_runs, other_steps


def _part(rows: Sequence[Row], run_ids: Set[str]) -> tuple[list[Row], list[Row]]:
    """Return the rows of these runs, and the others."""
    of_these: list[Row] = []
    others: list[Row] = []
    for row in rows:
        (of_these if row[0] in run_ids else others).append(row)
    return of_these, others


def columns(rows: Sequence[Row]) -> dict[str, Any]:
    """Return rows as the parameters c0, c1, c2 … of a query that takes them by `unnest`.

    A column without any value is no array at all: `unnest` fills it up, and nobody encodes and reads its nothing.
    """
    turned = zip(*rows, strict=True)
    return {f"c{place}": None if column.count(None) == len(column) else column for place, column in enumerate(turned)}
