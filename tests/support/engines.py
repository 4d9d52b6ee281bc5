"""The engines that tests run on: embedded by default, Testcontainers, or given by address.

`TEST_ENGINES=embedded` (the default) starts Kafka and PostgreSQL in a temporary folder; `containers` starts
their public images, where Docker answers; `given` takes `KAFKA_BOOTSTRAP_SERVERS` and `DATABASE_URL`.
"""

import os
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedded import kafka, postgres
from embedded.report import PlainReport
from tests.support.eventually import START_SECONDS


@dataclass(frozen=True)
class EngineAddresses:
    """Where real Kafka and real PostgreSQL answer for this test session."""

    kafka_bootstrap_servers: str
    database_url: str


@contextmanager
def running_engines() -> Iterator[EngineAddresses]:
    """Yield engines of the kind that `TEST_ENGINES` names, for as long as the context is open."""
    kind = os.environ.get("TEST_ENGINES", "embedded")
    if kind == "given":
        yield EngineAddresses(os.environ["KAFKA_BOOTSTRAP_SERVERS"], os.environ["DATABASE_URL"])
    elif kind == "containers":
        with _containers() as addresses:
            yield addresses
    elif kind == "embedded":
        with _embedded() as addresses:
            yield addresses
    else:
        raise ValueError(f"TEST_ENGINES is {kind!r}; it is embedded, containers or given")


@contextmanager
def _embedded() -> Iterator[EngineAddresses]:
    kafka.READY_WITHIN_SECONDS = postgres.READY_WITHIN_SECONDS = START_SECONDS
    with tempfile.TemporaryDirectory(prefix="automations-test-") as folder, ExitStack() as stack:
        data = Path(folder)
        data.chmod(0o755)
        with ThreadPoolExecutor(2) as threads:
            started_kafka = threads.submit(kafka.start, data, report=PlainReport(), port=0)
            started_postgres = threads.submit(postgres.start, data, report=PlainReport(), port=0)
        running_kafka = started_kafka.result()
        stack.callback(running_kafka.stop)
        running_postgres = started_postgres.result()
        stack.callback(running_postgres.stop)
        yield EngineAddresses(running_kafka.bootstrap_servers, running_postgres.database_url)


@contextmanager
def _containers() -> Iterator[EngineAddresses]:
    # Imported here: nobody without Docker needs it.
    from tests.support.containers import KafkaContainer, PostgresqlContainer, prepare_reaper

    prepare_reaper()
    with KafkaContainer() as kafka_container, PostgresqlContainer() as postgres_container:
        yield EngineAddresses(kafka_container.bootstrap_servers, postgres_container.database_url)
