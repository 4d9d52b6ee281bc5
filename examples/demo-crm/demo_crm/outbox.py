"""Carries the events of committed changes to Kafka, in the order of the changes.

Invariants: an event leaves the outbox only when Kafka has acknowledged it; while Kafka is away events wait, and the
CRM goes on. After a crash the last events may be published a second time, under the same ids.
"""

import asyncio
import time

from aiokafka.errors import KafkaError

from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from automations.messaging.topic_setup import create_topics
from automations.observability import get_logger
from demo_crm.database import Database

log = get_logger(__name__)

_LARGEST_BATCH = 500
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 4.0
_SLOW_SECONDS = 5.0


class Outbox:
    """Publishes what waits, whenever it is woken."""

    def __init__(self, database: Database, kafka: KafkaSettings, topic: str) -> None:
        self._database = database
        self._kafka = kafka
        self._topic = topic
        self._publisher = Publisher(kafka, client_id="demo-crm")
        self._woken = asyncio.Event()
        self._connected = False
        self._publishing_since: float | None = None

    def wake(self) -> None:
        """There may be events to publish."""
        self._woken.set()

    @property
    def problem(self) -> str | None:
        """Why events do not reach Kafka at the moment; None while they do."""
        if not self._connected:
            return f"Kafka at {self._kafka.bootstrap_servers} has not answered yet; events wait"
        since = self._publishing_since
        if since is not None and time.monotonic() - since > _SLOW_SECONDS:
            return f"Kafka at {self._kafka.bootstrap_servers} does not answer; events wait"
        return None

    async def run(self) -> None:
        """Publish until cancelled; what Kafka has not acknowledged stays for the next start."""
        try:
            await self._connect()
            while True:
                self._woken.clear()
                while await self._publish_batch():
                    pass
                await self._woken.wait()
        finally:
            await self._stop_publisher()

    async def _connect(self) -> None:
        pause_seconds = _FIRST_PAUSE_SECONDS
        while True:
            try:
                await create_topics(self._kafka)
                await self._publisher.start()
            except (KafkaError, OSError) as error:
                log.warning("events wait for Kafka", error=repr(error))
                await asyncio.sleep(pause_seconds)
                pause_seconds = min(2 * pause_seconds, _LONGEST_PAUSE_SECONDS)
            else:
                self._connected = True
                return

    async def _publish_batch(self) -> bool:
        """Publish the oldest waiting events; False when there were none."""
        waiting = await self._database.perform(lambda tables: tables.load_events(_LARGEST_BATCH))
        if not waiting:
            return False
        self._publishing_since = time.monotonic()
        await self._publisher.publish_all(
            [Record(self._topic, event.key, event.value(), event.headers()) for _, event in waiting]
        )
        self._publishing_since = None
        last = waiting[-1][0]
        await self._database.perform(lambda tables: tables.delete_events_up_to(last))
        return True

    async def _stop_publisher(self) -> None:
        try:
            await asyncio.wait_for(self._publisher.stop(), _SLOW_SECONDS)
        except (KafkaError, TimeoutError) as error:
            log.warning("the connection to Kafka did not close cleanly", error=repr(error))
