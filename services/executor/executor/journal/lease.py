"""The lease: while it stands, this process and no other performs the runs that name it.

A process has one row with a number and a time until which it is alive, by PostgreSQL's clock. It renews
the row every `RENEW_SECONDS`. Whoever finds a row run out takes the runs over. An effect begins only
while the lease is known to stand by this process's own clock, counted from before the last renewal was
asked for; a process that was stopped for long knows, when it wakes, that it has to ask first.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final

from automations.clock import monotonic_seconds
from automations.durable_points import passed
from automations.observability import get_logger
from automations.postgres import OUTAGES, Pool

log = get_logger(__name__)

VALID_SECONDS: Final = 10.0
RENEW_SECONDS: Final = 2.0
_MARGIN_SECONDS: Final = 1.0
_LONGEST_RENEWAL_SECONDS: Final = 4.0


class LeaseLost(RuntimeError):
    """Another process has taken this one's runs over; nothing more may be written."""


class Lease:
    """This process's right to perform runs."""

    def __init__(self, pool: Pool, queries: Any, name: str, clock: Callable[[], float] = monotonic_seconds) -> None:
        self._pool = pool
        self._queries = queries
        self._name = name
        self._clock = clock
        self._renewed_at = float("-inf")
        self._renewed = asyncio.Event()
        self.number = 0

    async def take(self) -> None:
        """Register this process under a new number."""
        asked_at = self._clock()
        self.number = await self._queries.register_process(self._pool, name=self._name, valid_seconds=VALID_SECONDS)
        self._note_renewal(asked_at)
        log.info("lease taken", process=self.number)

    async def keep(self) -> None:
        """Renew the lease until cancelled.

        Raises:
            LeaseLost: it was taken away.
        """
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._renew()

    async def end(self) -> None:
        """Give the lease up, so that others take over at once what is left."""
        self._renewed_at = float("-inf")
        try:
            await asyncio.wait_for(self._queries.end_lease(self._pool, number=self.number), timeout=3)
        except OUTAGES as error:
            log.warning("the lease runs out by itself", error=repr(error))

    def stands(self) -> bool:
        """Whether the lease is known to stand at this moment."""
        return self._clock() - self._renewed_at < VALID_SECONDS - _MARGIN_SECONDS

    def age_seconds(self) -> float:
        """Return how long ago the last renewal that succeeded was asked for."""
        return self._clock() - self._renewed_at

    async def until_it_stands(self) -> None:
        """Return as soon as the lease is known to stand; at once in the usual case."""
        while not self.stands():
            self._renewed.clear()
            await self._renewed.wait()

    async def _renew(self) -> None:
        asked_at = self._clock()
        try:
            number = await asyncio.wait_for(
                self._queries.renew_lease(self._pool, number=self.number, valid_seconds=VALID_SECONDS),
                timeout=_LONGEST_RENEWAL_SECONDS,
            )
        except OUTAGES as error:
            log.warning("the lease could not be renewed; trying again", error=repr(error))
            return
        if number is None:
            raise LeaseLost(f"another process took over the runs of process {self.number}")
        self._note_renewal(asked_at)
        passed("lease renewed")

    def _note_renewal(self, asked_at: float) -> None:
        self._renewed_at = asked_at
        self._renewed.set()
