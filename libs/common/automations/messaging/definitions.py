"""Follows the definitions topic: one partition, from its beginning, without a group."""

import asyncio
from collections.abc import Callable
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError

from automations.contracts.definitions import Definition, definition_reader, read_definition_key
from automations.contracts.topics import DEFINITIONS
from automations.contracts.wire import UnreadableMessage
from automations.messaging.connection import KafkaSettings
from automations.observability import get_logger

log = get_logger(__name__)

OnDefinition = Callable[[str, str | None, Definition | None], None]
"""Called with tenant, automation (None: the tenant's sandbox switch) and the record (None: deleted)."""

_PARTITION = TopicPartition(DEFINITIONS.name, 0)
_PAUSE_SECONDS = 0.5


class DefinitionsFollower:
    """Hands on every definition in order; `catch_up` returns when it holds all that was acknowledged before.

    The consumer is read by one coroutine at a time, so a caller and the background tail never race.
    """

    def __init__(self, settings: KafkaSettings, client_id: str, on_definition: OnDefinition) -> None:
        self._consumer = _consumer(settings, client_id)
        # Asks for the topic's end on a connection of its own: on the other one the answer would queue behind
        # a fetch that waits for records.
        self._end_reader = _consumer(settings, client_id)
        self._on_definition = on_definition
        self._reading = asyncio.Lock()
        self.position = 0
        """Every definition before this offset has been handed on."""

    async def start(self) -> None:
        """Read the topic from its beginning to its present end."""
        await self._consumer.start()
        await self._end_reader.start()
        self._consumer.assign([_PARTITION])
        await self._consumer.seek_to_beginning(_PARTITION)
        await self.catch_up()

    async def stop(self) -> None:
        await self._consumer.stop()
        await self._end_reader.stop()

    async def catch_up(self) -> int:
        """Hand on what is acknowledged by now, and return the offset up to which that is, exclusive."""
        end = await self._end_offset()
        await self.catch_up_to(end)
        return self.position

    async def catch_up_to(self, offset: int) -> None:
        """Return when every definition before `offset` has been handed on."""
        while self.position < offset:
            async with self._reading:
                if self.position < offset:
                    await self._read(timeout_ms=200)

    async def follow(self) -> None:
        """Hand on definitions as they come, until cancelled; an outage of Kafka is waited out."""
        while True:
            try:
                await self.catch_up()
            except KafkaError as error:
                log.warning("definitions wait for Kafka", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _end_offset(self) -> int:
        while True:
            try:
                ends: dict[TopicPartition, int] = await self._end_reader.end_offsets([_PARTITION])
            except KafkaError as error:
                log.warning("definitions wait for Kafka", error=repr(error))
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                return ends[_PARTITION]

    async def _read(self, timeout_ms: int) -> None:
        try:
            batches = await self._consumer.getmany(_PARTITION, timeout_ms=timeout_ms)
        except KafkaError as error:
            log.warning("definitions wait for Kafka", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)
            return
        for record in batches.get(_PARTITION, ()):
            self._hand_on(record)
        self.position = await self._consumer.position(_PARTITION)

    def _hand_on(self, record: ConsumerRecord[Any, Any]) -> None:
        if record.key is None:
            log.error("a definition without a key was passed over", offset=record.offset)
            return
        tenant_id, automation_id = read_definition_key(record.key)
        try:
            definition = None if record.value is None else definition_reader.read(record.value)
        except UnreadableMessage as error:
            log.error("an unreadable definition was passed over", offset=record.offset, error=str(error))
            return
        self._on_definition(tenant_id, automation_id, definition)


async def load_end(settings: KafkaSettings, client_id: str) -> int:
    """Return the offset up to which definitions are acknowledged by now, exclusive.

    Raises:
        KafkaError: Kafka cannot be reached.
    """
    consumer = _consumer(settings, client_id)
    await consumer.start()
    try:
        ends: dict[TopicPartition, int] = await consumer.end_offsets([_PARTITION])
        return ends[_PARTITION]
    finally:
        await consumer.stop()


def _consumer(settings: KafkaSettings, client_id: str) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        **settings.client_arguments(),
        client_id=client_id,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=8 * 1024 * 1024,
    )
