"""Publishes onto Kafka, and returns only when the broker has all of it.

On the product's own topics a key's partition is its CRC-32: every producer there is this one, and Kafka's usual
hash costs more in Python than all else about a message. CRM events go where other producers would put them.
"""

import asyncio
import zlib
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from automations.contracts.topics import CRM_EVENTS
from automations.messaging.connection import KafkaSettings
from automations.messaging.topic_setup import MAX_MESSAGE_BYTES
from automations.observability import get_logger

log = get_logger(__name__)

_IN_BATCHES = 16
_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0


class Record(NamedTuple):
    """One message to be published."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


class MessageTooLarge(ValueError):
    """A message is larger than its topic takes; sending it again would not help."""


class Publisher:
    """An idempotent producer with `acks=all`; records of one key arrive in the order they were given."""

    def __init__(self, settings: KafkaSettings, client_id: str, linger_ms: int = 0) -> None:
        self._settings = settings
        self._client_id = client_id
        self._linger_ms = linger_ms
        self._producer: AIOKafkaProducer | None = None
        self._replacing = asyncio.Lock()

    async def start(self) -> None:
        self._producer = await self._connected()

    async def stop(self) -> None:
        if self._producer is not None:
            await self._producer.stop()
            self._producer = None

    async def publish_all(self, records: Sequence[Record]) -> list[RecordMetadata]:
        """Publish the records and return where each lies, once the broker has acknowledged all of them.

        An outage of Kafka is waited out. Where a part was acknowledged before it, that part is published
        again: readers on every topic are built for that.

        Raises:
            MessageTooLarge: a record is larger than the broker takes; none after it was sent.
        """
        pause = _FIRST_PAUSE_SECONDS
        while True:
            producer = self._producer
            if producer is None:
                raise RuntimeError("the publisher has not been started, or was stopped")
            try:
                return await self._send(producer, records)
            except MessageSizeTooLargeError as error:
                raise MessageTooLarge(str(error)) from error
            except KafkaError as error:
                log.warning("publishing waits for Kafka", error=repr(error), records=len(records))
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
                if not getattr(error, "retriable", False):
                    await self._replace(producer)

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> list[RecordMetadata]:
        if len(records) >= _IN_BATCHES and all(record.topic != CRM_EVENTS.name for record in records):
            return await _send_in_batches(producer, records)
        futures = []
        try:
            for topic, key, value, headers in records:
                partition = None
                if key is not None and topic != CRM_EVENTS.name:
                    partition = partition_of(key, len(await producer.partitions_for(topic)))
                futures.append(await producer.send(topic, value, key=key, headers=list(headers), partition=partition))
        except BaseException:
            await asyncio.gather(*futures, return_exceptions=True)
            raise
        return _all_acknowledged(await asyncio.gather(*futures, return_exceptions=True))

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._settings.client_arguments(),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            linger_ms=self._linger_ms,
            max_request_size=MAX_MESSAGE_BYTES,
            max_batch_size=262_144,
        )
        try:
            await producer.start()
        except BaseException:
            await producer.stop()
            raise
        return producer

    async def _replace(self, broken: AIOKafkaProducer) -> None:
        """Take a new producer in the place of one that can no longer go on (its sequence was lost)."""
        async with self._replacing:
            current = self._producer
            if current is None or current is not broken:
                return
            try:
                replacement = await self._connected()
            except KafkaError as error:
                log.warning("Kafka cannot be reached", error=repr(error))
                return
            self._producer = replacement
            try:
                await current.stop()
            except KafkaError:
                log.info("the producer that was replaced did not stop cleanly")


def partition_of(key: bytes, partitions: int) -> int:
    """Return where a key's records lie on a topic of the product's own."""
    return zlib.crc32(key) % partitions


async def _send_in_batches(producer: AIOKafkaProducer, records: Sequence[Record]) -> list[RecordMetadata]:
    """Send many records as whole batches of their partitions: a fifth of what sending each by itself costs."""
    by_place: dict[tuple[str, int], list[int]] = {}
    partitions: dict[str, int] = {}
    for number, (topic, key, _, _) in enumerate(records):
        if topic not in partitions:
            partitions[topic] = len(await producer.partitions_for(topic))
        # What has no key has no order either: it goes where its neighbours go.
        place = (topic, partition_of(key or b"", partitions[topic]))
        by_place.setdefault(place, []).append(number)
    sent: list[tuple[list[int], asyncio.Future[RecordMetadata]]] = []
    try:
        for (topic, partition), numbers in by_place.items():
            async for batched, future in _batches(producer, topic, partition, records, numbers):
                sent.append((batched, future))
    except BaseException:
        await asyncio.gather(*(future for _, future in sent), return_exceptions=True)
        raise
    ends = _all_acknowledged(await asyncio.gather(*(future for _, future in sent), return_exceptions=True))
    places: dict[int, RecordMetadata] = {}
    for (numbers, _), first in zip(sent, ends, strict=True):
        for distance, number in enumerate(numbers):
            places[number] = first._replace(offset=first.offset + distance)
    return [places[number] for number in range(len(records))]


async def _batches(
    producer: AIOKafkaProducer, topic: str, partition: int, records: Sequence[Record], numbers: Sequence[int]
) -> AsyncIterator[tuple[list[int], "asyncio.Future[RecordMetadata]"]]:
    """Send one partition's records in their order, and yield each batch with what tells of its acknowledgement."""
    batch, batched = producer.create_batch(), list[int]()
    for number in numbers:
        record = records[number]
        while batch.append(timestamp=None, key=record.key, value=record.value, headers=list(record.headers)) is None:
            yield batched, await producer.send_batch(batch, topic, partition=partition)
            batch, batched = producer.create_batch(), []
        batched.append(number)
    batch.close()
    yield batched, await producer.send_batch(batch, topic, partition=partition)


def _all_acknowledged(outcomes: Sequence[RecordMetadata | BaseException]) -> list[RecordMetadata]:
    acknowledged = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        acknowledged.append(outcome)
    return acknowledged
