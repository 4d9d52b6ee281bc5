"""Wires the demo CRM: its database, the port and the page over HTTP, the mail sink, and the outbox to Kafka."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI, Request, Response

from automations.clock import utc_now
from automations.messaging.connection import KafkaSettings
from demo_crm.database import Database
from demo_crm.outbox import Outbox
from demo_crm.page_routes import page_routes
from demo_crm.port import KEYS_KEPT, port_routes, render_json, render_time
from demo_crm.requests import Refused
from demo_crm.seed import save_seed
from demo_crm.settings import Settings
from demo_crm.sink import MailSink, sink_routes
from demo_crm.tables import Tables


def create_app(settings: Settings, kafka: KafkaSettings) -> FastAPI:
    """Return the whole demo CRM; it opens its data when it starts, and answers while Kafka is away."""
    database = Database(settings.data)
    outbox = Outbox(database, kafka, settings.topic)
    mail_sink = MailSink(database, settings.host, settings.smtp_port)

    @contextlib.asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        await database.open()
        publishing: asyncio.Task[None] | None = None
        try:
            await database.perform(_begin)
            await mail_sink.start()
            app.state.smtp_port = mail_sink.port
            publishing = asyncio.create_task(outbox.run(), name="outbox")
            yield
        finally:
            await mail_sink.stop()
            if publishing is not None:
                publishing.cancel()
                await asyncio.gather(publishing, return_exceptions=True)
            await database.close()

    app = FastAPI(title="Demo CRM", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
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
