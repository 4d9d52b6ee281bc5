"""Finds out who is calling, and whether they may.

A route names the role that it needs by the type of its caller: `Viewer`, `Editor` or `Admin`.
"""

from typing import Annotated

from fastapi import Depends, Request

from api.access.caller import EVERYBODY, Caller, Role
from api.access.keys import read_key
from api.access.store import KeyStore
from api.problems import Refused


class Access:
    """The api's door; `app.state.access` holds the one of an application."""

    def __init__(self, keys: KeyStore, *, is_open: bool) -> None:
        self._keys = keys
        self.is_open = is_open

    async def admit(self, request: Request, role: Role) -> Caller:
        """Return the caller.

        Raises:
            Refused: the caller cannot be told (401), or has a lesser role (403).
        """
        caller = EVERYBODY if self.is_open else await self._identify(request)
        if not caller.may_act_as(role):
            raise Refused(403, f"The key {caller.name!r} has the role {caller.role}; this needs the role {role}.")
        return caller

    async def _identify(self, request: Request) -> Caller:
        key = read_key(request.headers.get("authorization"), request.headers.get("x-api-key"))
        if key is None:
            raise Refused(
                401,
                "Send an API key: `Authorization: Bearer <key>` or `X-API-Key: <key>`.",
                headers={"WWW-Authenticate": 'Bearer realm="automations"'},
            )
        caller = await self._keys.find(key)
        if caller is None:
            raise Refused(
                401,
                "This API key is unknown or was revoked.",
                headers={"WWW-Authenticate": 'Bearer realm="automations", error="invalid_token"'},
            )
        return caller


async def _viewer(request: Request) -> Caller:
    return await _access_of(request).admit(request, "viewer")


async def _editor(request: Request) -> Caller:
    return await _access_of(request).admit(request, "editor")


async def _admin(request: Request) -> Caller:
    return await _access_of(request).admit(request, "admin")


def _access_of(request: Request) -> Access:
    access = request.app.state.access
    assert isinstance(access, Access)
    return access


Viewer = Annotated[Caller, Depends(_viewer)]
"""A caller who may read."""
Editor = Annotated[Caller, Depends(_editor)]
"""A caller who may change automations, publish events and complete tasks."""
Admin = Annotated[Caller, Depends(_admin)]
"""A caller who may do everything."""
