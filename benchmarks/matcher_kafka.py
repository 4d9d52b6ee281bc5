"""trigger-matcher on real Kafka: from the event to the command, its start with 100,000 definitions, and changes.

The service's own consumer, publisher and follower of definitions run in this process, so that CPU time can be
compared with FastStream's batch consumer of raw bytes on the same events; the service itself is started as a
process to see how long it loads and how much memory it takes.
"""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter, process_time
from typing import Any, Final

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from faststream import AckPolicy
from faststream.kafka import KafkaBroker, KafkaMessage
from rich.console import Console

from automations.clock import utc_now
from automations.contracts.commands import start_run_reader
from automations.contracts.definitions import AutomationDefined, LiveDocument, definition_key
from automations.contracts.topics import CRM_EVENTS, DEFINITIONS, RUN_COMMANDS
from automations.contracts.wire import encode
from automations.memory import use_large_pages
from automations.messaging.batches import BATCH_TIMEOUT_MS, BatchHandler, read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.messaging.publisher import Publisher, Record
from automations.messaging.topic_setup import create_topics
from automations.service import calm_garbage_collection
from benchmarks.figures import Figure, percentile
from benchmarks.matcher_load import Automations, automation_id
from embedded.ports import find_free
from trigger_matcher.consumer import MAX_RECORDS, EventConsumer
from trigger_matcher.definitions import DefinitionTable

AUTOMATIONS: Final = 100_000
SIZES: Final = (100, 1_000, 10_000, AUTOMATIONS)
EVENTS: Final = 200_000
MATCHING: Final = 0.1
"""The share of events that start a run."""
ROUNDS: Final = 3
CHANGES: Final = 200
_AT_ONCE: Final = 2_000
_TIMEOUT_SECONDS: Final = 300


async def measure_kafka(bootstrap_servers: str, console: Console) -> list[Figure]:
    """Return the figures of the matcher on Kafka."""
    settings = KafkaSettings(bootstrap_servers=bootstrap_servers, partitions=6)
    await create_topics(settings)
    publisher = Publisher(settings, "benchmark")
    await publisher.start()
    try:
        automations = Automations(AUTOMATIONS)
        console.print(f"publishing {AUTOMATIONS:,} definitions …")
        await _publish_definitions(publisher, automations)
        service = await _measure_service(settings, publisher, console)
        stream = await _measure_stream(settings, console)
    finally:
        await publisher.stop()
    return [*stream, *service]


async def _publish_definitions(publisher: Publisher, automations: Automations) -> None:
    records: list[Record] = []
    for definition in automations.definitions():
        key = definition_key(definition.tenant_id, definition.automation_id)
        records.append(Record(DEFINITIONS.name, key, encode(definition)))
        if len(records) == _AT_ONCE:
            await publisher.publish_all(records)
            records.clear()
    await publisher.publish_all(records)


async def _publish_events(settings: KafkaSettings, topic: str, automations: Automations) -> None:
    """Publish events of which the stated share matches one automation, and the others nobody."""
    producer = AIOKafkaProducer(**settings.client_arguments(), linger_ms=5)
    await producer.start()
    try:
        period = round(1 / MATCHING)
        for number, (value, _) in enumerate(automations.events(EVENTS)):
            told = (
                value
                if number % period == 0
                else value.replace(b'"priority":"', b'"priority":"un').replace(b'"region":"', b'"region":"un')
            )
            await producer.send(topic, told, key=str(number).encode())
        await producer.flush()
    finally:
        await producer.stop()


async def _create_event_topics(settings: KafkaSettings) -> dict[int, str]:
    """Return for each number of automations the topic of the events made for them."""
    topics = {size: CRM_EVENTS.name if size == AUTOMATIONS else f"bench.events.{size}" for size in SIZES}
    admin = AIOKafkaAdminClient(**settings.client_arguments())
    await admin.start()
    try:
        new = [NewTopic(name, settings.partitions, 1) for name in topics.values() if name != CRM_EVENTS.name]
        await admin.create_topics(new)
    finally:
        await admin.close()
    return topics


async def _measure_stream(settings: KafkaSettings, console: Console) -> list[Figure]:
    topics = await _create_event_topics(settings)
    tables = {}
    for size, topic in topics.items():
        console.print(f"publishing {EVENTS:,} events for {size:,} automations …")
        await _publish_events(settings, topic, Automations(size))
        tables[size] = _table(size)
    follower = DefinitionsFollower(settings, "benchmark", lambda *_: None)
    await follower.start()
    publisher = Publisher(settings, "benchmark")
    await publisher.start()
    calm_garbage_collection()
    use_large_pages()
    raw: list[tuple[float, float]] = []
    commands: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}

    async def ignore(_: object) -> None:
        return None

    try:
        for number in range(ROUNDS):
            console.print(f"reading {EVENTS:,} events again and again, round {number + 1} of {ROUNDS} …")
            raw.append(await _read_all(settings, topics[AUTOMATIONS], f"raw-{number}", _subscribe_plainly, ignore))
            for size, topic in topics.items():
                handle = EventConsumer(tables[size], follower, publisher, utc_now).handle
                group = f"matcher-{size}-{number}"
                commands[size].append(await _read_all(settings, topic, group, _subscribe_as_service, handle))
    finally:
        await publisher.stop()
        await follower.stop()
        gc.unfreeze()
    alone = [await _consumer_alone(settings) for _ in range(ROUNDS)]
    raw_cpu, raw_clock = (min(values) for values in zip(*raw, strict=True))
    cpu, clock = (min(values) for values in zip(*commands[AUTOMATIONS], strict=True))
    first_clock = min(seconds for _, seconds in commands[SIZES[0]])
    of_events = f"event to command, {MATCHING:.0%} of events match"
    return [
        Figure("matcher.kafka_ratio", raw_clock / clock, "", f"{of_events}, beside FastStream's raw batches"),
        *(
            Figure(
                f"matcher.kafka_events_per_second.{size}",
                EVENTS / min(seconds for _, seconds in told),
                "1/s",
                of_events,
            )
            for size, told in commands.items()
        ),
        Figure("matcher.kafka_speed_kept", first_clock / clock, "", f"of that at {SIZES[0]}, at {AUTOMATIONS:,}"),
        Figure("matcher.kafka_raw_events_per_second", EVENTS / raw_clock, "1/s", "FastStream's raw batches"),
        Figure("matcher.kafka_commands_cpu_us", cpu / EVENTS * 1e6, "µs", "CPU per event, to command"),
        Figure("matcher.kafka_raw_cpu_us", raw_cpu / EVENTS * 1e6, "µs", "CPU per event, FastStream's raw batches"),
        Figure("matcher.kafka_consumer_cpu_us", min(alone) / EVENTS * 1e6, "µs", "CPU per event, aiokafka alone"),
    ]


def _table(size: int) -> DefinitionTable:
    table = DefinitionTable()
    for definition in Automations(size).definitions():
        table.take(definition.tenant_id, definition.automation_id, definition)
    table.index()
    return table


Subscribe = Callable[[KafkaBroker, str, str, Callable[[Any], Awaitable[None]], Callable[[BaseException], None]], None]


def _subscribe_as_service(
    broker: KafkaBroker, topic: str, group: str, handler: BatchHandler, on_fatal: Callable[[BaseException], None]
) -> None:
    read_batches(broker, topic, group=group, handler=handler, on_fatal=on_fatal, max_records=MAX_RECORDS)


def _subscribe_plainly(
    broker: KafkaBroker,
    topic: str,
    group: str,
    handler: Callable[[Any], Awaitable[None]],
    _: Callable[[BaseException], None],
) -> None:
    """Subscribe as FastStream's documentation does to batches, with a decoder that leaves the bytes as they are."""

    async def keep_bytes(message: KafkaMessage) -> KafkaMessage:
        return message

    @broker.subscriber(
        topic,
        group_id=group,
        batch=True,
        max_records=MAX_RECORDS,
        batch_timeout_ms=BATCH_TIMEOUT_MS,
        auto_offset_reset="earliest",
        ack_policy=AckPolicy.MANUAL,
        decoder=keep_bytes,
    )
    async def handle(message: KafkaMessage) -> None:
        await handler(message.body)
        await message.ack()


async def _read_all(
    settings: KafkaSettings, topic: str, group: str, subscribe: Subscribe, handler: Callable[[Any], Awaitable[None]]
) -> tuple[float, float]:
    """Return CPU and clock seconds from joining the group to the end of the last batch."""
    done, failed = asyncio.Event(), list[BaseException]()
    seen = 0

    async def counted(batch: Any) -> None:
        nonlocal seen
        await handler(batch)
        seen += len(batch)
        if seen >= EVENTS:
            done.set()

    def fatal(error: BaseException) -> None:
        failed.append(error)
        done.set()

    broker = settings.broker(group)
    subscribe(broker, topic, group, counted, fatal)
    began = (process_time(), perf_counter())
    await broker.start()
    try:
        await asyncio.wait_for(done.wait(), _TIMEOUT_SECONDS)
        if failed:
            raise failed[0]
        return process_time() - began[0], perf_counter() - began[1]
    finally:
        await broker.stop()


async def _consumer_alone(settings: KafkaSettings) -> float:
    consumer = AIOKafkaConsumer(**settings.client_arguments(), group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(CRM_EVENTS.name, number) for number in range(settings.partitions)])
        await consumer.seek_to_beginning()
        seen, began = 0, process_time()
        while seen < EVENTS:
            seen += sum(map(len, (await consumer.getmany(timeout_ms=200, max_records=MAX_RECORDS)).values()))
        return process_time() - began
    finally:
        await consumer.stop()


async def _measure_service(settings: KafkaSettings, publisher: Publisher, console: Console) -> list[Figure]:
    console.print(f"starting trigger-matcher with {AUTOMATIONS:,} definitions …")
    async with _service(settings) as (process, load_seconds):
        memory = process.memory_info().rss
        console.print(f"{CHANGES} changes, each met at once by an event …")
        activations = await _activations(settings, publisher)
        return [
            Figure(
                "matcher.load_seconds",
                load_seconds,
                "s",
                f"from the process' start to ready, {AUTOMATIONS:,} definitions",
            ),
            Figure("matcher.memory_mb", memory / 1e6, "MB", "resident, when ready"),
            Figure(
                "matcher.activation_p99_ms",
                percentile(activations, 0.99),
                "ms",
                f"from a change's answer to the command of an event that meets it; of {CHANGES} changes",
            ),
            Figure("matcher.activation_p50_ms", percentile(activations, 0.5), "ms"),
        ]


@asynccontextmanager
async def _service(settings: KafkaSettings) -> AsyncIterator[tuple[psutil.Process, float]]:
    (port,) = find_free()
    env = {**os.environ, "KAFKA_BOOTSTRAP_SERVERS": settings.bootstrap_servers, "HEALTH_PORT": str(port)}
    began = perf_counter()
    service = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "trigger_matcher", env=env | {"LOG_LEVEL": "WARNING"}
    )
    try:
        async with httpx.AsyncClient() as client:
            while not await _is_ready(client, port):
                if service.returncode is not None or perf_counter() - began > _TIMEOUT_SECONDS:
                    raise RuntimeError("trigger-matcher did not become ready")
                await asyncio.sleep(0.02)
        yield psutil.Process(service.pid), perf_counter() - began
    finally:
        if service.returncode is None:
            service.terminate()
        await service.wait()


async def _is_ready(client: httpx.AsyncClient, port: int) -> bool:
    try:
        return (await client.get(f"http://127.0.0.1:{port}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def _activations(settings: KafkaSettings, publisher: Publisher) -> list[float]:
    """Return for each change the milliseconds from its answer to the command that shows that the matcher holds it.

    api answers a change when Kafka has acknowledged the definition; what is measured begins there. It ends when
    the command is read, so it includes the way of the event that asks.
    """
    commands = AIOKafkaConsumer(RUN_COMMANDS.name, **settings.client_arguments(), group_id=None, fetch_max_wait_ms=10)
    await commands.start()
    await commands.seek_to_end()
    waiting: dict[str, asyncio.Future[None]] = {}
    reading = asyncio.create_task(_tell_commands(commands, waiting))
    milliseconds = []
    try:
        for number in range(CHANGES):
            definition = _changed(number)
            key = definition_key(definition.tenant_id, definition.automation_id)
            seen = waiting[definition.automation_id] = asyncio.get_running_loop().create_future()
            await publisher.publish_all([Record(DEFINITIONS.name, key, encode(definition))])
            answered = perf_counter()
            event = f'{{"type":"change.{number}","event_id":"{number}","id":{number}}}'.encode()
            await publisher.publish_all([Record(CRM_EVENTS.name, str(number).encode(), event)])
            await asyncio.wait_for(seen, _TIMEOUT_SECONDS)
            milliseconds.append((perf_counter() - answered) * 1000)
    finally:
        reading.cancel()
        await commands.stop()
    return milliseconds


def _changed(number: int) -> AutomationDefined:
    """Return one of the automations, now for an event of its own: half of them were there before."""
    document: dict[str, Any] = {"name": "changed", "trigger": {"event": f"change.{number}"}, "actions": []}
    return AutomationDefined(
        tenant_id="default",
        automation_id=automation_id(number if number % 2 else AUTOMATIONS + number),
        revision=2,
        status="active",
        live=LiveDocument(version=2, document=document),
    )


async def _tell_commands(commands: AIOKafkaConsumer, waiting: dict[str, "asyncio.Future[None]"]) -> None:
    async for record in commands:
        seen = waiting.get(start_run_reader.read(record.value).automation_id)
        if seen is not None and not seen.done():
            seen.set_result(None)
