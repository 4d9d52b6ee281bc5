"""Finds what nobody takes care of: runs of processes that are gone, times that have come, inputs of runs that nobody
holds, calls whose place is there, and inputs that another process took in for a run of this one.
"""

import asyncio
from typing import Final

from automations.durable_points import passed
from automations.messaging.room import Room
from automations.observability import get_logger
from automations.postgres import OUTAGES
from executor.journal.lease import RENEW_SECONDS
from executor.journal.store import Journal
from executor.metrics import TAKEN_OVER
from executor.places import Places
from executor.runner import Runner

log = get_logger(__name__)

_SWEEP_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 1.0
_AT_MOST: Final = 1_000


class Recovery:
    """Looks around in intervals; every look is harmless where there is nothing to do."""

    def __init__(self, journal: Journal, runner: Runner, room: Room, places: Places) -> None:
        self._journal = journal
        self._runner = runner
        self._room = room
        self._places = places

    async def take_over(self) -> None:
        """Adopt the runs of every process whose lease has run out."""
        for number in await self._journal.expired_processes():
            held = await self._journal.take_over(number)
            if held:
                log.info("took over from a process that is gone", process=number, runs=len(held))
            TAKEN_OVER.inc(len(held))
            for one in held:
                self._runner.resume(one)

    async def sweep(self) -> int:
        """Take up runs that nobody holds though inputs wait for them, or their turn; return how many had inputs."""
        held = await self._journal.adopt_left_behind(_AT_MOST)
        for one in held:
            self._runner.wake(one)
        self._runner.take_turns(await self._journal.hand_lost_turns_on(_AT_MOST))
        return len(held)

    async def wake_due(self) -> None:
        """Take up parked runs of which a time has come."""
        claimed = await self._journal.claim_due(_AT_MOST)
        if claimed:
            passed("timer claimed")
        for held, fired in claimed:
            self._runner.wake(held, fired=fired)

    async def go_on_calling(self) -> None:
        """Take up runs whose calls wait for a place at a destination where there is one."""
        for destination, free in self._places.free():
            claimed, more = await self._journal.claim_calls_put_off(destination, free)
            for held in claimed:
                self._runner.wake(held)
            if not more:
                self._places.clear(destination)

    async def deliver(self) -> None:
        """Give runs that are performed here the inputs that another process took in for them."""
        for run_id, inputs in (await self._journal.inputs_of_held()).items():
            self._runner.deliver(run_id, inputs)

    async def keep_waking(self) -> None:
        """Wake runs as their times come, until cancelled."""
        while True:
            await self._room.until_open()
            await self.wake_due()
            seconds = await self._journal.seconds_to_next_timer()
            await asyncio.sleep(_LOOK_SECONDS if seconds is None else min(max(seconds, 0.01), _LOOK_SECONDS))

    async def keep_calling(self) -> None:
        """Take up runs as places become free where they want to go, until cancelled."""
        while True:
            await self._places.until_freed(_LOOK_SECONDS)
            await self._room.until_open()
            await self.go_on_calling()

    async def keep_looking_at_places(self) -> None:
        """Put off calls that wait for long, until cancelled, and learn for which destinations others put off theirs."""
        while True:
            self._places.put_off_late()
            for destination in await self._journal.crowded_destinations():
                self._places.crowd(destination)
            await asyncio.sleep(_LOOK_SECONDS)

    async def keep_delivering(self) -> None:
        """Look for inputs of runs under way until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            await self.deliver()

    async def keep_taking_over(self) -> None:
        """Look for processes that are gone until cancelled."""
        while True:
            try:
                await self.take_over()
            except OUTAGES as error:
                log.warning("looking for runs to take over waits for PostgreSQL", error=repr(error))
            await asyncio.sleep(RENEW_SECONDS)

    async def keep_sweeping(self) -> None:
        """Sweep until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            taken_up = _AT_MOST
            while taken_up == _AT_MOST:
                await self._room.until_open()
                taken_up = await self.sweep()
