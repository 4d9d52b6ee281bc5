"""The journal's transactions. Every one takes the fence first: a process without its lease writes nothing."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple, TypeVar

from automations.contracts.wire import encode
from automations.durable_points import passed
from automations.observability import get_logger
from automations.postgres import Pool, PoolConnection, UniqueViolation, outwait
from executor.engine.inputs import TimerFired
from executor.journal.group_commit import GroupCommit
from executor.journal.lease import Lease, LeaseLost
from executor.journal.rows import Acceptance, Advance, ClaimedRun, HeldRun, LeftInput, PendingInput, Release
from executor.journal.sql import queries
from executor.journal.turns import (
    ENDING_KEYS,
    ONE_HOLDER,
    adopt_runs,
    enter_runs,
    hand_lost_turns_on,
    keep_fired,
    load_held,
    load_inputs,
    lock_to_adopt,
    read_inputs,
    release_runs,
)
from executor.metrics import JOURNAL_BATCH

log = get_logger(__name__)
T = TypeVar("T")

SCHEMA = "executor"
MIGRATIONS = Path(__file__).with_name("migrations")


class SeenStart(NamedTuple):
    """What became of a command that was seen before."""

    outcome: str
    digest: str


class EnteredStarts(NamedTuple):
    """What became of commands, beside those that are runs which may begin."""

    seen: dict[str, SeenStart]
    queued: dict[str, Acceptance]
    """Runs that wait for their turn, as they were entered."""


class Journal:
    """What executor remembers. Outages of PostgreSQL are waited out inside every call."""

    def __init__(self, pool: Pool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self._advances: GroupCommit[Advance, None] = GroupCommit(
            self._write_advances, JOURNAL_BATCH.labels("facts").observe
        )
        self._releases: GroupCommit[Release, Sequence[PendingInput]] = GroupCommit(
            self._write_releases, JOURNAL_BATCH.labels("releases").observe
        )
        self._turns_look_free = True
        """Whether the turns of the starts that were entered last were all free."""
        self.take_turns: Callable[[Sequence[HeldRun]], None] = _leave_to_take_over
        """Performs the runs that were handed their turn when others were given up; this process holds them."""

    async def run(self) -> None:
        """Write what is submitted, until cancelled.

        Raises:
            LeaseLost: another process has taken over.
        """
        async with asyncio.TaskGroup() as groups:
            groups.create_task(self._advances.run())
            groups.create_task(self._releases.run())

    def advance(self, advance: Advance) -> Awaitable[None]:
        """Return what is done when the run's entries are durable."""
        return self._advances.submit(advance)

    def release(self, release: Release) -> Awaitable[Sequence[PendingInput]]:
        """Give the run up and return nothing; where inputs wait for it, keep it and return them."""
        return self._releases.submit(release)

    async def enter_starts(
        self,
        acceptances: Sequence[Acceptance],
        skips: Sequence[tuple[str, str, str]],
        queue: Callable[[Acceptance], Acceptance],
    ) -> EnteredStarts:
        """Enter start commands in one transaction, in their order; return those seen before, and those that wait.

        `skips` are run id, reason and digest of commands that start nothing; `queue` gives a run as it is where its
        turn is taken. Where the answer to a commit was lost, the runs that it did enter are found by their holder,
        and count as entered now.
        """
        attempts = 0
        ids = [accepted.run.run_id for accepted in acceptances] + [skip[0] for skip in skips]
        outcomes = ["accepted"] * len(acceptances) + [skip[1] for skip in skips]
        digests = [accepted.digest for accepted in acceptances] + [skip[2] for skip in skips]

        async def enter(connection: PoolConnection) -> EnteredStarts:
            nonlocal attempts
            attempts += 1
            rows = queries.enter_starts(connection, run_ids=ids, outcomes=outcomes, digests=digests)
            missing = {row["run_id"] async for row in rows}
            new = [one for one in acceptances if one.run.run_id not in missing] if missing else acceptances
            queued = await self._enter_runs(connection, new, queue)
            if attempts > 1:
                wanted = [accepted for accepted in acceptances if accepted.run.run_id in missing]
                held = queries.held_runs(
                    connection,
                    process=self._lease.number,
                    run_ids=[accepted.run.run_id for accepted in wanted],
                    inputs=[accepted.entry.input for accepted in wanted],
                )
                missing -= {str(row["run_id"]) async for row in held}
            if not missing:
                return EnteredStarts({}, queued)
            rows = queries.load_starts(connection, run_ids=list(missing))
            seen = {str(row["run_id"]): SeenStart(row["outcome"], row["digest"]) async for row in rows}
            return EnteredStarts(seen, queued)

        return await self._transact(enter)

    async def leave_inputs(self, inputs: Sequence[LeftInput], *, adopts: bool) -> tuple[list[HeldRun], set[str]]:
        """Leave inputs for their runs; return the runs that this process took up for them, and unknown run ids.

        A run that another process performs, or this one, gets its inputs from there (`inputs_of_held`). Where this
        one `adopts` none, a run that nobody performs is taken up later (`adopt_left_behind`).
        """
        run_ids = sorted({left.run_id for left in inputs})

        async def leave(connection: PoolConnection) -> tuple[list[HeldRun], set[str]]:
            known = await lock_to_adopt(connection, run_ids)
            kept = [left for left in inputs if left.run_id in known]
            await queries.insert_inputs(
                connection,
                run_ids=[left.run_id for left in kept],
                keys=[left.key for left in kept],
                inputs=[encode(left.input) for left in kept],
            )
            adopted = await adopt_runs(connection, self._lease.number, known) if adopts else []
            return adopted, set(run_ids) - known

        return await self._transact(leave)

    async def adopt_left_behind(self, at_most: int) -> list[HeldRun]:
        """Take up runs that nobody holds though inputs wait for them."""

        async def adopt(connection: PoolConnection) -> list[HeldRun]:
            rows = queries.runs_left_with_inputs(connection, ending_keys=list(ENDING_KEYS), at_most=at_most)
            found = [str(row["run_id"]) async for row in rows]
            if not found:
                return []
            return await adopt_runs(connection, self._lease.number, await lock_to_adopt(connection, found))

        return await self._transact(adopt)

    async def claim_due(self, at_most: int, now: datetime | None = None) -> list[ClaimedRun]:
        """Take up runs of which a time has come, by PostgreSQL's clock unless `now` is given.

        Where the turn of one is taken, what has come waits in its inbox; it is taken up all the same if that ends it.
        """

        async def claim(connection: PoolConnection) -> list[ClaimedRun]:
            due = [row["run_id"] async for row in queries.due_runs(connection, now=now, at_most=at_most)]
            if not due:
                return []
            free = [row["run_id"] async for row in queries.lock_free_runs(connection, run_ids=due)]
            fired: dict[str, list[TimerFired]] = defaultdict(list)
            async for row in queries.due_timers(connection, now=now, run_ids=free):
                fired[str(row["run_id"])].append(TimerFired(key=row["key"], at=row["at"]))
            held = await adopt_runs(connection, self._lease.number, free)
            claimed = [ClaimedRun(one, tuple(fired.pop(one.run.run_id, ()))) for one in held]
            if not fired:
                return claimed
            await keep_fired(connection, [(run_id, timer) for run_id, timers in fired.items() for timer in timers])
            ending = await adopt_runs(connection, self._lease.number, list(fired))
            return [*claimed, *(ClaimedRun(one, ()) for one in ending)]

        return await self._transact(claim)

    async def claim_calls_put_off(self, destination: str, at_most: int) -> tuple[list[HeldRun], bool]:
        """Take up runs that wait for a place at a destination; return them, and whether more may be left."""

        async def claim(connection: PoolConnection) -> tuple[list[HeldRun], bool]:
            rows = queries.claim_calls_put_off(connection, destination=destination, at_most=at_most)
            found = [row["run_id"] async for row in rows]
            if not found:
                return [], False
            free = [row["run_id"] async for row in queries.lock_free_runs(connection, run_ids=found)]
            return await adopt_runs(connection, self._lease.number, free), len(found) == at_most

        return await self._transact(claim)

    async def crowded_destinations(self) -> list[str]:
        """Return the destinations for which runs wait that no process holds."""

        async def load() -> list[str]:
            return [row["destination"] async for row in queries.crowded_destinations(self._pool)]

        return await outwait(load)

    async def seconds_to_next_timer(self) -> float | None:
        """Return how long until the next time comes that a parked run waits for."""
        seconds: float | None = await outwait(lambda: queries.seconds_to_next_timer(self._pool))
        return seconds

    async def inputs_of_held(self) -> dict[str, list[PendingInput]]:
        """Return the inputs that came for runs while this process performs them."""

        async def load() -> dict[str, list[PendingInput]]:
            return await read_inputs(queries.inputs_of_held(self._pool, process=self._lease.number))

        return await outwait(load)

    async def expired_processes(self) -> list[int]:
        """Return the numbers of other processes whose lease has run out."""
        rows = queries.expired_processes(self._pool, number=self._lease.number)
        return [row["number"] async for row in rows]

    async def take_over(self, other: int) -> list[HeldRun]:
        """Adopt all runs of a process that is gone; nothing where it lives after all, or another was faster."""

        async def take(connection: PoolConnection) -> list[HeldRun]:
            await queries.lock_for_take_over(connection, number=other)
            if await queries.remove_expired(connection, number=other) is None:
                return []
            rows = queries.take_runs_over(connection, number=self._lease.number, other=other)
            return await load_held(connection, rows, were_under_way=True)

        return await self._transact(take)

    async def hand_lost_turns_on(self, at_most: int) -> list[HeldRun]:
        """Take up queued runs whose turn nobody holds, and give it to them."""
        return await self._transact(lambda connection: hand_lost_turns_on(connection, self._lease.number, at_most))

    async def _transact(self, work: Callable[[PoolConnection], Awaitable[T]]) -> T:
        async def attempt() -> T:
            while True:
                try:
                    async with self._fenced() as connection:
                        return await work(connection)
                except UniqueViolation as error:
                    if error.constraint_name != ONE_HOLDER:
                        raise  # any other index says that the data is wrong; this one, that another was faster

        return await outwait(attempt)

    @asynccontextmanager
    async def _fenced(self) -> AsyncIterator[PoolConnection]:
        """Yield a connection in a transaction that commits only under this process's lease."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await queries.fence(connection, number=self._lease.number):
                raise self._lease_lost()
            yield connection

    async def _enter_runs(
        self, connection: PoolConnection, accepted: Sequence[Acceptance], queue: Callable[[Acceptance], Acceptance]
    ) -> dict[str, Acceptance]:
        if not accepted:
            return {}
        runs, queued = await enter_runs(
            connection, self._lease.number, accepted, queue, turns_look_free=self._turns_look_free
        )
        self._turns_look_free = not queued
        entries = [(one.run.run_id, one.entry.seq, one.entry.input) for one in runs]
        await queries.enter_in_journal(connection, entries=entries)
        return queued

    async def _write_advances(self, advances: Sequence[Advance]) -> Sequence[None]:
        if any(advance.taken or advance.saves_state for advance in advances):
            await self._transact(lambda connection: self._write_with_states(connection, advances))
        else:
            await outwait(lambda: self._append(advances))
        return [None] * len(advances)

    async def _append(self, advances: Sequence[Advance]) -> None:
        """Journal what only adds to the journal: one statement, and so one round trip, for all of them."""
        entries = [(one.run.run_id, entry.seq, entry.input) for one in advances for entry in one.entries]
        if not await queries.append_to_journal(self._pool, number=self._lease.number, entries=entries):
            raise self._lease_lost()

    async def _write_with_states(self, connection: PoolConnection, advances: Sequence[Advance]) -> None:
        entries = [(advance.run.run_id, entry) for advance in advances for entry in advance.entries]
        await queries.insert_journal(
            connection,
            run_ids=[run_id for run_id, _ in entries],
            seqs=[entry.seq for _, entry in entries],
            inputs=[entry.input for _, entry in entries],
            facts=[entry.fact for _, entry in entries],
        )
        saved = sorted((one for one in advances if one.saves_state), key=lambda advance: advance.run.run_id)
        if saved:
            await queries.save_states(
                connection,
                run_ids=[advance.run.run_id for advance in saved],
                seqs=[advance.run.seq for advance in saved],
                publisheds=[advance.published for advance in saved],
                states=[encode(advance.run) for advance in saved],
            )
        taken = [(advance.run.run_id, key) for advance in advances for key in advance.taken]
        if taken:
            await queries.remove_inputs(connection, run_ids=[run for run, _ in taken], keys=[key for _, key in taken])

    async def _write_releases(self, releases: Sequence[Release]) -> Sequence[Sequence[PendingInput]]:
        ordered = sorted(releases, key=lambda release: release.run.run_id)
        pending, handed_on = await self._transact(lambda connection: self._give_up(connection, ordered))
        if handed_on:
            passed("turn handed on")
            self.take_turns(handed_on)
        return [pending.get(release.run.run_id, ()) for release in releases]

    async def _give_up(
        self, connection: PoolConnection, releases: Sequence[Release]
    ) -> tuple[dict[str, list[PendingInput]], list[HeldRun]]:
        run_ids = [release.run.run_id for release in releases]
        await queries.lock_runs(connection, run_ids=run_ids)
        pending = await load_inputs(connection, run_ids)
        given_up = [release for release in releases if release.run.run_id not in pending]
        timers = [(release.run.run_id, timer) for release in given_up for timer in release.timers]
        if timers:
            await queries.insert_timers(
                connection,
                run_ids=[run_id for run_id, _ in timers],
                keys=[timer.key for _, timer in timers],
                due_ats=[timer.due_at for _, timer in timers],
            )
        put_off = [(release.run.run_id, at) for release in given_up for at in release.destinations]
        if put_off:
            await queries.insert_calls_put_off(
                connection, run_ids=[run_id for run_id, _ in put_off], destinations=[at for _, at in put_off]
            )
        handed_on = await release_runs(connection, self._lease.number, given_up)
        return pending, handed_on

    def _lease_lost(self) -> LeaseLost:
        return LeaseLost(f"another process took over the runs of process {self._lease.number}")


def _leave_to_take_over(handed_on: Sequence[HeldRun]) -> None:
    """Perform nothing: whoever takes over from this process will."""
