"""`/mass-acts`."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Editor, Viewer
from api.answers import load_body, media_type, read_object
from api.interventions.routes import example_body
from api.mass_acts.desk import MassActDesk
from api.mass_acts.requests import read_act
from api.repeats.store import Keep, Repeats


def mass_act_routes(desk: MassActDesk, repeats: Repeats) -> APIRouter:
    """Return the routes of acts on many runs."""
    router = APIRouter(tags=["runs"])

    @router.post(
        "/mass-acts",
        status_code=201,
        summary="Cancel many runs, or run many runs again",
        openapi_extra=example_body(
            {"act": "cancel", "runs": ["5b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11"], "reason": "Wrong list"},
            {"act": "rerun", "filter": {"status": "failed", "since": "2026-03-01T12:00:00Z"}},
        ),
    )
    async def begin_act(request: Request, caller: Editor) -> Response:
        body = await load_body(request)
        asked = read_act(read_object(body, media_type(request)))

        async def work(keep: Keep) -> Response:
            return await desk.begin(caller, asked, keep)

        return await repeats.answer_once(request, caller, body, work)

    @router.get("/mass-acts/{act_id}", summary="How far an act on many runs is, and what failed")
    async def get_act(caller: Viewer, act_id: str) -> Response:
        return await desk.show(caller, act_id)

    return router
