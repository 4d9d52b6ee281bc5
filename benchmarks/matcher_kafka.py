"""trigger-matcher on real Kafka: from the event to the command, its start with 100,000 definitions, and changes.

The service's own consumer, publisher and follower of definitions run in this process, so that CPU time can be
compared with FastStream's batch consumer of raw bytes on the same events; the service itself is started as a
process to see how long it loads and how much memory it takes.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from time import perf_counter, process_time
from typing import Any, Final

import httpx
import psutil
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from rich.console import Console

from automations.clock import utc_now
from automations.contracts.commands import start_run_reader
from automations.contracts.definitions import AutomationDefined, LiveDocument, definition_key
from automations.contracts.topics import CRM_EVENTS, DEFINITIONS, RUN_COMMANDS
from automations.contracts.wire import encode
from automations.messaging.batches import Batch, read_batches
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.messaging.publisher import Publisher, Record
from automations.messaging.topic_setup import create_topics
from benchmarks.figures import Figure, percentile
from benchmarks.matcher_load import Automations, automation_id
from embedded.ports import find_free
from trigger_matcher.consumer import MAX_RECORDS, EventConsumer
from trigger_matcher.definitions import DefinitionTable

AUTOMATIONS: Final = 100_000
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
        console.print(f"publishing {AUTOMATIONS:,} definitions and {EVENTS:,} events …")
        await _publish_definitions(publisher, automations)
        service = await _measure_service(settings, publisher, console)
        stream = await _measure_stream(settings, automations, console)
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


async def _publish_events(settings: KafkaSettings, automations: Automations) -> None:
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
            await producer.send(CRM_EVENTS.name, told, key=str(number).encode())
        await producer.flush()
    finally:
        await producer.stop()


async def _measure_stream(settings: KafkaSettings, automations: Automations, console: Console) -> list[Figure]:
    await _publish_events(settings, automations)
    table = DefinitionTable()
    follower = DefinitionsFollower(settings, "benchmark", table.take)
    await follower.start()
    table.index()
    publisher = Publisher(settings, "benchmark")
    await publisher.start()
    consumer = EventConsumer(table, follower, publisher, utc_now)
    raw: list[tuple[float, float]] = []
    commands: list[tuple[float, float]] = []

    async def ignore(_: Batch) -> None:
        return None

    try:
        for number in range(ROUNDS):
            console.print(f"reading {EVENTS:,} events, round {number + 1} of {ROUNDS} …")
            raw.append(await _read_all(settings, f"raw-{number}", ignore))
            commands.append(await _read_all(settings, f"matcher-{number}", consumer.handle))
    finally:
        await publisher.stop()
        await follower.stop()
    alone = [await _consumer_alone(settings) for _ in range(ROUNDS)]
    best_raw, best_commands = min(cpu for cpu, _ in raw), min(cpu for cpu, _ in commands)
    raw_clock, clock = min(seconds for _, seconds in raw), min(seconds for _, seconds in commands)
    return [
        Figure(
            "matcher.kafka_ratio",
            raw_clock / clock,
            "",
            f"event to command, {MATCHING:.0%} of events match, beside FastStream's raw batches; by the clock",
        ),
        Figure("matcher.kafka_events_per_second", EVENTS / clock, "1/s", "event to command"),
        Figure("matcher.kafka_raw_events_per_second", EVENTS / raw_clock, "1/s", "FastStream's raw batches"),
        Figure("matcher.kafka_commands_cpu_us", best_commands / EVENTS * 1e6, "µs", "CPU per event, to command"),
        Figure("matcher.kafka_raw_cpu_us", best_raw / EVENTS * 1e6, "µs", "CPU per event, FastStream's raw batches"),
        Figure("matcher.kafka_consumer_cpu_us", min(alone) / EVENTS * 1e6, "µs", "CPU per event, aiokafka alone"),
    ]


async def _read_all(
    settings: KafkaSettings, group: str, handler: Callable[[Batch], Awaitable[None]]
) -> tuple[float, float]:
    """Return CPU and clock seconds from joining the group to the end of the last batch."""
    done, failed = asyncio.Event(), list[BaseException]()
    seen = 0

    async def counted(batch: Batch) -> None:
        nonlocal seen
        await handler(batch)
        seen += len(batch)
        if seen >= EVENTS:
            done.set()

    def fatal(error: BaseException) -> None:
        failed.append(error)
        done.set()

    broker = settings.broker(group)
    read_batches(broker, CRM_EVENTS.name, group=group, handler=counted, on_fatal=fatal, max_records=MAX_RECORDS)
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
