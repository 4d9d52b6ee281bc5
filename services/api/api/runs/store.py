"""The run history, read from PostgreSQL."""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql
import msgspec

from automations.postgres import Pool, PoolConnection

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

Row = Mapping[str, Any]
_MOST_ACTION_LISTS = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which runs are asked for; what is None lets every run through."""

    status: str | None = None
    waiting: bool | None = None
    mode: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    record_id: str | None = None
    object: str | None = None

    def about(self, record: str | None) -> "RunFilter":
        """Return the filter for one record: its id, or `object/id`; for every record where it is None or empty."""
        object_name, slash, record_id = (record or "").partition("/")
        if not slash:
            object_name, record_id = "", object_name
        return replace(self, record_id=record_id or None, object=object_name or None)


ANY_RUN = RunFilter()


@dataclass(frozen=True, slots=True)
class RunRows:
    """A run with its steps as stored, its version's actions while it is running, and the runs that repeat it."""

    run: Row
    steps: Sequence[Row]
    actions: Sequence[dict[str, Any]] = ()
    reruns: Sequence[str] = ()
    """Known of a run that was loaded by itself."""


class RunStore:
    """Reads runs of one tenant at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._actions: dict[tuple[str, str, int], list[dict[str, Any]]] = {}

    async def load(self, tenant_id: str, run_id: str) -> RunRows | None:
        if not is_uuid(run_id):
            return None
        async with self._pool.acquire() as connection:
            row = await queries.load_run(connection, tenant_id=tenant_id, run_id=run_id)
            if row is None:
                return None
            [found] = await self._with_steps(connection, tenant_id, [row])
            reruns = queries.load_reruns(connection, tenant_id=tenant_id, run_id=run_id)
            return replace(found, reruns=[str(rerun["run_id"]) async for rerun in reruns])

    async def list_page(
        self,
        tenant_id: str,
        *,
        number: int,
        before: tuple[datetime | None, str | None] = (None, None),
        automation_id: str | None = None,
        wanted: RunFilter = ANY_RUN,
    ) -> list[RunRows]:
        """Return up to `number` runs, newest first, after the place `before`."""
        listing = queries.list_runs if automation_id is None else queries.list_runs_of_automation
        async with self._pool.acquire() as connection:
            rows = listing(
                connection,
                tenant_id=tenant_id,
                automation_id=automation_id,
                before_time=before[0],
                before_id=before[1],
                status=wanted.status,
                waiting=wanted.waiting,
                mode=wanted.mode,
                since=wanted.since,
                until=wanted.until,
                record_id=wanted.record_id,
                object=wanted.object,
                number=number,
            )
            return await self._with_steps(connection, tenant_id, [row async for row in rows])

    async def count_by_status(self, tenant_id: str, automation_id: str | None, wanted: RunFilter) -> dict[str, int]:
        """Return how many runs match, by their status; a status that no run has is left out."""
        async with self._pool.acquire() as connection:
            rows = queries.count_runs(
                connection,
                tenant_id=tenant_id,
                automation_id=automation_id,
                status=wanted.status,
                waiting=wanted.waiting,
                mode=wanted.mode,
                since=wanted.since,
                until=wanted.until,
                record_id=wanted.record_id,
                object=wanted.object,
            )
            return {row["status"]: row["number"] async for row in rows}

    async def count_skipped(self, tenant_id: str, automation_id: str) -> list[Row]:
        """Return how many starts of the automation were skipped, and can still be started, for each reason."""
        async with self._pool.acquire() as connection:
            rows = queries.count_skipped_starts(connection, tenant_id=tenant_id, automation_id=automation_id)
            return [row async for row in rows]

    async def list_skipped(
        self,
        tenant_id: str,
        automation_id: str,
        *,
        number: int,
        before: tuple[datetime | None, str | None],
        reason: str | None,
        started: bool | None = None,
    ) -> list[Row]:
        async with self._pool.acquire() as connection:
            rows = queries.list_skipped_starts(
                connection,
                tenant_id=tenant_id,
                automation_id=automation_id,
                before_time=before[0],
                before_id=before[1],
                reason=reason,
                started=started,
                number=number,
            )
            return [row async for row in rows]

    async def load_skipped(self, tenant_id: str, run_id: str) -> Row | None:
        """Return the skipped start of a run that would have been; None where there is none."""
        async with self._pool.acquire() as connection:
            row: Row | None = await queries.load_skipped_start(connection, tenant_id=tenant_id, run_id=run_id)
        return row

    async def has_automation(self, tenant_id: str, automation_id: str) -> bool:
        """Whether the automation exists, or did before it was deleted."""
        async with self._pool.acquire() as connection:
            found: bool = await queries.has_automation(connection, tenant_id=tenant_id, automation_id=automation_id)
        return found

    async def load_event_types(self, tenant_id: str) -> list[str]:
        """Return the types of recent events that started a run, or would have."""
        async with self._pool.acquire() as connection:
            rows = queries.list_recent_event_types(connection, tenant_id=tenant_id)
            return [row["event_type"] async for row in rows]

    async def _with_steps(self, connection: PoolConnection, tenant_id: str, runs: Sequence[Row]) -> list[RunRows]:
        if not runs:
            return []
        steps: dict[object, list[Row]] = defaultdict(list)
        starts = [run["started_at"] for run in runs]
        rows = queries.load_steps(
            connection, run_ids=[run["run_id"] for run in runs], first=min(starts), last=max(starts)
        )
        async for row in rows:
            steps[row["run_id"]].append(row)
        actions = await self._load_actions(connection, tenant_id, [run for run in runs if run["status"] == "running"])
        return [
            RunRows(run, steps[run["run_id"]], actions.get((run["automation_id"], run["version"]), ())) for run in runs
        ]

    async def _load_actions(
        self, connection: PoolConnection, tenant_id: str, runs: Sequence[Row]
    ) -> dict[tuple[str, int], list[dict[str, Any]]]:
        """Return the actions of the runs' versions; a version never changes, so they are remembered."""
        wanted = {(run["automation_id"], run["version"]) for run in runs}
        missing = [place for place in wanted if (tenant_id, *place) not in self._actions]
        if missing:
            if len(self._actions) > _MOST_ACTION_LISTS:
                self._actions.clear()
            rows = queries.load_action_lists(
                connection,
                tenant_id=tenant_id,
                automation_ids=[automation_id for automation_id, _ in missing],
                versions=[version for _, version in missing],
            )
            async for row in rows:
                found = msgspec.json.decode(row["actions"]) if row["actions"] else []
                self._actions[(tenant_id, row["automation_id"], row["version"])] = found
        return {place: self._actions.get((tenant_id, *place), []) for place in wanted}


def is_uuid(text: str) -> bool:
    """Whether the text can be the id of a run at all."""
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
