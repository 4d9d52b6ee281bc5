"""Forgets history that is past its time: whole months where all of their runs are, else one run after the other.

A run counts from its end, and one that has not ended is kept, however old it is, with all that belongs to it. A month
is dropped once no run of it is needed, which costs next to nothing; while one is, the others are deleted. So the runs
of a month may be kept for a month longer than the setting says. Several processes may do this side by side: each
passes over what another has just locked.
"""

from datetime import datetime, timedelta
from typing import Final

from prometheus_client import Counter

from api.retention.months import Month
from api.retention.store import RetentionStore, Table
from automations.clock import utc_now
from automations.observability import get_logger

log = get_logger(__name__)

ROWS_A_BATCH: Final = 10_000
_OF_HISTORY: Final[tuple[Table, ...]] = ("tasks", "submissions", "cancellations", "skipped_starts")

rows_pruned = Counter("api_pruned_rows", "Rows that were past their time and deleted one by one", ["table"])
months_dropped = Counter("api_pruned_months", "Months of the run history that were dropped")


class HistoryPruning:
    """Forgets what is older than the settings say."""

    def __init__(
        self, store: RetentionStore, *, history_days: int, inbox_days: int, rows_a_batch: int = ROWS_A_BATCH
    ) -> None:
        self._store = store
        self._history = timedelta(days=history_days)
        self._inbox = timedelta(days=inbox_days)
        self._batch = rows_a_batch

    async def prune(self, now: datetime | None = None) -> None:
        """Forget all that is past its time, by this process's clock unless `now` is given."""
        now = now or utc_now()
        before = now - self._history
        for month in await self._store.load_months():
            if month.until <= before:
                await self._prune_month(month, before)
        for table in _OF_HISTORY:
            await self._delete_all(table, before)
        await self._delete_all("notifications", now - self._inbox)

    async def _prune_month(self, month: Month, before: datetime) -> None:
        if await self._is_needed(month, before):
            async for stretch in self._store.walk(month):
                rows_pruned.labels("runs").inc(await self._store.delete_runs(stretch, before))
        # Else nothing can come to the month any more: its runs have ended, and new ones begin today.
        elif await self._store.drop(month):
            months_dropped.inc()
            log.info("a month of the history was dropped", month=month.suffix)
        else:
            log.info("a month of the history is dropped later, others are reading it", month=month.suffix)

    async def _is_needed(self, month: Month, before: datetime) -> bool:
        async for stretch in self._store.walk(month):
            if await self._store.is_needed(stretch, before):
                return True
        return False

    async def _delete_all(self, table: Table, before: datetime) -> None:
        number = self._batch
        while number == self._batch:
            number = await self._store.delete(table, before, self._batch)
            rows_pruned.labels(table).inc(number)
