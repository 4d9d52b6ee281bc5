"""Publishes onto Kafka, and returns only when the broker has all of it."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.structs import RecordMetadata

from automations.messaging.connection import KafkaSettings
from automations.messaging.topic_setup import MAX_MESSAGE_BYTES
from automations.observability import get_logger

log = get_logger(__name__)

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

    @staticmethod
    async def _send(producer: AIOKafkaProducer, records: Sequence[Record]) -> list[RecordMetadata]:
        futures = []
        try:
            for topic, key, value, headers in records:
                futures.append(await producer.send(topic, value, key=key, headers=list(headers)))
        except BaseException:
            await asyncio.gather(*futures, return_exceptions=True)
            raise
        outcomes = await asyncio.gather(*futures, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return outcomes

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
