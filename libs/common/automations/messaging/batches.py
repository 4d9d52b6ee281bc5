"""Reads topics in batches, at least once.

A batch's handler returns only when everything the batch led to is durable or in the dead letters; then
the batch is acknowledged, once. A handler waits out outages inside. If it raises, the process ends
without acknowledging, and whoever takes over reads the batch again: an error that nobody foresaw must
not skip messages.

Where there is no room for what a batch leads to, its reader pauses its partitions. It goes on asking Kafka,
so it stays in its group however long that lasts, and fetches nothing meanwhile.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextvars import Context
from typing import Any

from aiokafka import ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError
from faststream import AckPolicy
from faststream.kafka import KafkaBroker
from faststream.kafka.message import KafkaAckableMessage
from faststream.kafka.subscriber.usecase import BatchSubscriber

from automations.durable_points import passed
from automations.messaging.lag import PAUSED, keep_measuring
from automations.messaging.room import Room
from automations.observability import get_logger

log = get_logger(__name__)

Batch = Sequence[ConsumerRecord[Any, Any]]
BatchHandler = Callable[[Batch], Awaitable[None]]
OnFatal = Callable[[BaseException], None]

BATCH_TIMEOUT_MS = 10
UNHURRIED_TIMEOUT_MS = 100
"""For messages to people: a reader that looks ten times as seldom costs a tenth while there is nothing."""
MAX_RECORDS = 500
MAX_POLL_INTERVAL_MS = 300_000
"""A reader that asks Kafka for nothing for so long has left its group; a handler is done long before."""
_LOOK_SECONDS = 0.05


def read_batches(
    broker: KafkaBroker,
    *topics: str,
    group: str,
    handler: BatchHandler,
    on_fatal: OnFatal,
    max_records: int = MAX_RECORDS,
    room: Room | None = None,
    batch_timeout_ms: int = BATCH_TIMEOUT_MS,
    max_poll_interval_ms: int = MAX_POLL_INTERVAL_MS,
) -> None:
    """Subscribe `handler` to the topics, from the earliest record that the group has not acknowledged.

    While there is no `room`, no batch is fetched; one that was fetched before is still handled. A reader that has found
    nothing looks again after `batch_timeout_ms`, so a message waits so long at the most, and a look costs some 0.2 ms.

    Values and headers arrive as bytes: FastStream's own parser refuses headers that are no text, and its
    refusal of one message would skip a whole batch.
    """
    subscriber = broker.subscriber(
        *topics,
        listener=_Partitions(lambda: subscriber, group, room),
        group_id=group,
        batch=True,
        max_records=max_records,
        batch_timeout_ms=batch_timeout_ms,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        parser=_keep_raw_from(lambda: subscriber.consumer),
        decoder=_keep_body,
        session_timeout_ms=10_000,
        heartbeat_interval_ms=3_000,
        max_poll_interval_ms=max_poll_interval_ms,
    )

    @subscriber
    async def handle(message: KafkaAckableMessage) -> None:
        try:
            # In a context of its own: what a handler starts would else keep the whole batch in memory while it lives.
            await asyncio.create_task(_handled(handler, message.raw_message), context=Context())
        except Exception as error:
            log.critical("a batch could not be handled; the process ends", group=group, exc_info=True)
            on_fatal(error)
            # Another batch must not be taken, and a stop need not wait for this one; only this flag tells of it.
            while subscriber.running:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK_SECONDS)
            return
        try:
            await message.ack()
            passed("offset committed")
        except (CommitFailedError, IllegalStateError) as error:
            log.info("partitions moved before a batch was acknowledged; it is read again", error=repr(error))
        except KafkaError as error:
            log.warning("a batch was not acknowledged; it may be read again", error=repr(error))
        finally:
            # A message refers to itself, and would keep its batch until the garbage collector comes by.
            message.raw_message = message.raw_message[:1]


class _Partitions(ConsumerRebalanceListener):  # type: ignore[misc]  # the client library has no types
    """Looks after a reader's partitions: how far it is behind in them, and a pause while there is no room.

    Partitions that a reader is newly given come unpaused.
    """

    def __init__(self, subscriber: Callable[[], BatchSubscriber], group: str, room: Room | None) -> None:
        self._subscriber = subscriber
        self._group = group
        self._room = room
        self._measures = False
        if room is not None:
            room.tell(self._follow)

    async def on_partitions_revoked(self, revoked: set[TopicPartition]) -> None:
        """What is given up needs no pause."""

    async def on_partitions_assigned(self, assigned: set[TopicPartition]) -> None:
        """Pause what was just given, where there is no room."""
        self._follow()
        if not self._measures:
            self._measures = True
            subscriber = self._subscriber()
            subscriber.add_task(keep_measuring, (subscriber.consumer, self._group))

    def _follow(self) -> None:
        consumer = self._subscriber().consumer
        if consumer is None or self._room is None:
            return
        partitions = consumer.assignment()
        if self._room.is_open:
            consumer.resume(*partitions)
        else:
            consumer.pause(*partitions)
        PAUSED.labels(self._group).set(not self._room.is_open)


async def _handled(handler: BatchHandler, batch: Batch) -> None:
    await handler(batch)


def _keep_raw_from(consumer: Callable[[], Any]) -> Callable[[Any], Awaitable[KafkaAckableMessage]]:
    async def keep_raw(records: Any) -> KafkaAckableMessage:
        return KafkaAckableMessage(raw_message=records, body=b"", consumer=consumer())

    return keep_raw


async def _keep_body(message: KafkaAckableMessage) -> KafkaAckableMessage:
    return message
