"""`/actions` and `/event-types`."""

from fastapi import APIRouter
from starlette.responses import Response

from api.access.gate import Viewer
from api.answers import json_response
from api.automations.store import AutomationStore
from api.runs.store import RunStore
from automations.definition import catalogue

SUGGESTED_EVENT_TYPES = (
    "account.created",
    "account.updated",
    "case.closed",
    "case.created",
    "case.escalated",
    "case.updated",
    "contact.created",
    "contact.updated",
    "lead.converted",
    "lead.created",
    "lead.updated",
    "opportunity.created",
    "opportunity.lost",
    "opportunity.stage_changed",
    "opportunity.updated",
    "opportunity.won",
    "task.completed",
    "task.created",
)


def catalogue_routes(automations: AutomationStore, runs: RunStore) -> APIRouter:
    """Return the routes that say what an automation can be made of."""
    router = APIRouter(tags=["catalogue"])

    @router.get("/actions", summary="Action types with their parameters and outputs")
    async def list_actions(caller: Viewer) -> Response:
        return json_response({"items": catalogue(), "next_cursor": None})

    @router.get("/event-types", summary="Event types that are known, and usual ones")
    async def list_event_types(caller: Viewer) -> Response:
        named = set(await automations.load_event_types(caller.tenant_id))
        seen = set(await runs.load_event_types(caller.tenant_id))
        items = [
            {"type": event_type, "used": event_type in named, "seen": event_type in seen}
            for event_type in sorted(named | seen | set(SUGGESTED_EVENT_TYPES))
        ]
        return json_response({"items": items, "next_cursor": None})

    return router
