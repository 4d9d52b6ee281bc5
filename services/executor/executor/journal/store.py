"""The journal's transactions. Every one takes the fence first: a process without its lease writes nothing."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import aiosql

from automations.contracts.wire import encode
from automations.observability import get_logger
from automations.postgres import Pool, PoolConnection, outwait
from executor.engine.inputs import TimerFired, input_decoder
from executor.journal.group_commit import GroupCommit
from executor.journal.lease import Lease, LeaseLost
from executor.journal.rows import (
    Acceptance,
    Advance,
    ClaimedRun,
    Entry,
    HeldRun,
    LeftInput,
    PendingInput,
    Release,
    read_run,
)

log = get_logger(__name__)
T = TypeVar("T")

SCHEMA = "executor"
MIGRATIONS = Path(__file__).with_name("migrations")
queries: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg")


class SeenStart(NamedTuple):
    """What became of a command that was seen before."""

    outcome: str
    digest: str


class Journal:
    """What executor remembers. Outages of PostgreSQL are waited out inside every call."""

    def __init__(self, pool: Pool, lease: Lease) -> None:
        self._pool = pool
        self._lease = lease
        self._advances: GroupCommit[Advance, None] = GroupCommit(self._write_advances)
        self._releases: GroupCommit[Release, Sequence[PendingInput]] = GroupCommit(self._write_releases)

    async def run(self) -> None:
        """Write what is submitted, until cancelled.

        Raises:
            LeaseLost: another process has taken over.
        """
        async with asyncio.TaskGroup() as groups:
            groups.create_task(self._advances.run())
            groups.create_task(self._releases.run())

    async def advance(self, advance: Advance) -> None:
        """Return when the run's entries are durable."""
        await self._advances.submit(advance)

    async def release(self, release: Release) -> Sequence[PendingInput]:
        """Give the run up and return nothing; where inputs wait for it, keep it and return them."""
        return await self._releases.submit(release)

    async def enter_starts(
        self, acceptances: Sequence[Acceptance], skips: Sequence[tuple[str, str, str]]
    ) -> dict[str, SeenStart]:
        """Enter start commands in one transaction, and return those that were seen before.

        `skips` are run id, reason and digest of commands that start nothing. Where the answer to a commit was
        lost, the runs that it did enter are found by their holder, and count as entered now.
        """
        attempts = 0
        ids = [accepted.run.run_id for accepted in acceptances] + [skip[0] for skip in skips]
        outcomes = ["accepted"] * len(acceptances) + [skip[1] for skip in skips]
        digests = [accepted.digest for accepted in acceptances] + [skip[2] for skip in skips]

        async def enter(connection: PoolConnection) -> dict[str, SeenStart]:
            nonlocal attempts
            attempts += 1
            entered = {
                str(row["run_id"])
                async for row in queries.insert_starts(connection, run_ids=ids, outcomes=outcomes, digests=digests)
            }
            await self._insert_runs(connection, [a for a in acceptances if a.run.run_id in entered])
            missing = [run_id for run_id in ids if run_id not in entered]
            if attempts > 1:
                held = queries.held_runs(connection, process=self._lease.number, run_ids=missing)
                mine = {str(row["run_id"]) async for row in held}
                missing = [run_id for run_id in missing if run_id not in mine]
            if not missing:
                return {}
            return {
                str(row["run_id"]): SeenStart(row["outcome"], row["digest"])
                async for row in queries.load_starts(connection, run_ids=missing)
            }

        return await self._transact(enter)

    async def leave_inputs(self, inputs: Sequence[LeftInput]) -> tuple[list[HeldRun], set[str]]:
        """Leave inputs for their runs; return the runs that this process took up for them, and unknown run ids.

        A run that another process performs, or this one, gets its inputs from there (`inputs_of_held`).
        """
        run_ids = sorted({left.run_id for left in inputs})

        async def leave(connection: PoolConnection) -> tuple[list[HeldRun], set[str]]:
            known = {str(row["run_id"]) async for row in queries.lock_runs(connection, run_ids=run_ids)}
            kept = [left for left in inputs if left.run_id in known]
            await queries.insert_inputs(
                connection,
                run_ids=[left.run_id for left in kept],
                keys=[left.key for left in kept],
                inputs=[encode(left.input) for left in kept],
            )
            adopted = await self._adopt(connection, sorted(known))
            return adopted, set(run_ids) - known

        return await self._transact(leave)

    async def adopt_left_behind(self, at_most: int) -> list[HeldRun]:
        """Take up runs that nobody holds though inputs wait for them."""

        async def adopt(connection: PoolConnection) -> list[HeldRun]:
            found = [str(row["run_id"]) async for row in queries.runs_left_with_inputs(connection, at_most=at_most)]
            if not found:
                return []
            async for _ in queries.lock_runs(connection, run_ids=sorted(found)):
                pass
            return await self._adopt(connection, found)

        return await self._transact(adopt)

    async def claim_due(self, at_most: int, now: datetime | None = None) -> list[ClaimedRun]:
        """Take up runs of which a time has come, by PostgreSQL's clock unless `now` is given."""

        async def claim(connection: PoolConnection) -> list[ClaimedRun]:
            due = [row["run_id"] async for row in queries.due_runs(connection, now=now, at_most=at_most)]
            if not due:
                return []
            free = [row["run_id"] async for row in queries.lock_free_runs(connection, run_ids=due)]
            fired: dict[str, list[TimerFired]] = defaultdict(list)
            async for row in queries.due_timers(connection, now=now, run_ids=free):
                fired[str(row["run_id"])].append(TimerFired(key=row["key"], at=row["at"]))
            held = await self._adopt(connection, free)
            return [ClaimedRun(one, tuple(fired[one.run.run_id])) for one in held]

        return await self._transact(claim)

    async def seconds_to_next_timer(self) -> float | None:
        """Return how long until the next time comes that a parked run waits for."""
        seconds: float | None = await outwait(lambda: queries.seconds_to_next_timer(self._pool))
        return seconds

    async def inputs_of_held(self) -> dict[str, list[PendingInput]]:
        """Return the inputs that came for runs while this process performs them."""

        async def load() -> dict[str, list[PendingInput]]:
            return await _pending(queries.inputs_of_held(self._pool, process=self._lease.number))

        return await outwait(load)

    async def pending_inputs(self, run_ids: Sequence[str]) -> dict[str, list[PendingInput]]:
        """Return the inputs that wait for runs, in the order they came."""
        return await outwait(lambda: self._load_inputs(self._pool, run_ids))

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
            return [HeldRun(read_run(row["state"]), row["published"]) async for row in rows]

        return await self._transact(take)

    async def load_entries(self, run_id: str, after: int) -> list[Entry]:
        """Return what moved a run after a number, and the facts it gave, in order."""

        async def load() -> list[Entry]:
            rows = queries.load_entries(self._pool, run_id=run_id, after=after)
            return [Entry(row["seq"], row["input"], row["fact"]) async for row in rows]

        return await outwait(load)

    async def prune(self, run_days: int, start_days: int, at_most: int) -> int:
        """Forget ended runs and starts past their time; return how many runs were forgotten."""

        async def prune(connection: PoolConnection) -> int:
            rows = queries.prune_runs(connection, older_than_days=run_days, at_most=at_most)
            run_ids = [row["run_id"] async for row in rows]
            await queries.prune_journal(connection, run_ids=run_ids)
            await queries.prune_starts(connection, older_than_days=start_days)
            await queries.prune_tried_documents(connection, older_than_days=start_days)
            return len(run_ids)

        return await self._transact(prune)

    async def _transact(self, work: Callable[[PoolConnection], Awaitable[T]]) -> T:
        async def attempt() -> T:
            async with self._fenced() as connection:
                return await work(connection)

        return await outwait(attempt)

    @asynccontextmanager
    async def _fenced(self) -> AsyncIterator[PoolConnection]:
        """Yield a connection in a transaction that commits only under this process's lease."""
        async with self._pool.acquire() as connection, connection.transaction():
            if not await queries.fence(connection, number=self._lease.number):
                raise self._lease_lost()
            yield connection

    async def _insert_runs(self, connection: PoolConnection, accepted: Sequence[Acceptance]) -> None:
        if not accepted:
            return
        runs = [acceptance.run for acceptance in accepted]
        run_ids = [run.run_id for run in runs]
        await queries.insert_runs(
            connection,
            process=self._lease.number,
            run_ids=run_ids,
            tenants=[run.tenant_id for run in runs],
            automations=[run.automation_id for run in runs],
            order_keys=[run.order_key for run in runs],
            statuses=[run.status for run in runs],
            seqs=[run.seq for run in runs],
            states=[encode(run) for run in runs],
        )
        entries = [acceptance.entry for acceptance in accepted]
        await queries.insert_journal(
            connection,
            run_ids=run_ids,
            seqs=[entry.seq for entry in entries],
            inputs=[entry.input for entry in entries],
            facts=[entry.fact for entry in entries],
        )

    async def _adopt(self, connection: PoolConnection, run_ids: Sequence[str]) -> list[HeldRun]:
        """Take those of the runs that nobody holds; their times are known to their holder from now on."""
        rows = queries.adopt_runs(connection, process=self._lease.number, run_ids=run_ids)
        held = [HeldRun(read_run(row["state"]), row["published"]) async for row in rows]
        if held:
            await queries.remove_timers(connection, run_ids=[one.run.run_id for one in held])
        return held

    async def _write_advances(self, advances: Sequence[Advance]) -> Sequence[None]:
        if any(advance.taken or advance.saves_state for advance in advances):
            await self._transact(lambda connection: self._write_with_states(connection, advances))
        else:
            await outwait(lambda: self._append(advances))
        return [None] * len(advances)

    async def _append(self, advances: Sequence[Advance]) -> None:
        """Journal what only adds to the journal: one statement, and so one round trip, for all of them."""
        if not await queries.append_journal(self._pool, number=self._lease.number, **_entries_of(advances)):
            raise self._lease_lost()

    async def _write_with_states(self, connection: PoolConnection, advances: Sequence[Advance]) -> None:
        await queries.insert_journal(connection, **_entries_of(advances))
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
        pending = await self._transact(lambda connection: self._give_up(connection, ordered))
        return [pending.get(release.run.run_id, ()) for release in releases]

    async def _give_up(self, connection: PoolConnection, releases: Sequence[Release]) -> dict[str, list[PendingInput]]:
        run_ids = [release.run.run_id for release in releases]
        async for _ in queries.lock_runs(connection, run_ids=run_ids):
            pass
        pending = await self._load_inputs(connection, run_ids)
        given_up = [release for release in releases if release.run.run_id not in pending]
        timers = [(release.run.run_id, timer) for release in given_up for timer in release.timers]
        if timers:
            await queries.insert_timers(
                connection,
                run_ids=[run_id for run_id, _ in timers],
                keys=[timer.key for _, timer in timers],
                due_ats=[timer.due_at for _, timer in timers],
            )
        await queries.release_runs(
            connection,
            run_ids=[release.run.run_id for release in given_up],
            statuses=[release.run.status for release in given_up],
            seqs=[release.run.seq for release in given_up],
            publisheds=[release.published for release in given_up],
            states=[encode(release.run) for release in given_up],
        )
        return pending

    def _lease_lost(self) -> LeaseLost:
        return LeaseLost(f"another process took over the runs of process {self._lease.number}")

    @staticmethod
    async def _load_inputs(connection: Pool | PoolConnection, run_ids: Sequence[str]) -> dict[str, list[PendingInput]]:
        return await _pending(queries.load_inputs(connection, run_ids=list(run_ids)))


def _entries_of(advances: Sequence[Advance]) -> dict[str, list[Any]]:
    entries = [(advance.run.run_id, entry) for advance in advances for entry in advance.entries]
    return {
        "run_ids": [run_id for run_id, _ in entries],
        "seqs": [entry.seq for _, entry in entries],
        "inputs": [entry.input for _, entry in entries],
        "facts": [entry.fact for _, entry in entries],
    }


async def _pending(rows: AsyncIterator[Any]) -> dict[str, list[PendingInput]]:
    pending: dict[str, list[PendingInput]] = defaultdict(list)
    async for row in rows:
        pending[str(row["run_id"])].append(PendingInput(row["key"], input_decoder.decode(row["input"])))
    return dict(pending)
