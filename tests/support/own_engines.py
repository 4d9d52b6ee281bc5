"""Embedded Kafka and PostgreSQL of one test module, which it may stop, and start again where they were.

They are embedded ones whatever `TEST_ENGINES` says: what is shown is how the product takes an outage, and these can be
stopped and started without a word to anybody else.
"""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from embedded import kafka, postgres
from embedded.report import PlainReport
from tests.support.engines import EngineAddresses
from tests.support.eventually import START_SECONDS


class OwnEngines:
    """Both engines, on ports that they keep."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._report = PlainReport()
        self._kafka: kafka.RunningKafka | None = None
        self._postgres: postgres.RunningPostgres | None = None
        self._kafka_port = self._postgres_port = 0

    @property
    def addresses(self) -> EngineAddresses:
        assert self._kafka is not None, "the engines have not been started"
        assert self._postgres is not None, "the engines have not been started"
        return EngineAddresses(self._kafka.bootstrap_servers, self._postgres.database_url)

    async def start(self) -> None:
        """Return when both answer."""
        await asyncio.gather(self.start_kafka(), self.start_postgres())

    async def stop(self) -> None:
        """Return when both have ended; one that has ended already is left alone."""
        await asyncio.gather(self.stop_kafka(), self.stop_postgres())

    async def start_kafka(self) -> None:
        self._kafka = await asyncio.to_thread(kafka.start, self._data, report=self._report, port=self._kafka_port)
        port = int(self._kafka.bootstrap_servers.rpartition(":")[2])
        assert self._kafka_port in (0, port), "another process has taken Kafka's port"
        self._kafka_port = port

    async def stop_kafka(self) -> None:
        if self._kafka is not None:
            await asyncio.to_thread(self._kafka.stop)

    async def start_postgres(self) -> None:
        self._postgres = await asyncio.to_thread(
            postgres.start, self._data, report=self._report, port=self._postgres_port
        )
        port = int(self._postgres.database_url.rpartition(":")[2].partition("/")[0])
        assert self._postgres_port in (0, port), "another process has taken PostgreSQL's port"
        self._postgres_port = port

    async def stop_postgres(self) -> None:
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)


@asynccontextmanager
async def own_engines() -> AsyncIterator[OwnEngines]:
    """Yield engines that answer."""
    kafka.READY_WITHIN_SECONDS = postgres.READY_WITHIN_SECONDS = START_SECONDS
    with tempfile.TemporaryDirectory(prefix="automations-test-") as folder:
        data = Path(folder)
        data.chmod(0o755)
        engines = OwnEngines(data)
        try:
            await engines.start()
            yield engines
        finally:
            await engines.stop()
