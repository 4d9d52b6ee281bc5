"""The one place that wires the api."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import prometheus_client
from fastapi import APIRouter, FastAPI
from starlette.responses import PlainTextResponse, Response

from api.access.gate import Access
from api.access.guard import OpenGuard
from api.access.routes import access_routes
from api.access.store import KeyStore
from api.automations.desk import AutomationDesk
from api.automations.loop_flags import LoopFlags
from api.automations.reconcile import load_held, save_missing
from api.automations.routes import automation_routes
from api.automations.store import AutomationStore
from api.catalogue.routes import catalogue_routes
from api.decisions.desk import DecisionDesk
from api.decisions.kept_events import KeptEvents
from api.decisions.routes import decision_routes
from api.events.routes import event_routes
from api.interventions.cancelling import CancellingDesk
from api.interventions.present import Present
from api.interventions.rerunning import RerunDesk
from api.interventions.routes import intervention_routes
from api.interventions.skipped import SkippedDesk
from api.interventions.store import InterventionStore
from api.mass_acts.desk import MassActDesk
from api.mass_acts.performer import MassActPerformer
from api.mass_acts.routes import mass_act_routes
from api.mass_acts.store import MassActStore
from api.outbox.sender import OutboxSender
from api.problems import add_problem_handlers
from api.projection.consumer import history_projection
from api.projection.store import HistoryStore
from api.repeats.store import Repeats
from api.retention.pruning import HistoryPruning
from api.retention.store import RetentionStore
from api.runs.routes import run_routes
from api.runs.store import RunStore
from api.runs.stream import LiveRuns, stream_routes
from api.samples.reader import SampleReader
from api.samples.routes import sample_routes
from api.samples.store import SampleStore
from api.sandbox.routes import sandbox_routes
from api.sandbox.store import SandboxStore
from api.settings import Settings
from api.signals import RunSignals
from api.tasks.completion import TaskDesk
from api.tasks.inbox import inbox_projection
from api.tasks.routes import inbox_routes, task_routes
from api.tasks.store import TaskStore
from api.test_runs.desk import TestDesk
from api.test_runs.routes import test_run_routes
from api.test_runs.store import TestVersions
from api.urls import NulGuard
from api.web import add_web, find_web_dist
from automations.clock import utc_now
from automations.contracts.topics import NOTIFICATIONS, STEP_RESULTS
from automations.messaging.batches import UNHURRIED_TIMEOUT_MS, read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.messaging.topic_setup import create_topics
from automations.migrations import migrate
from automations.observability import get_logger
from automations.postgres import Pool, PostgresSettings, open_pool, outwait
from automations.service import HttpServer, Process

log = get_logger(__name__)

SCHEMA = "api"
MIGRATIONS = Path(__file__).with_name("migrations")
HISTORY_GROUP = "api-history"
INBOX_GROUP = "api-inbox"
_TIDY_SECONDS = 3600.0
HISTORY_BATCH = 2_000
"""Facts a transaction at the most; under load, larger batches spare commits and updates of the same run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What the routes stand on."""

    settings: Settings
    kafka: KafkaSettings
    pool: Pool
    publisher: Publisher
    sender: OutboxSender
    signals: RunSignals
    reruns: RerunDesk
    mass_acts: MassActPerformer
    stopping: asyncio.Event


def build_app(ground: Ground, is_ready: Callable[[], bool]) -> FastAPI:
    """Return the application with all its routes."""
    settings, pool = ground.settings, ground.pool
    app = FastAPI(
        title="Automations",
        version="1",
        description="Event-driven automations for a CRM. Errors are `application/problem+json`.",
        openapi_url="/api/v1/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    keys, automations, runs, tasks = KeyStore(pool), AutomationStore(pool), RunStore(pool), TaskStore(pool)
    repeats = Repeats(pool)
    access = Access(keys, is_open=settings.auth == "open")
    app.state.access = access
    v1 = APIRouter(prefix="/api/v1")
    v1.include_router(access_routes(access, keys))
    v1.include_router(catalogue_routes())
    v1.include_router(sample_routes(automations, runs, SampleStore(pool)))
    v1.include_router(sandbox_routes(SandboxStore(pool), automations, ground.sender))
    v1.include_router(event_routes(ground.publisher, repeats, settings.events_topic))
    v1.include_router(run_routes(runs))
    v1.include_router(stream_routes(LiveRuns(ground.kafka, ground.stopping)))
    v1.include_router(task_routes(tasks, TaskDesk(tasks, runs, ground.sender, ground.signals), repeats))
    v1.include_router(inbox_routes(tasks))
    flags = LoopFlags(pool)
    desk = AutomationDesk(automations, flags, ground.sender)
    v1.include_router(automation_routes(desk, automations, flags, repeats))
    v1.include_router(_interventions(ground, desk, automations, runs, repeats))
    kept = KeptEvents(ground.kafka, settings.all_events_topics)
    decisions = DecisionDesk(desk, SandboxStore(pool), runs, kept)
    v1.include_router(decision_routes(decisions))
    tests = TestDesk(desk, decisions, TestVersions(pool), runs, ground.publisher, ground.signals)
    v1.include_router(test_run_routes(tests, repeats))
    app.include_router(v1)
    _add_health(app, is_ready)
    add_web(app, find_web_dist(settings.web_dist))
    add_problem_handlers(app)
    app.add_middleware(NulGuard)
    if access.is_open:
        app.add_middleware(OpenGuard, allowed_names=settings.allowed_host_names)
    return app


def _interventions(
    ground: Ground, desk: AutomationDesk, automations: AutomationStore, runs: RunStore, repeats: Repeats
) -> APIRouter:
    store = InterventionStore(ground.pool)
    present = Present(automations, SandboxStore(ground.pool), ground.sender, ground.kafka)
    cancelling = CancellingDesk(store, runs, ground.sender, ground.signals)
    skipped = SkippedDesk(store, desk, present, ground.sender)
    router = intervention_routes(cancelling, ground.reruns, skipped, repeats)
    router.include_router(mass_act_routes(MassActDesk(MassActStore(ground.pool), ground.mass_acts), repeats))
    return router


def _add_health(app: FastAPI, is_ready: Callable[[], bool]) -> None:
    @app.get("/livez", include_in_schema=False)
    async def live() -> Response:
        return PlainTextResponse("alive\n")

    @app.get("/readyz", include_in_schema=False)
    async def ready() -> Response:
        return PlainTextResponse("ready\n") if is_ready() else PlainTextResponse("not ready\n", 503)

    @app.get("/metrics", include_in_schema=False)
    async def metrics() -> Response:
        return PlainTextResponse(prometheus_client.generate_latest())


def service(
    settings: Settings, postgres: PostgresSettings, kafka: KafkaSettings
) -> Callable[[Process], contextlib.AbstractAsyncContextManager[None]]:
    """Return the api as `run_service` runs it."""

    @contextlib.asynccontextmanager
    async def running(process: Process) -> AsyncIterator[None]:
        settings.refuse_open_network()
        _say_access(settings)
        await migrate(postgres, SCHEMA, MIGRATIONS)
        await create_topics(kafka)
        async with contextlib.AsyncExitStack() as stack:
            ground = await _ground(stack, settings, postgres, kafka, process)
            await _start_background(stack, ground, process)
            await _start_consumers(stack, ground, process)
            server = HttpServer(
                build_app(ground, lambda: process.ready), settings.host, settings.port, timeout_graceful_shutdown=10
            )
            await server.start()
            stack.push_async_callback(server.stop)
            log.info("listening", url=f"http://{settings.host}:{settings.port}")
            yield

    return running


def _say_access(settings: Settings) -> None:
    if settings.auth == "open":
        log.warning(
            "access is open: whoever reaches this address is admin; AUTH=required asks for keys",
            host=settings.host,
            port=settings.port,
        )
    else:
        log.info("access needs an API key")


async def _ground(
    stack: contextlib.AsyncExitStack,
    settings: Settings,
    postgres: PostgresSettings,
    kafka: KafkaSettings,
    process: Process,
) -> Ground:
    pool = await stack.enter_async_context(open_pool(postgres, SCHEMA))
    publisher = Publisher(kafka, "api")
    await publisher.start()
    stack.push_async_callback(publisher.stop)
    sender, signals = OutboxSender(pool, publisher), RunSignals(postgres)
    automations = AutomationStore(pool)
    present = Present(automations, SandboxStore(pool), sender, kafka)
    reruns = RerunDesk(InterventionStore(pool), automations, RunStore(pool), present, sender, signals)
    return Ground(
        settings=settings,
        kafka=kafka,
        pool=pool,
        publisher=publisher,
        sender=sender,
        signals=signals,
        reruns=reruns,
        mass_acts=MassActPerformer(MassActStore(pool), reruns, present, sender),
        stopping=process.stopping,
    )


async def _start_background(stack: contextlib.AsyncExitStack, ground: Ground, process: Process) -> None:
    samples = SampleStore(ground.pool)
    for coroutine in (
        ground.sender.run(),
        ground.sender.sweep(),
        ground.signals.listen(),
        ground.mass_acts.run(),
        _reconcile(ground),
        _tidy(Repeats(ground.pool), samples, MassActStore(ground.pool), _history_pruning(ground)),
        SampleReader(ground.kafka, ground.settings.all_events_topics, samples).run(),
    ):
        task = process.watch(asyncio.create_task(coroutine))
        stack.push_async_callback(_cancel, task)


async def _start_consumers(stack: contextlib.AsyncExitStack, ground: Ground, process: Process) -> None:
    store = HistoryStore(ground.pool)
    now = utc_now()
    await outwait(lambda: store.ensure_months({(now.year, now.month)}))
    broker = ground.kafka.broker("api")
    read_batches(
        broker,
        STEP_RESULTS.name,
        group=HISTORY_GROUP,
        handler=history_projection(store, ground.publisher).handle,
        on_fatal=process.fatal,
        max_records=HISTORY_BATCH,
    )
    read_batches(
        broker,
        NOTIFICATIONS.name,
        group=INBOX_GROUP,
        handler=inbox_projection(ground.pool, ground.publisher).handle,
        on_fatal=process.fatal,
        batch_timeout_ms=UNHURRIED_TIMEOUT_MS,
    )
    await broker.start()
    stack.push_async_callback(broker.stop)


async def _reconcile(ground: Ground) -> None:
    """Send what the definitions topic lacks."""
    held = await load_held(ground.kafka)
    for sending in await outwait(lambda: save_missing(ground.pool, held)):
        ground.sender.notice(sending.order_key)


def _history_pruning(ground: Ground) -> HistoryPruning:
    settings = ground.settings
    return HistoryPruning(
        RetentionStore(ground.pool), history_days=settings.keep_history_days, inbox_days=settings.keep_inbox_days
    )


async def _tidy(repeats: Repeats, samples: SampleStore, mass_acts: MassActStore, history: HistoryPruning) -> None:
    while True:
        await outwait(repeats.delete_old)
        await outwait(samples.delete_old)
        await outwait(mass_acts.delete_old)
        await history.prune()
        await asyncio.sleep(_TIDY_SECONDS)


async def _cancel(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError, Exception):
        await task
