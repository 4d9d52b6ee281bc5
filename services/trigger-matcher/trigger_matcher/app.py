"""Wires trigger-matcher: definitions, publisher and consumer on one Kafka; it has no database."""

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager

from aiokafka.errors import KafkaConnectionError

from automations.clock import utc_now
from automations.memory import use_large_pages
from automations.messaging.batches import read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.messaging.publisher import Publisher
from automations.messaging.topic_setup import create_topics, wait_for_topics
from automations.observability import get_logger
from automations.service import Process
from trigger_matcher.consumer import MAX_RECORDS, EventConsumer
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.evaluation import SERVICE
from trigger_matcher.settings import MatcherSettings

log = get_logger(__name__)

MANY_AUTOMATIONS = 10_000
"""So many do not fit a processor's cache; fewer gain nothing by large pages, and those are never used to the end."""
_PAUSE_SECONDS = 1.0


@asynccontextmanager
async def running(process: Process, settings: MatcherSettings, kafka: KafkaSettings) -> AsyncIterator[None]:
    """Match events inside the context; leaving it finishes the batch in hand."""
    await _prepare_topics(kafka, settings.topics)
    table = DefinitionTable()
    async with AsyncExitStack() as stack:
        definitions = DefinitionsFollower(kafka, SERVICE, table.take)
        stack.push_async_callback(definitions.stop)
        with _loading():
            await definitions.start()
            table.index()
            if table.held >= MANY_AUTOMATIONS:
                log.info("many automations are held in large pages", bytes=use_large_pages())
        publisher = Publisher(kafka, SERVICE)
        stack.push_async_callback(publisher.stop)
        await publisher.start()
        consumer = EventConsumer(table, definitions, publisher, utc_now)
        broker = kafka.broker(SERVICE)
        read_batches(
            broker,
            *settings.topics,
            group=SERVICE,
            handler=consumer.handle,
            on_fatal=process.fatal,
            max_records=MAX_RECORDS,
        )
        stack.push_async_callback(broker.stop)
        await broker.start()
        log.info("reading events", topics=settings.topics, automations=table.held, definitions=definitions.position)
        yield


@contextmanager
def _loading() -> Iterator[None]:
    """Load many definitions without looking for garbage among them, now and later: they are the service's memory."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()


async def _prepare_topics(kafka: KafkaSettings, topics: tuple[str, ...]) -> None:
    """Create the product's own topics and wait for further ones, which belong to others."""
    while True:
        try:
            await create_topics(kafka)
            return await wait_for_topics(kafka, topics)
        except KafkaConnectionError as error:
            log.warning("waiting for Kafka", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
