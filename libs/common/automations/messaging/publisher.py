"""Publishes onto Kafka, and returns only when the broker has all of it."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from automations.messaging.connection import KafkaSettings
from automations.messaging.partitions import KeyPartitioner
from automations.messaging.record_batches import acknowledged, send_in_batches
from automations.messaging.topic_setup import MAX_MESSAGE_BYTES
from automations.observability import get_logger

log = get_logger(__name__)

_FIRST_PAUSE_SECONDS = 0.2
_LONGEST_PAUSE_SECONDS = 5.0
MAX_BATCH_BYTES: Final = 262_144
MANY_RECORDS: Final = 16
"""So many records are sent as batches; fewer go one by one, and the client puts those of several callers together."""


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

    async def publish_all(self, records: Sequence[Record]) -> Sequence[RecordMetadata]:
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

    async def _send(self, producer: AIOKafkaProducer, records: Sequence[Record]) -> Sequence[RecordMetadata]:
        if len(records) >= MANY_RECORDS and all(map(_fits_any_batch, records)):
            return await send_in_batches(producer, records)
        futures = []
        try:
            for topic, key, value, headers in records:
                futures.append(await producer.send(topic, value, key=key, headers=list(headers)))
        except BaseException:
            await asyncio.gather(*futures, return_exceptions=True)
            raise
        return await acknowledged(futures)

    async def _connected(self) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(
            **self._settings.client_arguments(),
            client_id=self._client_id,
            acks="all",
            enable_idempotence=True,
            partitioner=KeyPartitioner(),
            linger_ms=self._linger_ms,
            max_request_size=MAX_MESSAGE_BYTES,
            max_batch_size=MAX_BATCH_BYTES,
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


def _fits_any_batch(record: Record) -> bool:
    """Return whether the record has a key, by which its partition is known, and is far from every limit of size."""
    return (
        record.key is not None and len(record.key) + len(record.value or b"") < MAX_BATCH_BYTES and not record.headers
    )
