"""`/runs/{id}/cancel`, `/runs/{id}/rerun` and `/automations/{id}/skipped-starts/start`."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Editor
from api.answers import load_body, media_type, read_object
from api.interventions.cancelling import CancellingDesk, read_cancellation
from api.interventions.rerunning import RerunDesk, read_wish
from api.interventions.skipped import SkippedDesk, read_wanted
from api.repeats.store import Keep, Repeats
from automations.contracts.topics import MAX_EVENT_BYTES

MAX_BODY_BYTES = 2 * MAX_EVENT_BYTES
"""An edited event, and room around it."""


def example_body(*examples: dict[str, Any]) -> dict[str, Any]:
    """Return what OpenAPI says of a JSON body, with examples."""
    named = {f"example {place}": {"value": example} for place, example in enumerate(examples, 1)}
    return {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}, "examples": named}}}}


def intervention_routes(
    cancelling: CancellingDesk, reruns: RerunDesk, skipped: SkippedDesk, repeats: Repeats
) -> APIRouter:
    """Return the routes of what people do to runs."""
    router = APIRouter()

    @router.post(
        "/runs/{run_id}/cancel",
        tags=["runs"],
        summary="End a run now; steps in flight are waited for",
        openapi_extra=example_body({"reason": "The customer called"}),
    )
    async def cancel_run(request: Request, caller: Editor, run_id: str) -> Response:
        body = await load_body(request)
        reason = read_cancellation(read_object(body, media_type(request), allow_empty=True))

        async def work(_keep: Keep) -> Response:
            return await cancelling.cancel(caller, run_id, reason)

        return await repeats.answer_once(request, caller, body, work)

    @router.post(
        "/runs/{run_id}/rerun",
        tags=["runs"],
        status_code=201,
        summary="Run a run again, from its start or from a step",
        openapi_extra=example_body({"from_step": "notify"}, {"event": {"record": {"id": "5001", "priority": "high"}}}),
    )
    async def rerun(request: Request, caller: Editor, run_id: str) -> Response:
        body = await load_body(request, MAX_BODY_BYTES)
        wish = read_wish(read_object(body, media_type(request), allow_empty=True))

        async def work(_keep: Keep) -> Response:
            return await reruns.rerun(caller, run_id, wish)

        return await repeats.answer_once(request, caller, body, work)

    @router.post(
        "/automations/{automation_id}/skipped-starts/start",
        tags=["automations"],
        summary="Start what was skipped while the automation was paused",
        openapi_extra=example_body({"ids": "all", "most": 500}, {"ids": ["5b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11"]}),
    )
    async def start_skipped(request: Request, caller: Editor, automation_id: str) -> Response:
        body = await load_body(request)
        wanted = read_wanted(read_object(body, media_type(request), allow_empty=True))

        async def work(_keep: Keep) -> Response:
            return await skipped.start(caller, automation_id, wanted)

        return await repeats.answer_once(request, caller, body, work)

    return router
