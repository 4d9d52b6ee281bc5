"""Forgets what is past its time, a batch at a time: ended runs, starts that cannot come again, documents tried out.

A run that has not ended is never forgotten, however old it is, and neither is a version that was published: people
may run a run of any version again. What is forgotten nobody writes to any more, so this needs no lease, and several
processes may do it side by side: each passes over what another has just locked.
"""

import asyncio
from typing import Any, Final

from automations.postgres import Pool, outwait
from executor.journal.sql import queries
from executor.metrics import PRUNED_ROWS

RUNS_A_BATCH: Final = 1_000
ROWS_A_BATCH: Final = 20_000
_PAUSE_SECONDS: Final = 600.0


class Pruning:
    """Looks in intervals for what is past its time."""

    def __init__(self, pool: Pool, *, keep_runs_days: int, keep_starts_days: int) -> None:
        self._pool = pool
        self._run_days = keep_runs_days
        self._start_days = keep_starts_days

    async def keep_pruning(self) -> None:
        """Forget what is past its time until cancelled."""
        while True:
            await self.prune()
            await asyncio.sleep(_PAUSE_SECONDS)

    async def prune(self, runs_a_batch: int = RUNS_A_BATCH, rows_a_batch: int = ROWS_A_BATCH) -> None:
        """Forget all that is past its time now; each batch is a transaction of its own."""
        while await outwait(lambda: self._prune_runs(runs_a_batch)) == runs_a_batch:
            pass
        for table, query in (
            ("starts", queries.prune_starts),
            ("chain_places", queries.prune_chain_places),
            ("versions", queries.prune_tried_documents),
        ):
            while await outwait(lambda: self._prune_rows(table, query, rows_a_batch)) == rows_a_batch:  # noqa: B023
                pass

    async def _prune_runs(self, at_most: int) -> int:
        rows = queries.prune_runs(self._pool, older_than_days=self._run_days, at_most=at_most)
        numbers = {row["name"]: row["number"] async for row in rows}
        for table, number in numbers.items():
            PRUNED_ROWS.labels(table).inc(number)
        forgotten: int = numbers["runs"]
        return forgotten

    async def _prune_rows(self, table: str, query: Any, at_most: int) -> int:
        number: int = await query(self._pool, older_than_days=self._start_days, at_most=at_most)
        PRUNED_ROWS.labels(table).inc(number)
        return number
