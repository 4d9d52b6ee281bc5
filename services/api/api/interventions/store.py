"""Interventions in PostgreSQL: what was asked for and its message to executor are one transaction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import msgspec

from api.outbox.store import Sending, save_message
from automations.clock import utc_now
from automations.contracts.commands import StartRun, TriggerEvent
from automations.contracts.controls import CancelRun
from automations.contracts.events import record_key_of
from automations.contracts.topics import RUN_COMMANDS, RUN_CONTROLS, record_key
from automations.contracts.wire import encode
from automations.postgres import Pool, PoolConnection

queries: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

_event_decoder = msgspec.json.Decoder(TriggerEvent)


class SkippedStart(NamedTuple):
    """A start that a pause skipped."""

    run_id: str
    event: TriggerEvent


class Started(NamedTuple):
    """What one transaction started, and the messages that are to be sent."""

    number: int
    sendings: Sequence[Sending]


class InterventionStore:
    """Saves what people ask of runs."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save_cancellation(
        self, tenant_id: str, run_id: str, requested_by: str, reason: str | None
    ) -> Sending | None:
        """Store that somebody wants the run to end, and put it into the outbox; None where it was stored before."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await save_cancellation(connection, tenant_id, run_id, requested_by, reason)

    async def save_start(self, command: StartRun) -> Sending:
        """Put a start into the outbox."""
        async with self._pool.acquire() as connection, connection.transaction():
            return await save_start(connection, command)

    async def start_skipped(
        self,
        tenant_id: str,
        automation_id: str,
        started_by: str,
        *,
        run_ids: Sequence[str] | None,
        number: int,
        command_of: Callable[[SkippedStart, int, datetime], StartRun],
    ) -> Started | None:
        """Start the oldest of the starts that a pause skipped, each once; None where the automation is not active.

        `command_of` gives the command of one for the live version.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            names = {"tenant_id": tenant_id, "automation_id": automation_id}
            version = await queries.hold_active_version(connection, **names)
            if version is None:
                return None
            rows = queries.claim_skipped_starts(connection, **names, run_ids=run_ids, number=number)
            now = utc_now()
            skipped = [SkippedStart(str(row["run_id"]), _event_decoder.decode(row["event"])) async for row in rows]
            commands = [command_of(each, version, now) for each in skipped]
            await queries.mark_started(
                connection,
                tenant_id=tenant_id,
                run_ids=[each.run_id for each in skipped],
                started_run_ids=[command.run_id for command in commands],
                started_by=started_by,
                started_at=now,
            )
            return Started(len(commands), [await save_start(connection, command) for command in commands])

    async def find_skipped(self, tenant_id: str, automation_id: str, run_ids: Sequence[str]) -> set[str]:
        """Return which of the ids are starts of the automation that a pause skipped."""
        async with self._pool.acquire() as connection:
            rows = queries.find_skipped_by_pauses(
                connection, tenant_id=tenant_id, automation_id=automation_id, run_ids=run_ids
            )
            return {str(row["run_id"]) async for row in rows}

    async def count_startable(self, tenant_id: str, automation_id: str) -> int:
        """Return how many skipped starts wait to be started."""
        async with self._pool.acquire() as connection:
            number: int = await queries.count_startable(connection, tenant_id=tenant_id, automation_id=automation_id)
        return number


async def save_cancellation(
    connection: PoolConnection, tenant_id: str, run_id: str, requested_by: str, reason: str | None
) -> Sending | None:
    """Store in the caller's transaction that somebody wants a run to end; None where it was stored before."""
    row = await queries.save_cancellation(
        connection, tenant_id=tenant_id, run_id=run_id, requested_by=requested_by, reason=reason
    )
    if row is None:
        return None
    control = CancelRun(
        tenant_id=tenant_id,
        run_id=run_id,
        requested_by=requested_by,
        requested_at=row["requested_at"],
        reason=reason,
    )
    return await save_message(connection, RUN_CONTROLS, run_id.encode(), encode(control))


async def save_start(connection: PoolConnection, command: StartRun) -> Sending:
    """Put a start into the outbox in the caller's transaction, under the key that keeps a record's order."""
    record = record_key_of(command.event)
    key = record_key(command.tenant_id, command.automation_id, record or command.run_id)
    return await save_message(connection, RUN_COMMANDS, key, encode(command))
