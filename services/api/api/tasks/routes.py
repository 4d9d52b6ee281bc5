"""`/tasks`, `complete-task`, and the inbox at `/notifications`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access.gate import Editor, Viewer
from api.answers import json_response, load_body, media_type, raw, read_object
from api.paging import DEFAULT_PAGE, Cursor, Limit, read_cursor, render_page
from api.problems import not_found, unprocessable
from api.repeats.store import Keep, Repeats
from api.tasks.completion import TaskDesk, read_submission
from api.tasks.store import TaskStore
from automations.problems import Problem

Row = Mapping[str, Any]

_MAX_ID = 2**63 - 1
_OUTPUT_BODY = {
    "requestBody": {
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"output": {"approved": True, "notes": "Looks good"}},
            }
        }
    }
}


def task_routes(store: TaskStore, desk: TaskDesk, repeats: Repeats) -> APIRouter:
    """Return the routes of tasks."""
    router = APIRouter(tags=["tasks"])

    @router.get("/tasks", summary="Tasks, newest first")
    async def list_tasks(
        caller: Viewer,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
        status: Literal["open", "completed", "withdrawn", "any"] = "open",
        assignee: str | None = None,
        automation_id: str | None = None,
    ) -> Response:
        found = await store.list_page(
            caller.tenant_id,
            number=limit + 1,
            before=read_cursor(cursor),
            status=None if status == "any" else status,
            assignee=assignee,
            automation_id=automation_id,
        )
        rows, next_cursor = render_page(found, limit, lambda row: (row["opened_at"], row["task_id"]))
        return json_response({"items": [render_task(row) for row in rows], "next_cursor": next_cursor})

    @router.get("/tasks/{task_id}", summary="One task")
    async def get_task(caller: Viewer, task_id: str) -> Response:
        row = await store.load(caller.tenant_id, task_id)
        if row is None:
            raise not_found(f"task {task_id}")
        return json_response(render_task(row))

    @router.post("/tasks/{task_id}/complete", summary="Complete a task", openapi_extra=_OUTPUT_BODY)
    async def complete_task(request: Request, caller: Editor, task_id: str) -> Response:
        body = await load_body(request)
        submission = read_submission(read_object(body, media_type(request), allow_empty=True))

        async def work(_keep: Keep) -> Response:
            return await desk.complete(caller, task_id, submission)

        return await repeats.answer_once(request, caller, body, work)

    @router.post(
        "/automations/{automation_id}/runs/{run_id}/complete-task",
        summary="Complete the open task of a run",
        openapi_extra=_OUTPUT_BODY,
    )
    async def complete_task_of_run(request: Request, caller: Editor, automation_id: str, run_id: str) -> Response:
        body = await load_body(request)
        submission = read_submission(read_object(body, media_type(request), allow_empty=True))

        async def work(_keep: Keep) -> Response:
            return await desk.complete_of_run(caller, automation_id, run_id, submission)

        return await repeats.answer_once(request, caller, body, work)

    return router


def inbox_routes(store: TaskStore) -> APIRouter:
    """Return the routes of people's inboxes."""
    router = APIRouter(prefix="/notifications", tags=["inbox"])

    @router.get("", summary="Messages in the inbox, newest first")
    async def list_notifications(
        caller: Viewer,
        user: Annotated[str | None, Query(description="whose inbox; everybody's where absent")] = None,
        unread: bool | None = None,
        limit: Limit = DEFAULT_PAGE,
        cursor: str | None = None,
    ) -> Response:
        found = await store.list_notifications(
            caller.tenant_id, number=limit + 1, before_id=_read_id_cursor(cursor), person=user, unread=unread
        )
        next_cursor = str(found[limit - 1]["id"]) if len(found) > limit else None
        items = [render_notification(row) for row in found[:limit]]
        return json_response({"items": items, "next_cursor": next_cursor})

    @router.post("/{notification_id}/read", summary="Mark a message as read")
    async def read_notification(caller: Editor, notification_id: int) -> Response:
        row = await store.mark_read(caller.tenant_id, notification_id) if 0 < notification_id < _MAX_ID else None
        if row is None:
            raise not_found(f"notification {notification_id}")
        return json_response(render_notification(row))

    return router


def render_task(row: Row) -> dict[str, Any]:
    """Return a task as REST shows it."""
    submitted = None
    if row["submitted_at"] is not None:
        submitted = {"by": row["submitted_by"], "at": row["submitted_at"], "accepted": row["accepted"]}
    return {
        "id": row["task_id"],
        "run_id": str(row["run_id"]),
        "automation_id": row["automation_id"],
        "step": row["path"],
        "status": row["status"],
        "title": row["title"],
        "instructions": row["instructions"],
        "assignee": row["assignee"],
        "groups": raw(row["groups"]) or [],
        "form": raw(row["form"]),
        "opened_at": row["opened_at"],
        "due_at": row["due_at"],
        "priority": row["priority"],
        "submitted": submitted,
    }


def render_notification(row: Row) -> dict[str, Any]:
    """Return a message of an inbox as REST shows it."""
    return {
        "id": row["id"],
        "user": row["person"],
        "subject": row["subject"],
        "message": row["message"],
        "automation_id": row["automation_id"],
        "run_id": row["run_id"],
        "sent_at": row["sent_at"],
        "read_at": row["read_at"],
    }


def _read_id_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) > _MAX_ID:
        problem = Problem("/query/cursor", "is no cursor; take `next_cursor` of the page before", "invalid_cursor")
        raise unprocessable([problem])
    return int(cursor)
