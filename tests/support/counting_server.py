"""An HTTP server that counts what reaches it: an independent witness of effects."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Received:
    """One request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    """What the bytes say, where they are JSON; their text otherwise."""
    raw: bytes = b""


@dataclass
class CountingServer:
    """What arrived so far, and how to answer: `answer` gives status and JSON for a request."""

    port: int
    received: list[Received] = field(default_factory=list)
    answer: Callable[[Received], tuple[int, Any]] = lambda _request: (200, {"ok": True})
    delay_seconds: float = 0.0
    held: dict[str, asyncio.Event] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    @contextmanager
    def holding(self, path: str) -> Iterator[None]:
        """Answer no request of the path while inside; those that came are answered on the way out."""
        self.held[path] = asyncio.Event()
        try:
            yield
        finally:
            self.held.pop(path).set()

    def keys(self) -> list[str]:
        """Return the idempotency keys of what arrived, in order."""
        return [request.headers.get("idempotency-key", "") for request in self.received]


@asynccontextmanager
async def counting_server() -> AsyncIterator[CountingServer]:
    """Yield a server on a free loopback port."""
    server = CountingServer(0)

    async def handle(request: web.Request) -> web.Response:
        raw, text = await request.read(), await request.text()
        try:
            body = json.loads(text) if text else None
        except ValueError:
            body = text
        headers = {name.lower(): value for name, value in request.headers.items()}
        received = Received(request.method, request.path_qs, headers, body, raw)
        server.received.append(received)
        if (hold := server.held.get(request.path)) is not None:
            await hold.wait()
        if server.delay_seconds:
            await asyncio.sleep(server.delay_seconds)
        status, answer = server.answer(received)
        return web.json_response(answer, status=status)

    app = web.Application(client_max_size=8 * 1024 * 1024)
    app.router.add_route("*", "/{tail:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.port = runner.addresses[0][1]
    try:
        yield server
    finally:
        await runner.cleanup()
