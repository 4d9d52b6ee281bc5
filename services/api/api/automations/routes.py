"""`/automations`: create, read, change, publish, promote and delete."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access.caller import Caller
from api.access.gate import Editor, Viewer
from api.answers import MAX_DOCUMENT_BYTES, json_response, load_body, load_object, media_type, read_object
from api.automations.desk import AutomationDesk, draft_response
from api.automations.loop_flags import LoopFlags
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


def automation_routes(desk: AutomationDesk, store: AutomationStore, flags: LoopFlags, repeats: Repeats) -> APIRouter:
    """Return the routes of automations."""
    router = APIRouter(prefix="/automations", tags=["automations"])
    _add_reading(router, desk, store, flags)
    _add_changing(router, desk, repeats)
    _add_drafts(router, desk, repeats)
    _add_sandbox(router, desk, repeats)
    return router


def _add_reading(router: APIRouter, desk: AutomationDesk, store: AutomationStore, flags: LoopFlags) -> None:
    @router.get("", summary="List automations, newest first")
    async def list_automations(
        caller: Viewer,
        limit: Limit = DEFAULT_PAGE,
        cursor: Cursor = None,
        status: AutomationStatus | None = None,
        q: Annotated[str | None, Query(description="words in name, description or event")] = None,
        tag: str | None = None,
    ) -> Response:
        found = await store.list_page(
            caller.tenant_id, number=limit + 1, before=read_cursor(cursor), status=status, words=q, tag=tag
        )
        page, next_cursor = render_page(found, limit, lambda item: (item.created_at, item.id))
        ids = [item.id for item in page]
        figures, flagged = await store.load_figures(caller.tenant_id, ids), await flags.load(caller.tenant_id, ids)
        items = [render_listed(item, figures[item.id], flagged.get(item.id)) for item in page]
        return json_response({"items": items, "next_cursor": next_cursor})

    @router.get("/{automation_id}", summary="One automation, or one of its versions")
    async def get_automation(
        caller: Viewer, automation_id: str, environment: Environment | None = None, version: int | None = None
    ) -> Response:
        automation = await desk.load(caller, automation_id)
        headers = {"ETag": automation.etag}
        if version is not None:
            return json_response(await _version_body(store, caller, automation_id, version), headers=headers)
        shown = environment or automation.shown_environment
        if automation.document_of(shown) is None:
            raise not_found(f"{shown} document of automation {automation_id}")
        flag = await flags.load_one(caller.tenant_id, automation_id)
        return json_response(render_automation(automation, shown, loop_flag=flag), headers=headers)

    async def _version_body(store: AutomationStore, caller: Caller, automation_id: str, version: int) -> dict[str, Any]:
        automation = await desk.load(caller, automation_id)
        found = await store.load_version(caller.tenant_id, automation_id, version) if 0 < version < 2**31 else None
        if found is None:
            raise not_found(f"version {version} of automation {automation_id}")
        document, made_in, _created_at = found
        return render_version(automation, version, made_in, document)

    @router.get("/{automation_id}/versions", summary="Versions, newest first")
    async def list_versions(
        caller: Viewer, automation_id: str, limit: Limit = DEFAULT_PAGE, cursor: str | None = None
    ) -> Response:
        automation = await desk.load(caller, automation_id)
        found = await store.list_versions(
            caller.tenant_id, automation_id, number=limit + 1, before_version=_read_version_cursor(cursor)
        )
        live, sandbox = automation.live, automation.sandbox
        for version in found:
            version["is_live"] = live is not None and live.version == version["version"]
            version["is_sandbox"] = sandbox is not None and sandbox.version == version["version"]
        next_cursor = str(found[limit - 1]["version"]) if len(found) > limit else None
        return json_response({"items": found[:limit], "next_cursor": next_cursor})


def _add_changing(router: APIRouter, desk: AutomationDesk, repeats: Repeats) -> None:
    @router.post("", status_code=201, summary="Create an automation", openapi_extra=_DOCUMENT_BODY)
    async def create_automation(request: Request, caller: Editor) -> Response:
        raw = await load_body(request, MAX_DOCUMENT_BYTES)
        body = read_object(raw, media_type(request))

        async def work(keep: Keep) -> Response:
            return await desk.create(caller, body, keep)

        return await repeats.answer_once(request, caller, raw, work)

    @router.put("/{automation_id}", summary="Publish a new version", openapi_extra=_DOCUMENT_BODY)
    async def update_automation(request: Request, caller: Editor, automation_id: str) -> Response:
        return await desk.update(request, caller, automation_id, await load_object(request))

    @router.patch("/{automation_id}", summary="Change the status", openapi_extra=_STATUS_BODY)
    async def change_status(request: Request, caller: Editor, automation_id: str) -> Response:
        return await desk.set_status(request, caller, automation_id, await load_object(request))

    @router.delete("/{automation_id}", status_code=204, summary="Delete; the runs stay in the history")
    async def delete_automation(request: Request, caller: Editor, automation_id: str) -> Response:
        return await desk.delete(request, caller, automation_id)

    @router.delete(
        "/{automation_id}/loop-guard", status_code=204, summary="Take note of the starts that the loop guard refused"
    )
    async def dismiss_loop_flag(caller: Editor, automation_id: str) -> Response:
        return await desk.dismiss_loop_flag(caller, automation_id)


def _add_drafts(router: APIRouter, desk: AutomationDesk, repeats: Repeats) -> None:
    @router.get("/{automation_id}/draft", summary="What is being written")
    async def get_draft(caller: Viewer, automation_id: str) -> Response:
        automation = await desk.load(caller, automation_id)
        if automation.draft is None:
            raise not_found(f"draft of automation {automation_id}")
        return draft_response(automation)

    @router.put("/{automation_id}/draft", summary="Save what is being written", openapi_extra=_DOCUMENT_BODY)
    async def save_draft(request: Request, caller: Editor, automation_id: str) -> Response:
        return await desk.save_draft(request, caller, automation_id, await load_object(request))

    @router.post("/{automation_id}/publish", summary="Make the draft a version")
    async def publish_draft(request: Request, caller: Editor, automation_id: str) -> Response:
        raw = await load_body(request)
        body = read_object(raw, media_type(request), allow_empty=True)

        async def work(_keep: Keep) -> Response:
            return await desk.publish_draft(request, caller, automation_id, body)

        return await repeats.answer_once(request, caller, raw, work)


def _add_sandbox(router: APIRouter, desk: AutomationDesk, repeats: Repeats) -> None:
    @router.post("/{automation_id}/promote", summary="Make the sandbox document the live one")
    async def promote(request: Request, caller: Editor, automation_id: str) -> Response:
        async def work(_keep: Keep) -> Response:
            return await desk.promote(request, caller, automation_id)

        return await repeats.answer_once(request, caller, await load_body(request), work)

    @router.delete("/{automation_id}/sandbox", status_code=204, summary="Throw the sandbox document away")
    async def discard_sandbox(request: Request, caller: Editor, automation_id: str) -> Response:
        return await desk.discard(request, caller, automation_id)


def _read_version_cursor(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or int(cursor) >= 2**31:
        problem = Problem("/query/cursor", "is no cursor; take `next_cursor` of the page before", "invalid_cursor")
        raise unprocessable([problem])
    return int(cursor)
