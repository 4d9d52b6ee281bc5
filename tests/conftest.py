"""Fixtures that every folder of tests may use."""

import uuid
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from pydantic import SecretStr

from automations.messaging.connection import KafkaSettings
from automations.messaging.topic_setup import create_topics
from automations.postgres import PostgresSettings
from tests.support.engines import EngineAddresses, running_engines


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
