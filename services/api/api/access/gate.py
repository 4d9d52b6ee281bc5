"""Finds out who is calling, and whether they may."""

from fastapi import Request

from api.access.caller import EVERYBODY, Caller, Role
from api.access.keys import read_key
from api.access.store import KeyStore
from api.problems import Refused


class Access:
    """The api's door; its methods are dependencies of routes."""

    def __init__(self, keys: KeyStore, *, is_open: bool) -> None:
        self._keys = keys
        self.is_open = is_open

    async def viewer(self, request: Request) -> Caller:
        """Return the caller, who may read."""
        return await self._admit(request, "viewer")

    async def editor(self, request: Request) -> Caller:
        """Return the caller, who may change automations and complete tasks."""
        return await self._admit(request, "editor")

    async def admin(self, request: Request) -> Caller:
        """Return the caller, who may do everything."""
        return await self._admit(request, "admin")

    async def _admit(self, request: Request, role: Role) -> Caller:
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
