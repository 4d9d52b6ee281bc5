"""Counts in intervals what lies in PostgreSQL, for metrics: runs by what they wait for, and processes.

Each number comes from an index of its own, and none from looking at all runs. Every process tells the same.
"""

import asyncio
from typing import Final

from automations.postgres import Pool, outwait
from executor.journal.sql import queries
from executor.metrics import HELD_RUNS, PARKED_RUNS, PROCESSES_ALIVE, PUT_OFF_RUNS, QUEUED_RUNS

_COUNT_SECONDS: Final = 10.0


async def keep_counting(pool: Pool) -> None:
    """Count until cancelled."""
    while True:
        await count(pool)
        await asyncio.sleep(_COUNT_SECONDS)


async def count(pool: Pool) -> None:
    """Set the gauges to what is so now."""
    row = await outwait(lambda: queries.count_runs(pool))
    HELD_RUNS.set(row["held"])
    QUEUED_RUNS.set(row["queued"])
    PUT_OFF_RUNS.set(row["put_off"])
    PARKED_RUNS.set(max(0, row["waiting"] - row["put_off"]))
    PROCESSES_ALIVE.set(row["processes"])
