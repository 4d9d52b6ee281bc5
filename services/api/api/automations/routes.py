"""`/automations`: create, read, change, publish, promote and delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from api.access.caller import Caller
from api.access.gate import Access
from api.answers import MAX_DOCUMENT_BYTES, json_response, load_body, load_object, media_type, read_value
from api.automations.desk import AutomationDesk, draft_response
from api.automations.model import Environment
from api.automations.store import AutomationStore
from api.automations.views import render_automation, render_listed, render_version
from api.paging import DEFAULT_PAGE, Cursor, Limit, read_cursor, render_page
from api.problems import not_found, unprocessable
from api.repeats.store import Keep, Repeats
from automations.contracts.definitions import AutomationStatus
from automations.problems import Problem

EXAMPLE: dict[str, Any] = {
    "name": "Auto-assign high-priority cases",
    "trigger": {"event": "case.created", "conditions": {"priority": "critical"}},
    "actions": [
        {"type": "assign_to_queue", "params": {"queue_id": "critical-cases"}},
        {"type": "send_notification", "params": {"channel": "slack", "message": "Critical case created"}},
    ],
    "status": "active",
}
_DOCUMENT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"type": "object"}, "example": EXAMPLE},
            "application/yaml": {"schema": {"type": "object"}},
        },
    }
}
_STATUS_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"status": "paused"}}},
    }
}


def automation_routes(access: Access, desk: AutomationDesk, store: AutomationStore, repeats: Repeats) -> APIRouter:
    """Return the routes of automations."""
    router = APIRouter(prefix="/automations", tags=["automations"])
    _add_reading(router, access, desk, store)
    _add_changing(router, access, desk, repeats)
    _add_drafts_and_sandbox(router, access, desk, repeats)
    return router


def _add_reading(router: APIRouter, access: Access, desk: AutomationDesk, store: AutomationStore) -> None:
    viewer = Annotated[Caller, Depends(access.viewer)]

    @router.get("", summary="List automations, newest first")
    async def list_automations(
        caller: viewer,  # type: ignore[valid-type]  # built from the access that was passed
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
        status: AutomationStatus | None = None,
        q: Annotated[str | None, Query(description="words in name, description or event")] = None,
        tag: str | None = None,
    ) -> Response:
        return json_response(
            await _list(store, caller, limit, cursor, status=status, words=q, tag=tag)
        )
