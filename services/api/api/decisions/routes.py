"""`/automations/{id}/explain`: what an event means for an automation, and why."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Viewer
from api.answers import json_response, load_body, media_type
from api.decisions.desk import DecisionDesk
from api.decisions.requests import MAX_BODY_BYTES, read_question

EVENT_EXAMPLE: dict[str, Any] = {
    "event": {"type": "case.created", "event_id": "e-1", "record": {"id": "5001", "priority": "high"}}
}
_EXPLAIN_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {
                    "event": {"summary": "an event, in any form that POST /events takes", "value": EVENT_EXAMPLE},
                    "place": {
                        "summary": "an event that lies on Kafka",
                        "value": {"topic": "crm.events", "partition": 3, "offset": 1042, "environment": "live"},
                    },
                },
            }
        },
    }
}


def decision_routes(desk: DecisionDesk) -> APIRouter:
    """Return the route that explains decisions."""
    router = APIRouter(prefix="/automations", tags=["automations"])

    @router.post(
        "/{automation_id}/explain",
        summary="Why an event starts the automation, or does not",
        openapi_extra=_EXPLAIN_BODY,
    )
    async def explain_event(request: Request, caller: Viewer, automation_id: str) -> Response:
        question = read_question(await load_body(request, MAX_BODY_BYTES), media_type(request))
        return json_response(await desk.explain(caller, automation_id, question))

    return router
