"""Wires the demo CRM: its database, the port and the page over HTTP, the mail sink, and the outbox to Kafka."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response

from automations.clock import utc_now
from automations.messaging.connection import KafkaSettings
from automations.observability import get_logger
from automations.service import HttpServer, Process
from demo_crm.database import Database
from demo_crm.outbox import Outbox
from demo_crm.page_routes import page_routes
from demo_crm.port import KEYS_KEPT, port_routes, render_json, render_time
from demo_crm.requests import Refused
from demo_crm.seed import save_seed
from demo_crm.settings import Settings
from demo_crm.sink import MailSink, sink_routes
from demo_crm.tables import Tables

log = get_logger(__name__)


@contextlib.asynccontextmanager
async def run_demo_crm(settings: Settings, kafka: KafkaSettings, process: Process) -> AsyncIterator[None]:
    """Serve while inside; what cannot be published by the end waits for the next start."""
    database = Database(settings.data)
    outbox = Outbox(database, kafka, settings.topic)
    mail_sink = MailSink(database, settings.host, settings.smtp_port)
    server = HttpServer(create_app(settings, database, outbox), settings.host, settings.port)
    async with contextlib.AsyncExitStack() as stack:
        await database.open()
        stack.push_async_callback(database.close)
        await database.perform(_begin)
        publishing = process.watch(asyncio.create_task(outbox.run(), name="outbox"))
        stack.push_async_callback(_cancel, publishing)
        await mail_sink.start()
        stack.push_async_callback(mail_sink.stop)
        await server.start()
        stack.push_async_callback(server.stop)
        log.info("serving", url=f"http://{settings.host}:{settings.port}", smtp_port=settings.smtp_port)
        yield


def create_app(settings: Settings, database: Database, outbox: Outbox) -> FastAPI:
    """Return what the demo CRM answers over HTTP; it answers while Kafka is away."""
    app = FastAPI(title="Demo CRM", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(port_routes(database, outbox, settings.source, settings.token))
    app.include_router(sink_routes(database))
    app.include_router(page_routes(database, outbox, settings.source))
    _add_health(app, outbox)

    @app.exception_handler(Refused)
    async def answer_refusal(_request: Request, error: Refused) -> Response:
        response = render_json({"error": error.reason})
        response.status_code = error.status
        return response

    @app.exception_handler(404)
    async def answer_unknown_path(request: Request, _error: Exception) -> Response:
        response = render_json({"error": f"there is nothing at {request.url.path}; see docs/crm-port.md"})
        response.status_code = 404
        return response

    @app.exception_handler(405)
    async def answer_wrong_method(request: Request, _error: Exception) -> Response:
        response = render_json({"error": f"{request.url.path} does not take {request.method}"})
        response.status_code = 405
        return response

    return app


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def _begin(tables: Tables) -> None:
    now = utc_now()
    save_seed(tables, render_time(now))
    tables.forget_answers(render_time(now - KEYS_KEPT))


def _add_health(app: FastAPI, outbox: Outbox) -> None:
    @app.get("/livez")
    async def is_alive() -> Response:
        return render_json({"status": "alive"})

    @app.get("/readyz")
    async def is_ready() -> Response:
        problem = outbox.problem
        if problem is None:
            return render_json({"status": "ready"})
        response = render_json({"status": "not ready", "reason": problem})
        response.status_code = 503
        return response
