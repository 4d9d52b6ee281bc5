"""The history's old rows in PostgreSQL: months of runs, walked along by blocks, and other rows by their age."""

from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import aiosql
import asyncpg

from api.retention.months import Month, read_month
from automations.postgres import OUTAGES, Pool, outwait

queries: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

Table = Literal["tasks", "submissions", "cancellations", "skipped_starts", "notifications"]

BLOCKS_A_STRETCH: Final = 1_000
"""Of 8 KiB: a transaction deletes some thousand runs at the most."""
LOCK_SECONDS: Final = 3
"""How long dropping a month waits for those who read; everybody else waits behind it."""

_DELETIONS: Final = {
    "tasks": queries.delete_tasks,
    "submissions": queries.delete_submissions,
    "cancellations": queries.delete_cancellations,
    "skipped_starts": queries.delete_skipped_starts,
    "notifications": queries.delete_notifications,
}
_IN_THE_WAY: tuple[type[BaseException], ...] = (asyncpg.LockNotAvailableError, *OUTAGES)


class Stretch(NamedTuple):
    """Some blocks of the table of a month's runs."""

    suffix: str
    first_block: int
    until_block: int


class RetentionStore:
    """Finds and deletes; each call is one transaction, and outages of PostgreSQL are waited out."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load_months(self) -> list[Month]:
        """Return the months that there is history of, the oldest first."""

        async def load() -> list[Month]:
            months = [read_month(row["name"]) async for row in queries.list_months(self._pool)]
            return [month for month in months if month is not None]

        return await outwait(load)

    async def walk(self, month: Month) -> AsyncIterator[Stretch]:
        """Yield the stretches that a month's runs lie in; none where another process has dropped it."""
        blocks = await outwait(lambda: queries.blocks_of_month(self._pool, suffix=month.suffix)) or 0
        for first in range(0, blocks, BLOCKS_A_STRETCH):
            yield Stretch(month.suffix, first, first + BLOCKS_A_STRETCH)

    async def is_needed(self, stretch: Stretch, before: datetime) -> bool:
        """Whether a run there has not ended, or not before then; nothing is needed of a month that another dropped."""
        try:
            needed: bool = await outwait(
                lambda: queries.is_month_needed(self._pool, **stretch._asdict(), before=before)
            )
        except asyncpg.UndefinedTableError:
            return False
        return needed

    async def delete_runs(self, stretch: Stretch, before: datetime) -> int:
        """Delete the runs there that ended before then, with their steps; return how many runs.

        None are left of a month that another process has dropped.
        """
        try:
            number: int = await outwait(
                lambda: queries.delete_runs_of_month(self._pool, **stretch._asdict(), before=before)
            )
        except asyncpg.UndefinedTableError:
            return 0
        return number

    async def drop(self, month: Month) -> bool:
        """Drop a month of which no run is needed; return False where others read it for too long."""
        try:
            await queries.drop_month(self._pool, suffix=month.suffix, wait=f"{LOCK_SECONDS}s")
        except _IN_THE_WAY:
            return False
        return True

    async def delete(self, table: Table, before: datetime, at_most: int) -> int:
        """Delete rows that are older; tasks and submissions only with their runs. Return how many."""
        number: int = await outwait(lambda: _DELETIONS[table](self._pool, before=before, at_most=at_most))
        return number
