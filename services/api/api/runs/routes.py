"""`/runs`, `/automations/{id}/runs` and `/automations/{id}/skipped-starts`."""

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from api.access.gate import Viewer
from api.answers import json_response
from api.paging import DEFAULT_PAGE, Cursor, Limit, read_cursor, render_page
from api.problems import not_found, unprocessable
from api.runs.store import RunFilter, RunRows, RunStore, is_uuid
from api.runs.views import render_run, render_skipped
from automations.clock import utc_now
from automations.contracts.results import RunMode, RunStatus, SkipReason
from automations.problems import Problem


def _filter(
    status: RunStatus | None = None,
    waiting: bool | None = None,
    mode: Annotated[RunMode | None, Query(description="tests are given only where they are asked for")] = None,
    dry_run: Annotated[bool | None, Query(description="the same as mode")] = None,
    since: Annotated[datetime | None, Query(description="runs that started at or after this")] = None,
    until: Annotated[datetime | None, Query(description="runs that started before this")] = None,
    record: Annotated[str | None, Query(description="a record's id, or `object/id`")] = None,
) -> RunFilter:
    if dry_run is not None:
        named = "dry_run" if dry_run else "live"
        if mode not in (None, named):
            problem = Problem("/query/dry_run", "contradicts `mode`; give one of the two", "contradiction")
            raise unprocessable([problem])
        mode = "dry_run" if dry_run else "live"
    wanted = RunFilter(status=status, waiting=waiting, mode=mode, since=_aware(since), until=_aware(until))
    return wanted.about(record)


Wanted = Annotated[RunFilter, Depends(_filter)]


def run_routes(store: RunStore) -> APIRouter:
    """Return the routes of the run history."""
    router = APIRouter(tags=["runs"])

    async def page(
        tenant_id: str, limit: int, cursor: str | None, wanted: RunFilter, automation_id: str | None = None
    ) -> Response:
        found = await store.list_page(
            tenant_id, number=limit + 1, before=_read_run_cursor(cursor), automation_id=automation_id, wanted=wanted
        )
        rows, next_cursor = render_page(found, limit, _place)
        now = utc_now()
        return json_response({"items": [render_run(run, now) for run in rows], "next_cursor": next_cursor})

    @router.get("/runs", summary="Runs of all automations, newest first")
    async def list_runs(caller: Viewer, wanted: Wanted, limit: Limit = DEFAULT_PAGE, cursor: Cursor = None) -> Response:
        return await page(caller.tenant_id, limit, cursor, wanted)

    @router.get("/runs/counts", summary="How many runs match, in all and by status")
    async def count_runs(
        caller: Viewer,
        wanted: Wanted,
        automation_id: Annotated[str | None, Query(description="of this automation alone")] = None,
    ) -> Response:
        by_status = await store.count_by_status(caller.tenant_id, automation_id, wanted)
        return json_response({"total": sum(by_status.values()), "by_status": by_status})

    @router.get("/runs/{run_id}", summary="One run")
    async def get_run(caller: Viewer, run_id: str) -> Response:
        return json_response(await load_run_body(store, caller.tenant_id, run_id))

    @router.get("/automations/{automation_id}/runs", summary="Runs of an automation, newest first")
    async def list_runs_of_automation(
        caller: Viewer, automation_id: str, wanted: Wanted, limit: Limit = DEFAULT_PAGE, cursor: Cursor = None
    ) -> Response:
        if not await store.has_automation(caller.tenant_id, automation_id):
            raise not_found(f"automation {automation_id}")
        return await page(caller.tenant_id, limit, cursor, wanted, automation_id)

    @router.get("/automations/{automation_id}/runs/{run_id}", summary="One run of an automation")
    async def get_run_of_automation(caller: Viewer, automation_id: str, run_id: str) -> Response:
        return json_response(await load_run_body(store, caller.tenant_id, run_id, automation_id))

    @router.get("/automations/{automation_id}/skipped-starts", summary="Starts that were not accepted, newest first")
    async def list_skipped_starts(
        caller: Viewer,
        automation_id: str,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
        reason: SkipReason | None = None,
        started: Annotated[bool | None, Query(description="whether they were started later")] = None,
    ) -> Response:
        if not await store.has_automation(caller.tenant_id, automation_id):
            raise not_found(f"automation {automation_id}")
        found = await store.list_skipped(
            caller.tenant_id,
            automation_id,
            number=limit + 1,
            before=_read_run_cursor(cursor),
            reason=reason,
            started=started,
        )
        rows, next_cursor = render_page(found, limit, lambda row: (row["at"], str(row["run_id"])))
        return json_response({"items": [render_skipped(row) for row in rows], "next_cursor": next_cursor})

    @router.get(
        "/automations/{automation_id}/skipped-starts/counts",
        summary="How many starts were skipped for each reason, and how many can still be started",
    )
    async def count_skipped_starts(caller: Viewer, automation_id: str) -> Response:
        if not await store.has_automation(caller.tenant_id, automation_id):
            raise not_found(f"automation {automation_id}")
        rows = await store.count_skipped(caller.tenant_id, automation_id)
        return json_response({"items": [dict(row) for row in rows]})

    return router


async def load_run_body(
    store: RunStore, tenant_id: str, run_id: str, automation_id: str | None = None
) -> dict[str, object]:
    """Return a run in full.

    Raises:
        Refused: there is none, or it belongs to another automation (404).
    """
    found = await store.load(tenant_id, run_id)
    if found is None or automation_id not in (None, found.run["automation_id"]):
        raise not_found(f"run {run_id}" + (f" of automation {automation_id}" if automation_id else ""))
    return render_run_body(found)


def render_run_body(found: RunRows) -> dict[str, object]:
    """Return a run in full, as it stands now."""
    return render_run(found, utc_now(), in_full=True)


def _place(rows: RunRows) -> tuple[datetime, str]:
    return rows.run["started_at"], str(rows.run["run_id"])


def _read_run_cursor(cursor: str | None) -> tuple[datetime | None, str | None]:
    moment, run_id = read_cursor(cursor)
    if run_id is not None and not is_uuid(run_id):
        problem = Problem("/query/cursor", "is no cursor; take `next_cursor` of the page before", "invalid_cursor")
        raise unprocessable([problem])
    return moment, run_id


def _aware(moment: datetime | None) -> datetime | None:
    """Return the moment with a zone; without one it is UTC."""
    if moment is None:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
