"""`/sandbox`: the tenant's switch."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Editor, Viewer
from api.answers import json_response, load_object
from api.automations.desk import ACTIVATION_SECONDS
from api.automations.store import AutomationStore
from api.automations.views import render_automation
from api.outbox.sender import OutboxSender
from api.paging import MAX_PAGE
from api.problems import unprocessable
from api.sandbox.store import SandboxStore, Switch
from automations.problems import Problem

_SWITCH_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"type": "object"}, "example": {"active": True}}},
    }
}


def sandbox_routes(store: SandboxStore, automations: AutomationStore, sender: OutboxSender) -> APIRouter:
    """Return the routes of the sandbox switch."""
    router = APIRouter(prefix="/sandbox", tags=["sandbox"])

    async def answer(switch: Switch) -> dict[str, Any]:
        documents = await automations.list_page(switch.tenant_id, number=MAX_PAGE, in_sandbox=True)
        shown = [render_automation(automation, "sandbox") for automation in documents]
        return {"active": switch.active, "name": switch.name, "since": switch.since, "automations": shown}

    @router.get("", summary="Whether the sandbox is active, and its automations")
    async def get_sandbox(caller: Viewer) -> Response:
        return json_response(await answer(await store.load(caller.tenant_id)))

    @router.put("", summary="Turn the sandbox on or off", openapi_extra=_SWITCH_BODY)
    async def put_sandbox(request: Request, caller: Editor) -> Response:
        active, name = read_switch_request(await load_object(request))
        switch, sending = await store.save(caller.tenant_id, active=active, name=name)
        pending = not await sender.wait_sent(sending, ACTIVATION_SECONDS)
        body = await answer(switch)
        return json_response({**body, "activation": "pending"} if pending else body)

    return router


def read_switch_request(body: dict[str, Any]) -> tuple[bool, str | None]:
    """Return whether the sandbox shall be active, and its name.

    Raises:
        Refused: `active` is missing or no boolean, or `name` is no text (422).
    """
    problems = []
    active, name = body.get("active"), body.get("name")
    if not isinstance(active, bool):
        problems.append(Problem("/active", "is required: true or false", "required"))
    if name is not None and not isinstance(name, str):
        problems.append(Problem("/name", "must be text", "type"))
    if problems:
        raise unprocessable(problems)
    return bool(active), name
