"""Refuses URLs that hold the character NUL, which no id and no text in the database can."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

from api.problems import Refused, render_problem, unprocessable
from automations.problems import Problem, pointer_join

Scope = MutableMapping[str, Any]
App = Callable[[Scope, Any, Any], Awaitable[None]]


class NulGuard:
    """Middleware: nothing lies at a path with NUL (404), and no parameter may hold it (422)."""

    def __init__(self, app: App) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        refusal = _refusal(scope) if scope["type"] == "http" else None
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            await render_problem(refusal.status, refusal.detail, refusal.problems)(scope, receive, send)


def _refusal(scope: Scope) -> Refused | None:
    if "\0" in scope["path"]:
        return Refused(404, "There is nothing at this path: it holds the character NUL.")
    query: bytes = scope["query_string"]
    if b"%00" not in query and b"\0" not in query:
        return None
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    return unprocessable(
        Problem(pointer_join("/query", name.replace("\0", "\\0")), "holds the character NUL; leave it out", "nul")
        for name, value in pairs
        if "\0" in name or "\0" in value
    )
