"""Wires the executor: the one place that knows all of its parts."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final

from automations.clock import monotonic_seconds
from automations.contracts.definitions import AutomationDefined, Definition
from automations.contracts.topics import NOTIFICATION_RESULTS, RUN_COMMANDS, RUN_CONTROLS
from automations.messaging.batches import read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.messaging.publisher import Publisher
from automations.messaging.room import Room
from automations.messaging.topic_setup import create_topics
from automations.migrations import migrate
from automations.postgres import PostgresSettings, open_pool
from automations.service import Process
from executor.census import keep_counting
from executor.enrolment.accept import Acceptor
from executor.enrolment.decide import Definitions
from executor.enrolment.loop_guard import LoopGuard
from executor.gate import Gate
from executor.http_calls import HttpCalls
from executor.inbox import Inbox
from executor.journal.lease import Lease
from executor.journal.past_starts import PastStarts
from executor.journal.pruning import Pruning
from executor.journal.sql import queries
from executor.journal.store import MIGRATIONS, SCHEMA, Journal
from executor.journal.versions import Versions
from executor.metrics import ACTIVE_RUNS, CROWDED_DESTINATIONS, LEASE_AGE, LEASE_STANDS, WAITING_CALLS
from executor.places import Places
from executor.publication import Publication
from executor.recovery import Recovery
from executor.runner import Runner
from executor.settings import ExecutorSettings

_GRACE_SECONDS: Final = 8.0
_SAVE_SECONDS: Final = 1.0


@asynccontextmanager
async def running(
    process: Process, settings: ExecutorSettings, kafka: KafkaSettings, postgres: PostgresSettings
) -> AsyncIterator[None]:
    """Run the executor while inside."""
    async with AsyncExitStack() as stack:
        await create_topics(kafka)
        await migrate(postgres, SCHEMA, MIGRATIONS)
        pool = await stack.enter_async_context(open_pool(postgres, SCHEMA))
        publisher = Publisher(kafka, "executor")
        await publisher.start()
        stack.push_async_callback(publisher.stop)
        http = await stack.enter_async_context(HttpCalls(settings))

        lease = Lease(pool, queries, f"{socket.gethostname()}:{os.getpid()}")
        journal, versions = Journal(pool, lease), Versions(pool)
        publication, definitions = Publication(publisher), Definitions()
        room = Room(settings.max_active_runs)
        places = Places(settings.places_per_destination(), monotonic_seconds)
        gate = Gate(http, places, publisher, lease)
        runner = Runner(journal, versions, gate, publication, process.fatal, room)
        recovery = Recovery(journal, runner, room, places)
        pruning = Pruning(pool, keep_runs_days=settings.keep_runs_days, keep_starts_days=settings.keep_starts_days)

        def on_definition(tenant_id: str, automation_id: str | None, definition: Definition | None) -> None:
            definitions.take(tenant_id, automation_id, definition)
            if isinstance(definition, AutomationDefined):
                versions.take(definition)

        follower = DefinitionsFollower(kafka, "executor", on_definition)
        await follower.start()
        stack.push_async_callback(follower.stop)
        await versions.save()
        await lease.take()
        ACTIVE_RUNS.set_function(lambda: runner.active)
        WAITING_CALLS.set_function(lambda: places.waiting)
        CROWDED_DESTINATIONS.set_function(lambda: places.crowded)
        LEASE_STANDS.set_function(lambda: float(lease.stands()))
        LEASE_AGE.set_function(lease.age_seconds)

        guard = LoopGuard(settings.max_starts_per_record_minute)
        acceptor = Acceptor(journal, versions, definitions, follower, runner, publisher, guard, PastStarts(pool))
        inbox = Inbox(journal, runner, room, publisher)
        background = _Background(process)
        stack.push_async_callback(background.stop)
        for work in (lease.keep(), journal.run(), publication.run(), follower.follow(), _keep_saving(versions)):
            background.start(work)
        for work in (
            recovery.keep_taking_over(),
            recovery.keep_waking(),
            recovery.keep_calling(),
            recovery.keep_looking_at_places(),
            recovery.keep_delivering(),
            recovery.keep_sweeping(),
            pruning.keep_pruning(),
            keep_counting(pool),
        ):
            background.start(work)

        broker = kafka.broker("executor")
        read_batches(
            broker,
            RUN_COMMANDS.name,
            group="executor",
            handler=acceptor.accept,
            on_fatal=process.fatal,
            room=room,
        )
        read_batches(
            broker,
            RUN_CONTROLS.name,
            NOTIFICATION_RESULTS.name,
            group="executor-inputs",
            handler=inbox.take,
            on_fatal=process.fatal,
        )
        await broker.start()
        try:
            yield
        finally:
            await broker.stop()
            await runner.stop(_GRACE_SECONDS if process.error is None else 0)
            if process.error is None:
                await lease.end()


async def _keep_saving(versions: Versions) -> None:
    while True:
        await asyncio.sleep(_SAVE_SECONDS)
        await versions.save()


class _Background:
    """Tasks that live as long as the process; one that fails ends it."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._tasks: list[asyncio.Task[Any]] = []

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        self._tasks.append(self._process.watch(asyncio.create_task(work)))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
