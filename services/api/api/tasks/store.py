"""Tasks, submissions and notifications in PostgreSQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import msgspec

from api.outbox.store import Sending, save_message
from automations.contracts.controls import CompleteTask
from automations.contracts.topics import RUN_CONTROLS
from automations.contracts.wire import encode
from automations.durable_points import passed
from automations.postgres import Pool

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

Row = Mapping[str, Any]


class Verdict(NamedTuple):
    """The run's word on a submission."""

    accepted: bool
    reason: str | None


class TaskStore:
    """Reads tasks and stores what people submit to them."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def list_page(
        self,
        tenant_id: str,
        *,
        number: int,
        before: tuple[datetime | None, str | None],
        status: str | None,
        assignee: str | None = None,
        automation_id: str | None = None,
    ) -> list[Row]:
        async with self._pool.acquire() as connection:
            rows = queries.list_tasks(
                connection,
                tenant_id=tenant_id,
                status=status,
                assignee=assignee,
                automation_id=automation_id,
                before_time=before[0],
                before_id=before[1],
                number=number,
            )
            return [row async for row in rows]

    async def load(self, tenant_id: str, task_id: str) -> Row | None:
        async with self._pool.acquire() as connection:
            row: Row | None = await queries.load_task(connection, tenant_id=tenant_id, task_id=task_id)
        return row

    async def load_of_run(self, tenant_id: str, run_id: str) -> Sequence[Row]:
        """Return the run's tasks, in the order in which they opened."""
        async with self._pool.acquire() as connection:
            rows = queries.load_tasks_of_run(connection, tenant_id=tenant_id, run_id=run_id)
            return [row async for row in rows]

    async def save_submission(
        self, task: Row, submission_id: str, output: dict[str, Any], submitted_by: str
    ) -> Sending | None:
        """Store a submission and put it into the outbox; None where another one occupies the task."""
        run_id = str(task["run_id"])
        async with self._pool.acquire() as connection, connection.transaction():
            row = await queries.save_submission(
                connection,
                submission_id=submission_id,
                tenant_id=task["tenant_id"],
                task_id=task["task_id"],
                run_id=run_id,
                output=msgspec.json.encode(output).decode(),
                submitted_by=submitted_by,
            )
            if row is None:
                return None
            control = CompleteTask(
                tenant_id=task["tenant_id"],
                run_id=run_id,
                task_id=task["task_id"],
                submission_id=submission_id,
                output=output,
                submitted_by=submitted_by,
                submitted_at=row["submitted_at"],
            )
            sending = await save_message(connection, RUN_CONTROLS, run_id.encode(), encode(control))
        passed("submission stored")
        return sending

    async def load_verdict(self, submission_id: str) -> Verdict | None:
        """Return the verdict; None while it is not known."""
        async with self._pool.acquire() as connection:
            row = await queries.load_verdict(connection, submission_id=submission_id)
        return None if row is None or row["accepted"] is None else Verdict(row["accepted"], row["reason"])

    async def list_notifications(
        self, tenant_id: str, *, number: int, before_id: int | None, person: str | None, unread: bool | None
    ) -> list[dict[str, Any]]:
        async with self._pool.acquire() as connection:
            rows = queries.list_notifications(
                connection, tenant_id=tenant_id, person=person, unread=unread, before_id=before_id, number=number
            )
            return [dict(row) async for row in rows]

    async def mark_read(self, tenant_id: str, notification_id: int) -> dict[str, Any] | None:
        async with self._pool.acquire() as connection:
            row = await queries.mark_read(connection, tenant_id=tenant_id, id=notification_id)
        return None if row is None else dict(row)
