"""The frame of a service process: logs, signals, health, and an end that says why.

A service is an async context manager: what it needs is started on the way in, it is ready while inside,
and on the way out it stops in order. `/livez` answers while the process runs, `/readyz` while it is
ready, `/metrics` in Prometheus' format.
"""

import asyncio
import gc
import resource
import signal
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from typing import Any, Final

import prometheus_client
import uvicorn
import uvloop
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from automations.memory import keep_giving_back
from automations.observability import configure_logging, get_logger

log = get_logger(__name__)

_MANY_FILES: Final = 65_536

Send = Callable[[dict[str, Any]], Awaitable[None]]


class ServiceSettings(BaseSettings):
    """What every service process takes from its environment."""

    model_config = SettingsConfigDict(frozen=True)

    health_host: str = "127.0.0.1"
    health_port: int | None = Field(default=None, description="port of /livez, /readyz and /metrics; none where absent")
    log_level: str = "INFO"


class Process:
    """What a running service knows of its process."""

    def __init__(self) -> None:
        self.stopping = asyncio.Event()
        self.ready = False
        self.has_started = False
        """Whether it was ready once: a stop is then an end in order, and takes its time."""
        self.error: BaseException | None = None

    def fatal(self, error: BaseException) -> None:
        """End the process with exit status 1: it met something that it cannot go on with."""
        if self.error is None:
            self.error = error
            log.critical("the process ends", error=repr(error))
        self.stopping.set()

    def watch(self, task: asyncio.Task[Any]) -> asyncio.Task[Any]:
        """End the process if this background task ends by an error."""
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self.fatal(error)


Running = Callable[[Process], AbstractAsyncContextManager[None]]


def run_service(name: str, running: Running, settings: ServiceSettings) -> None:
    """Run the service until SIGTERM or SIGINT, then exit with status 0; with 1 where it ended by an error."""
    configure_logging(name, settings.log_level)
    allow_many_connections()
    sys.exit(uvloop.run(_run(name, running, settings)))


async def _run(name: str, running: Running, settings: ServiceSettings) -> int:
    process = Process()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, process.stopping.set)
    health = HttpServer(_health_app(process), settings.health_host, settings.health_port)
    await health.start()
    try:
        if await _until_stopped(running, process):
            log.info("stopped", service=name)
    finally:
        process.ready = False
        await health.stop()
    return 1 if process.error is not None else 0


async def _until_stopped(running: Running, process: Process) -> bool:
    """Run the service inside its context; a stop that comes while it still starts ends the start."""
    inside = asyncio.create_task(_inside(running, process))
    stopping = asyncio.create_task(process.stopping.wait())
    await asyncio.wait({inside, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if not process.has_started and not inside.done():
        inside.cancel()
    stopping.cancel()
    try:
        await inside
    except asyncio.CancelledError:
        return True
    except Exception as error:
        log.critical("the service ended by an error", exc_info=True)
        process.fatal(error)
        return False
    return True


async def _inside(running: Running, process: Process) -> None:
    async with running(process):
        calm_garbage_collection()
        giving_back = process.watch(asyncio.create_task(keep_giving_back()))
        process.ready = process.has_started = True
        log.info("ready")
        await process.stopping.wait()
        process.ready = False
        giving_back.cancel()


def allow_many_connections() -> None:
    """Let this process open as many files as the system grants: many sessions begin with 1,024, and calls are more."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    many = _MANY_FILES if most == resource.RLIM_INFINITY else min(most, _MANY_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (many, most))


def calm_garbage_collection() -> None:
    """Leave what lives as long as the process out of every collection, and collect the rest less often.

    Thousands of runs or messages at a time are many objects and hardly any cycles: with the interpreter's own
    thresholds two fifths of the executor's time went into looking at them again and again (measured: 1.65 ms of
    CPU for a run of three HTTP steps before, 0.92 ms after).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 50)


KEEP_ALIVE_SECONDS: Final = 75
"""A connection stays open so long without a request: longer than clients keep one (5 s for some, 60 s behind proxies).

Where both sides kept it for the same time, a client could send a request into the connection that was being closed.
"""


class HttpServer:
    """An ASGI application on a port, without a say in signals."""

    def __init__(self, app: Any, host: str, port: int | None, **options: Any) -> None:
        self._port = port
        config = uvicorn.Config(
            app,
            host=host,
            port=port or 0,
            log_config=None,
            access_log=False,
            lifespan="off",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            **options,
        )
        self._server = _QuietServer(config)
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Return when the port is bound; does nothing where there is no port.

        Raises:
            OSError: the port cannot be bound.
        """
        if self._port is None:
            return
        self._serving = asyncio.create_task(self._serve())
        while not self._server.started:
            if self._serving.done():
                await self._serving
            await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """Finish open requests, for a few seconds at the most, and close the port."""
        if self._serving is not None:
            self._server.should_exit = True
            await self._serving

    async def _serve(self) -> None:
        try:
            await self._server.serve()
        except SystemExit as error:
            raise OSError(f"port {self._port} cannot be used; is another process listening on it?") from error


class _QuietServer(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def _health_app(process: Process) -> Any:
    async def app(scope: dict[str, Any], _receive: Any, send: Send) -> None:
        if scope["type"] != "http":
            return
        status, body = _answer(scope["path"], process)
        headers = [(b"content-type", b"text/plain; charset=utf-8")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


def _answer(path: str, process: Process) -> tuple[int, bytes]:
    if path == "/livez":
        return 200, b"alive\n"
    if path == "/readyz":
        return (200, b"ready\n") if process.ready else (503, b"not ready\n")
    if path == "/metrics":
        return 200, prometheus_client.generate_latest()
    return 404, b"not found\n"
