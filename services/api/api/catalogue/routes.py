"""`/actions`."""

from fastapi import APIRouter
from starlette.responses import Response

from api.access.gate import Viewer
from api.answers import json_response
from automations.definition import catalogue


def catalogue_routes() -> APIRouter:
    """Return the route that says what an automation can do."""
    router = APIRouter(tags=["catalogue"])

    @router.get("/actions", summary="Action types with their parameters and outputs")
    async def list_actions(caller: Viewer) -> Response:
        return json_response({"items": catalogue(), "next_cursor": None})

    return router
