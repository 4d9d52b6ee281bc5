"""What the loop guard asks of the journal: starts of a stretch of time, and who has a place in a chain."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final, NamedTuple
from uuid import UUID

from automations.postgres import Pool, outwait
from executor.enrolment.loop_guard import PastStart, Place
from executor.journal.sql import queries

MOST_LOADED: Final = 200_000
"""Starts that are loaded at a time at the most."""


class Wanted(NamedTuple):
    """A start that wants a place in a chain."""

    run_id: str
    order_key: str
    place: Place


class PastStarts:
    """Reads and claims; an outage of PostgreSQL is waited out."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, after: datetime, until: datetime) -> list[PastStart]:
        """Return the live starts whose events the broker took in that time."""

        async def load() -> list[PastStart]:
            rows = queries.load_starts_of_events(self._pool, after=after, until=until, at_most=MOST_LOADED)
            return [
                PastStart(row["tenant_id"], row["order_key"], str(row["run_id"]), row["appended_at"])
                async for row in rows
            ]

        return await outwait(load)

    async def claim_places(self, wanted: Sequence[Wanted]) -> Mapping[str, str]:
        """Take the places that are free; return, for each start whose place another run has, that run.

        A start that claims its place again has it still. One that claims and is not accepted afterwards, because its
        process was gone, has it when it is delivered again.
        """
        first_runs = [one.place.first_run for one in wanted if one.place.first_run is not None]

        async def claim() -> dict[str, str]:
            holders: dict[UUID, str] = {}
            firsts: dict[UUID, str] = {}
            rows = queries.claim_chain_places(
                self._pool,
                keys=[one.place.key for one in wanted],
                run_ids=[one.run_id for one in wanted],
                first_runs=first_runs,
            )
            async for row in rows:
                if row["key"] is None:
                    firsts[row["run_id"]] = row["order_key"]
                else:
                    holders[row["key"]] = str(row["run_id"])
            taken = {one.run_id: holders.get(one.place.key, one.run_id) for one in wanted}
            for one in wanted:
                if one.place.first_run is not None and firsts.get(one.place.first_run) == one.order_key:
                    taken[one.run_id] = str(one.place.first_run)
            return {run_id: holder for run_id, holder in taken.items() if holder != run_id}

        return await outwait(claim)
