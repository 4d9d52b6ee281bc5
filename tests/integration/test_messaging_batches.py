"""Reading in batches, at least once: what is not durable is never acknowledged, and nothing blocks for good."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context, copy_context
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream.kafka import KafkaBroker

from automations.messaging.batches import Batch, read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.room import Room
from tests.support.consumer_groups import load_group
from tests.support.eventually import PATIENCE_SECONDS, eventually

PARTITIONS = 4


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> str:
    name = f"batches-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**kafka_settings.client_arguments())
    await admin.start()
    await admin.create_topics([NewTopic(name, PARTITIONS, 1)])
    await admin.close()
    return name


@pytest.fixture
async def producer(kafka_settings: KafkaSettings) -> AsyncIterator[AIOKafkaProducer]:
    producer = AIOKafkaProducer(**kafka_settings.client_arguments(), acks="all")
    await producer.start()
    yield producer
    await producer.stop()


@asynccontextmanager
async def reader(
    settings: KafkaSettings,
    topic: str,
    group: str,
    handler: Callable[[Batch], Awaitable[None]],
    fatal: list[BaseException],
    graceful_timeout: float = 20.0,
    **more: Any,
) -> AsyncIterator[KafkaBroker]:
    broker = settings.broker(f"test-{uuid.uuid4().hex[:6]}")
    broker.config.broker_config.graceful_timeout = graceful_timeout
    read_batches(broker, topic, group=group, handler=handler, on_fatal=fatal.append, **more)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()


async def committed(settings: KafkaSettings, topic: str, group: str) -> int:
    """Return how many records the group has acknowledged."""
    consumer = AIOKafkaConsumer(**settings.client_arguments(), group_id=group, enable_auto_commit=False)
    await consumer.start()
    try:
        offsets = [await consumer.committed(TopicPartition(topic, number)) for number in range(PARTITIONS)]
    finally:
        await consumer.stop()
    return sum(offset or 0 for offset in offsets)


async def publish(producer: AIOKafkaProducer, topic: str, number: int, **more: object) -> None:
    await asyncio.gather(
        *[
            await producer.send(topic, f"{n}".encode(), key=f"{n}".encode(), **more)  # type: ignore[arg-type]
            for n in range(number)
        ]
    )


async def test_batch_whose_handler_raises_ends_the_process_and_is_read_again(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """Nothing is acknowledged after an error that nobody foresaw, no later batch is taken, and a stop finds no work."""
    fatal: list[BaseException] = []
    calls: list[int] = []

    async def fail(batch: Batch) -> None:
        calls.append(len(batch))
        raise RuntimeError("unforeseen")

    await publish(producer, topic, 50)
    async with reader(kafka_settings, topic, topic, fail, fatal, graceful_timeout=10 * PATIENCE_SECONDS):
        await eventually(lambda: fatal)
        await publish(producer, topic, 50)
    assert len(calls) == 1
    assert await committed(kafka_settings, topic, topic) == 0

    seen: set[tuple[int, int]] = set()

    async def take(batch: Batch) -> None:
        seen.update((record.partition, record.offset) for record in batch)

    async with reader(kafka_settings, topic, topic, take, fatal):
        await eventually(lambda: len(seen) == 100)


async def test_what_a_handler_starts_does_not_keep_the_batch_in_memory(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """A task inherits the context that it is started in; a handler's holds nothing of the message."""
    inherited: list[Context] = []

    async def take(_batch: Batch) -> None:
        inherited.append(copy_context())

    await publish(producer, topic, 20)
    async with reader(kafka_settings, topic, topic, take, []):
        await eventually(lambda: inherited)
    assert [list(context) for context in inherited] == [[]] * len(inherited)


async def test_stop_that_cancels_a_handler_acknowledges_nothing(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """A handler that outlasts the grace of a stop is cancelled, and its batch is read again by the next process."""
    fatal: list[BaseException] = []
    entered = asyncio.Event()

    async def hang(_batch: Batch) -> None:
        entered.set()
        await asyncio.Event().wait()

    await publish(producer, topic, 20)
    async with reader(kafka_settings, topic, topic, hang, fatal, graceful_timeout=0.2):
        await asyncio.wait_for(entered.wait(), PATIENCE_SECONDS)
    assert await committed(kafka_settings, topic, topic) == 0
    assert fatal == []


async def test_reader_goes_on_after_a_commit_that_a_rebalance_refused(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """Partitions move while a batch is handled: its commit fails or is void, both readers go on, nothing is missed."""
    fatal: list[BaseException] = []
    seen: set[tuple[int, int]] = set()
    entered, moved, go_on = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait_in(batch: Batch, inside: asyncio.Event) -> None:
        inside.set()
        await go_on.wait()
        seen.update((record.partition, record.offset) for record in batch)

    async def first(batch: Batch) -> None:
        await wait_in(batch, entered)

    async def second(batch: Batch) -> None:
        await wait_in(batch, moved)

    async def all_are_acknowledged() -> bool:
        return await committed(kafka_settings, topic, topic) == 300

    await publish(producer, topic, 100)
    async with reader(kafka_settings, topic, topic, first, fatal):
        await asyncio.wait_for(entered.wait(), PATIENCE_SECONDS)
        async with reader(kafka_settings, topic, topic, second, fatal):
            await asyncio.wait_for(moved.wait(), PATIENCE_SECONDS)
            go_on.set()
            await publish(producer, topic, 100)
            await eventually(lambda: len(seen) == 200)
        await publish(producer, topic, 100)
        await eventually(lambda: len(seen) == 300)
        # The one that left moves partitions too; a commit that this refuses is made good by the next.
        await eventually(all_are_acknowledged)
    assert fatal == []


async def test_header_that_is_no_text_skips_nothing(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """A foreign header is bytes; a batch that holds one is read as any other."""
    fatal: list[BaseException] = []
    seen: list[bytes | None] = []

    async def take(batch: Batch) -> None:
        seen.extend(record.value for record in batch)

    await publish(producer, topic, 10, headers=[("binary", b"\xff\xfe"), ("empty", None)])
    async with reader(kafka_settings, topic, topic, take, fatal):
        await eventually(lambda: len(seen) == 10)
    assert fatal == []


async def test_reader_without_room_fetches_nothing_and_stays_in_its_group(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """A pause that is longer than Kafka waits for a reader's next question moves no partition; then all is read."""
    fatal: list[BaseException] = []
    seen: set[tuple[int, int]] = set()
    room = Room(100)

    async def take(batch: Batch) -> None:
        seen.update((record.partition, record.offset) for record in batch)
        room.hold(len(seen))

    await publish(producer, topic, 3_000)
    longest_silence_ms = 2_000
    async with reader(
        kafka_settings, topic, topic, take, fatal, max_records=150, room=room, max_poll_interval_ms=longest_silence_ms
    ):
        await eventually(lambda: not room.is_open)
        before, taken = await load_group(kafka_settings.bootstrap_servers, topic), len(seen)
        await asyncio.sleep(2 * longest_silence_ms / 1000)
        assert await load_group(kafka_settings.bootstrap_servers, topic) == before
        assert len(seen) == taken <= 300, "at most a batch that was fetched before came after the end of room"
        while len(seen) < 3_000:
            known = len(seen)
            room.hold(0)
            await eventually(lambda known=known: len(seen) > known)  # type: ignore[misc]  # mypy cannot infer it
    assert fatal == []


async def test_partitions_that_come_while_there_is_no_room_are_paused_too(
    kafka_settings: KafkaSettings, topic: str, producer: AIOKafkaProducer
) -> None:
    """A rebalance gives a reader partitions that are not paused; it takes nothing of them before there is room."""
    fatal: list[BaseException] = []
    seen: list[int] = []
    room = Room(100)

    async def take(batch: Batch) -> None:
        seen.append(len(batch))

    room.hold(100)
    async with reader(kafka_settings, topic, topic, take, fatal, room=room):
        await eventually(lambda: _has_members(kafka_settings, topic, 1))
        async with reader(kafka_settings, topic, topic, take, fatal, room=room):
            await eventually(lambda: _has_members(kafka_settings, topic, 2))
        await eventually(lambda: _has_members(kafka_settings, topic, 1))
        await publish(producer, topic, 100)
        await asyncio.sleep(1)
        assert seen == []
        room.hold(0)
        await eventually(lambda: sum(seen) == 100)
    assert fatal == []


async def _has_members(settings: KafkaSettings, group: str, number: int) -> bool:
    found = await load_group(settings.bootstrap_servers, group)
    return found.state == "Stable" and len(found.members) == number
