"""`/automations/{id}/test`: an event in, a dry run out."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Editor
from api.answers import load_body, media_type
from api.decisions.requests import MAX_BODY_BYTES, read_question
from api.decisions.routes import EVENT_EXAMPLE
from api.repeats.store import Keep, Repeats
from api.test_runs.desk import TestDesk

_TEST_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "examples": {
                    "event": {"summary": "what the automation would do for an event", "value": EVENT_EXAMPLE},
                    "unsaved": {
                        "summary": "a document that nobody has saved",
                        "value": {
                            **EVENT_EXAMPLE,
                            "document": {
                                "name": "Look before you save",
                                "trigger": {"event": "case.created"},
                                "actions": [{"type": "assign_to_queue", "params": {"queue_id": "tier-2"}}],
                            },
                        },
                    },
                },
            }
        },
    }
}


def test_run_routes(desk: TestDesk, repeats: Repeats) -> APIRouter:
    """Return the route that tries automations out."""
    router = APIRouter(prefix="/automations", tags=["automations"])

    @router.post(
        "/{automation_id}/test",
        summary="Run an automation dry for one event; nothing reaches anybody",
        openapi_extra=_TEST_BODY,
    )
    async def test_automation(request: Request, caller: Editor, automation_id: str) -> Response:
        body = await load_body(request, MAX_BODY_BYTES)
        question = read_question(body, media_type(request))

        async def work(_keep: Keep) -> Response:
            return await desk.start(caller, automation_id, question)

        return await repeats.answer_once(request, caller, body, work)

    return router
