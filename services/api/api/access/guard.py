"""What keeps foreign web pages away from an open api.

A page of another site can make a browser call 127.0.0.1. If it got there by a name of its own (DNS
rebinding), the Host header shows that name; if it calls across origins, the Origin header shows its own. Both
are refused; what only reads across origins is kept from the page by the browser.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request

from api.problems import render_problem
from automations.observability import get_logger

log = get_logger(__name__)

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_UNGUARDED_PATHS = frozenset({"/livez", "/readyz"})
_READING_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class OpenGuard:
    """Middleware of an open api: only known names in Host, and no foreign Origin on what changes something."""

    def __init__(self, app: App, allowed_names: frozenset[str]) -> None:
        self._app = app
        self._names = _LOCAL_NAMES | allowed_names

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] in _UNGUARDED_PATHS:
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = self._refusal(request.method, request.headers.get("host"), request.headers.get("origin"))
        if refusal is None:
            await self._app(scope, receive, send)
            return
        log.warning("a request was refused", reason=refusal, path=scope["path"])
        await render_problem(403, refusal)(scope, receive, send)

    def _refusal(self, method: str, host: str | None, origin: str | None) -> str | None:
        name = host_name(host or "")
        if name not in self._names:
            return (
                f"The Host header names {name or 'nothing'}, by which this open api is not called. Call it as "
                "localhost or 127.0.0.1, or add the name to ALLOWED_HOSTS."
            )
        if method not in _READING_METHODS and origin is not None and origin_name(origin) not in self._names:
            return f"A page of {origin} may not change anything here."
        return None


def host_name(host: str) -> str:
    """Return the name of a Host header, in lower case and without its port."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def origin_name(origin: str) -> str:
    """Return the host name of an Origin header; empty for `null` and what is none."""
    try:
        return (urlsplit(origin).hostname or "").lower()
    except ValueError:
        return ""
