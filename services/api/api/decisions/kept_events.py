"""One event, read from where it lies on Kafka."""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from api.decisions.requests import Place, gone
from api.problems import Refused, unprocessable
from automations.clock import from_milliseconds
from automations.contracts.events import CrmEvent, Position, UnreadableEvent, read_event
from automations.messaging.connection import KafkaSettings
from automations.problems import Problem

ANSWER_SECONDS: Final = 5.0
_AT_ONCE: Final = 8


class KeptEvents:
    """Reads single events of the topics that events come by."""

    def __init__(self, kafka: KafkaSettings, topics: Sequence[str]) -> None:
        self._kafka = kafka
        self._topics = topics
        self._free = asyncio.Semaphore(_AT_ONCE)
        self._partitions: dict[str, int] = {}

    async def load(self, place: Place, tenant_id: str) -> CrmEvent:
        """Return the event at a place.

        Raises:
            Refused: the topic is none of events, or the message is no event (422); nothing lies there, not any
                more, not yet, or of another tenant (404); Kafka does not answer (503).
        """
        if place.topic not in self._topics:
            problem = Problem("/topic", f"is none of the topics of events: {', '.join(self._topics)}", "unknown_topic")
            raise unprocessable([problem])
        try:
            async with self._free:
                record = await asyncio.wait_for(self._read(place), ANSWER_SECONDS)
        except (KafkaError, TimeoutError):
            raise Refused(503, "Kafka did not answer in time; try again.", headers={"Retry-After": "1"}) from None
        position = Position(place.topic, place.partition, place.offset, from_milliseconds(record.timestamp))
        try:
            event = read_event(record.value, record.headers, position)
        except UnreadableEvent as error:
            problem = Problem("/offset", f"the message there is no event: {error}", error.code)
            raise unprocessable([problem]) from None
        if event.tenant_id != tenant_id:
            raise gone(place, "nothing of yours lies there")
        return event

    async def _read(self, place: Place) -> ConsumerRecord[Any, Any]:
        number = self._partitions.get(place.topic, 0)
        if place.partition >= number:  # there may be more by now
            number = self._partitions[place.topic] = await self._count_partitions(place.topic)
            if place.partition >= number:
                raise gone(place, f"the topic has {number} partitions, counted from 0")
        consumer = AIOKafkaConsumer(
            **self._kafka.client_arguments(), client_id="api-events", group_id=None, enable_auto_commit=False
        )
        await consumer.start()
        try:
            partition = TopicPartition(place.topic, place.partition)
            begin = (await consumer.beginning_offsets([partition]))[partition]
            end = (await consumer.end_offsets([partition]))[partition]
            if place.offset < begin:
                raise gone(place, f"it is too old, Kafka keeps what begins with offset {begin}")
            if place.offset >= end:
                raise gone(place, f"the next event there will be {end}")
            consumer.assign([partition])
            consumer.seek(partition, place.offset)
            record = await consumer.getone(partition)
            if record.offset != place.offset:
                raise gone(place, f"the next one is {record.offset}")
            return record
        finally:
            await asyncio.shield(consumer.stop())

    async def _count_partitions(self, topic: str) -> int:
        admin = AIOKafkaAdminClient(**self._kafka.client_arguments())
        await admin.start()
        try:
            [described] = await admin.describe_topics([topic])
        finally:
            await admin.close()
        return len(described["partitions"])
