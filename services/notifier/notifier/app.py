"""Wires notifier: channels, deliveries in PostgreSQL, and Kafka on both sides."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from aiokafka.errors import KafkaConnectionError

from automations.clock import utc_now
from automations.contracts.topics import NOTIFICATIONS
from automations.messaging.batches import UNHURRIED_TIMEOUT_MS, read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher
from automations.messaging.topic_setup import create_topics
from automations.migrations import migrate
from automations.observability import get_logger
from automations.postgres import PostgresSettings, open_pool
from automations.service import Process
from notifier.channels import open_channels
from notifier.consumer import MAX_RECORDS, SERVICE, NotificationConsumer, group_of
from notifier.deliveries.delivery import Deliverer
from notifier.deliveries.store import MIGRATIONS, SCHEMA, DeliveryStore
from notifier.settings import MailSettings, SlackSettings

log = get_logger(__name__)

_PAUSE_SECONDS = 1.0


@asynccontextmanager
async def running(
    process: Process,
    kafka: KafkaSettings,
    postgres: PostgresSettings,
    mail: MailSettings,
    slack: SlackSettings,
) -> AsyncIterator[None]:
    """Deliver messages inside the context; leaving it finishes the batch in hand."""
    await migrate(postgres, SCHEMA, MIGRATIONS)
    await _prepare_topics(kafka)
    async with AsyncExitStack() as stack:
        pool = await stack.enter_async_context(open_pool(postgres, SCHEMA))
        channels = await stack.enter_async_context(open_channels(mail, slack))
        publisher = Publisher(kafka, SERVICE)
        stack.push_async_callback(publisher.stop)
        await publisher.start()
        deliverer, store, broker = Deliverer(channels, utc_now), DeliveryStore(pool), kafka.broker(SERVICE)
        for channel in channels:
            read_batches(
                broker,
                NOTIFICATIONS.name,
                group=group_of(channel),
                handler=NotificationConsumer(channel, deliverer, store, publisher, utc_now).handle,
                on_fatal=process.fatal,
                max_records=MAX_RECORDS,
                batch_timeout_ms=UNHURRIED_TIMEOUT_MS,
            )
        stack.push_async_callback(broker.stop)
        await broker.start()
        log.info("delivering messages", channels=sorted(channels))
        yield


async def _prepare_topics(kafka: KafkaSettings) -> None:
    while True:
        try:
            return await create_topics(kafka)
        except KafkaConnectionError as error:
            log.warning("waiting for Kafka", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
