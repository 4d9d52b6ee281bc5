"""`/me` and `/api-keys`."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.caller import ROLES
from api.access.gate import Access, Admin, Viewer
from api.access.store import KeyStore
from api.answers import json_response, load_object
from api.paging import DEFAULT_PAGE, Cursor, Limit, read_cursor, render_page
from api.problems import not_found, unprocessable
from automations.problems import Problem

_KEY_EXAMPLE = {"name": "CI", "role": "editor"}


def access_routes(access: Access, keys: KeyStore) -> APIRouter:
    """Return the routes that say who calls, and that manage keys."""
    router = APIRouter(tags=["access"])

    @router.get("/me", summary="Who is calling")
    async def me(caller: Viewer) -> Response:
        body = {
            "name": caller.name,
            "tenant_id": caller.tenant_id,
            "role": caller.role,
            "key_id": caller.key_id,
            "auth": "open" if access.is_open else "required",
        }
        if access.is_open:
            body["notice"] = "Access is open: everybody who reaches this address is admin of the tenant `default`."
        return json_response(body)

    @router.get("/api-keys", summary="List API keys")
    async def list_keys(caller: Admin, limit: Limit = DEFAULT_PAGE, cursor: Cursor = None) -> Response:
        found = await keys.list_page(caller.tenant_id, number=limit + 1, before=read_cursor(cursor))
        items, next_cursor = render_page(found, limit, lambda key: (key["created_at"], key["id"]))
        return json_response({"items": items, "next_cursor": next_cursor})

    @router.post(
        "/api-keys",
        status_code=201,
        summary="Make an API key; the answer is the only place where it is ever shown",
        openapi_extra={"requestBody": {"content": {"application/json": {"example": _KEY_EXAMPLE}}}},
    )
    async def create_key(request: Request, caller: Admin) -> Response:
        body = await load_object(request)
        name, role = _read_key_request(body)
        key, kept = await keys.create(caller.tenant_id, name, role, caller.name)
        headers = {"Location": f"/api/v1/api-keys/{kept['id']}", "Cache-Control": "no-store"}
        return json_response({**kept, "key": key}, 201, headers)

    @router.delete("/api-keys/{key_id}", status_code=204, summary="Revoke an API key")
    async def revoke_key(key_id: str, caller: Admin) -> Response:
        if not await keys.revoke(caller.tenant_id, key_id):
            raise not_found(f"API key {key_id}")
        return Response(status_code=204)

    return router


def _read_key_request(body: dict[str, Any]) -> tuple[str, Any]:
    problems = []
    name, role = body.get("name"), body.get("role", "editor")
    if not isinstance(name, str) or not name.strip():
        problems.append(Problem("/name", "is required: what the key is for", "required"))
    if role not in ROLES:
        problems.append(Problem("/role", f"must be one of {', '.join(ROLES)}", "unknown_role"))
    if problems:
        raise unprocessable(problems)
    return str(name).strip(), role
