"""Fixtures that every folder of tests may use."""

import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from hypothesis import HealthCheck, settings
from pydantic import SecretStr

from automations.messaging.connection import KafkaSettings
from automations.messaging.topic_setup import create_topics
from automations.postgres import PostgresSettings
from automations_cli.services import SERVICES
from embedded.child import read_last_lines
from tests.support.counting_server import CountingServer, counting_server
from tests.support.database import Database
from tests.support.engines import EngineAddresses, running_engines
from tests.support.product import Product
from tests.support.running_product import running_product

# How long an example takes says more about the machine than about the code.
settings.register_profile("project", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("project")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Show with a test that fails on the product what its services logged last."""
    report: pytest.TestReport = yield
    product = getattr(item, "funcargs", {}).get("product")
    if report.failed and isinstance(product, Product):
        living = product.stack.pids()
        for spec in SERVICES:
            state = "lives" if spec.name in living else "does not live"
            report.sections.append((f"{spec.name} {state}", read_last_lines(product.stack.log(spec.name), 15)))
    return report


@pytest.fixture(scope="session")
def engines() -> Iterator[EngineAddresses]:
    """Real Kafka and real PostgreSQL, started once for all tests that ask."""
    with running_engines() as addresses:
        yield addresses


@pytest.fixture(scope="session")
async def kafka_settings(engines: EngineAddresses) -> KafkaSettings:
    """How to reach Kafka; all of the product's topics exist."""
    settings = KafkaSettings(bootstrap_servers=engines.kafka_bootstrap_servers, partitions=6)
    await create_topics(settings)
    return settings


@pytest.fixture(scope="module")
async def postgres_settings(engines: EngineAddresses) -> AsyncIterator[PostgresSettings]:
    """A database of the module's own, empty at first and dropped in the end."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(engines.database_url)
    await connection.execute(f'CREATE DATABASE "{name}"')
    base = engines.database_url.rsplit("/", 1)[0]
    try:
        yield PostgresSettings(database_url=SecretStr(f"{base}/{name}"))
    finally:
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


@pytest.fixture(scope="module")
async def database(postgres_settings: PostgresSettings) -> AsyncIterator[Database]:
    """A connection of the test's own to the services' database."""
    connection = await asyncpg.connect(postgres_settings.database_url.get_secret_value())
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
async def witness() -> AsyncIterator[CountingServer]:
    """An independent HTTP server that the product's webhooks and Slack messages reach, and that counts them."""
    async with counting_server() as server:
        yield server


@pytest.fixture(scope="session")
async def product(witness: CountingServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Product]:
    """The whole product on engines of its own, shared by all tests that ask: each uses its own event types."""
    with running_engines() as engines:
        async with running_product(engines, witness, tmp_path_factory.mktemp("product")) as product:
            yield product
