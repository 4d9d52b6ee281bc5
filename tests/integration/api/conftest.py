"""api in this process on real Kafka and PostgreSQL, with an executor that says what a test tells it to."""

from collections.abc import AsyncIterator

import httpx
import pytest

from automations.contracts.topics import RUN_COMMANDS
from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.running_api import FakeExecutor, fake_executor, running_api
from tests.support.stream import TopicTail, tail


@pytest.fixture(scope="module")
async def api(postgres_settings: PostgresSettings, kafka_settings: KafkaSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(postgres_settings, kafka_settings) as client:
        yield client


@pytest.fixture
async def executor(kafka_settings: KafkaSettings) -> AsyncIterator[FakeExecutor]:
    async with fake_executor(kafka_settings) as executor:
        yield executor


@pytest.fixture
async def commands(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, RUN_COMMANDS) as opened:
        yield opened
