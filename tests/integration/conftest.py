"""An executor as a process of a test module's own, on real Kafka and PostgreSQL, with a real HTTP peer."""

from collections.abc import AsyncIterator

import pytest

from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.postgres import PostgresSettings
from tests.support.commander import Commander
from tests.support.counting_server import CountingServer, counting_server
from tests.support.service_process import ServiceProcess, running_service
from tests.support.stream import ResultsTail, results_tail


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[CountingServer]:
    async with counting_server() as server:
        yield server


@pytest.fixture(scope="module")
def environment(
    kafka_settings: KafkaSettings, postgres_settings: PostgresSettings, server: CountingServer
) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
        "CRM_URL": server.url,
        "WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
    }


@pytest.fixture(scope="module")
async def executor(environment: dict[str, str]) -> AsyncIterator[ServiceProcess]:
    async with running_service("executor", environment) as process:
        yield process


@pytest.fixture(scope="module")
async def commander(kafka_settings: KafkaSettings) -> AsyncIterator[Commander]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield Commander(publisher)
    await publisher.stop()


@pytest.fixture
async def results(kafka_settings: KafkaSettings, executor: ServiceProcess) -> AsyncIterator[ResultsTail]:
    async with results_tail(kafka_settings) as opened:
        yield opened
