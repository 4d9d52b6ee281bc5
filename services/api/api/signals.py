"""Wakes requests that wait for the projection, in whichever process projected what they wait for.

PostgreSQL's NOTIFY carries the id of a run whose task opened, whose submission was judged, that was cancelled,
or that repeats another one: rare things all. A waiter also looks by itself once a second, so that a lost
connection only makes it slower.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator

import asyncpg

from automations.clock import monotonic_seconds
from automations.observability import get_logger
from automations.postgres import OUTAGES, PostgresSettings

log = get_logger(__name__)

CHANNEL = "api_runs"
LOOK_SECONDS = 1.0
_PAUSE_SECONDS = 1.0


class RunSignals:
    """What is known in this process of runs that somebody waits for."""

    def __init__(self, settings: PostgresSettings) -> None:
        self._settings = settings
        self._events: dict[str, list[asyncio.Event]] = {}

    @contextlib.contextmanager
    def watching(self, run_id: str) -> Iterator[asyncio.Event]:
        """Yield an event that is set whenever something rare happened to the run."""
        event = asyncio.Event()
        self._events.setdefault(run_id, []).append(event)
        try:
            yield event
        finally:
            watchers = self._events[run_id]
            watchers.remove(event)
            if not watchers:
                del self._events[run_id]

    def wake(self, run_id: str) -> None:
        for event in self._events.get(run_id, ()):
            event.set()

    async def listen(self) -> None:
        """Hand notifications on, until cancelled; a lost connection is made again."""
        while True:
            try:
                async with self._connection() as connection:
                    await _closed(connection)
            except OUTAGES as error:
                log.warning("waiting for PostgreSQL", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    @contextlib.asynccontextmanager
    async def _connection(self) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
        connection = await asyncpg.connect(
            self._settings.database_url.get_secret_value(), server_settings={"application_name": "api-signals"}
        )
        try:
            await connection.add_listener(CHANNEL, self._notified)
            yield connection
        finally:
            with contextlib.suppress(*OUTAGES):
                await connection.close(timeout=2)

    def _notified(self, _connection: object, _pid: int, _channel: str, payload: object) -> None:
        self.wake(str(payload))


async def wait_for_change(changed: asyncio.Event, deadline: float) -> None:
    """Return when something changed, at the deadline, or after a second, whatever comes first."""
    seconds = min(LOOK_SECONDS, max(deadline - monotonic_seconds(), 0.0))
    try:
        await asyncio.wait_for(changed.wait(), seconds)
    except TimeoutError:
        return


async def _closed(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    closed = asyncio.Event()
    connection.add_termination_listener(lambda _connection: closed.set())
    await closed.wait()
