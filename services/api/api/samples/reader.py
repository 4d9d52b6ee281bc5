"""Reads CRM events for samples, at little cost beside a busy stream.

Of an event only tenant and type are read, unless it is written. Samples are samples: a process that lags
behind jumps ahead, one that restarts may read some events twice, and while PostgreSQL is away newer events
push out older ones. Nothing waits for this reader.
"""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias

import asyncpg
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from prometheus_client import Counter

from api.samples.peek import peek_name
from api.samples.ring import Ring
from api.samples.store import Sample, SampleStore
from automations.clock import from_milliseconds, monotonic_seconds
from automations.contracts.events import Position, UnreadableEvent, read_event
from automations.messaging.connection import KafkaSettings
from automations.messaging.topic_setup import wait_for_topics
from automations.observability import get_logger
from automations.postgres import OUTAGES

log = get_logger(__name__)

GROUP: Final = "api-samples"
FLUSH_SECONDS: Final = 0.5
LAG_LIMIT: Final = 20_000
"""Events of one partition that may lie ahead; beyond it the reader jumps."""
LAG_AFTER_JUMP: Final = 2_000
_POLL_MS: Final = 500
_FETCH_BYTES: Final = 1_048_576
_MAX_RECORDS: Final = 2_000
_PAUSE_SECONDS: Final = 1.0

events_passed = Counter("api_samples_events_read", "Events that were read for samples")
events_jumped = Counter("api_samples_events_jumped", "Events that were jumped over because the reader lagged behind")
samples_saved = Counter("api_samples_saved", "Events that were kept as samples")

Record: TypeAlias = ConsumerRecord[Any, Any]


class SampleReader:
    """One process's share of the events."""

    def __init__(self, kafka: KafkaSettings, topics: Sequence[str], store: SampleStore) -> None:
        self._kafka = kafka
        self._topics = topics
        self._store = store
        self._ring: Ring[Record] = Ring()

    async def run(self) -> None:
        """Read and save until cancelled; an outage of Kafka or PostgreSQL is waited out."""
        while True:
            try:
                await wait_for_topics(self._kafka, self._topics)
                await self._read()
            except KafkaError as error:
                log.warning("samples wait for Kafka", error=repr(error))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            *self._topics,
            **self._kafka.client_arguments(),
            client_id="api-samples",
            group_id=GROUP,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            # Nothing waits for samples: few large answers cost Kafka and this process a tenth of many small ones.
            fetch_max_wait_ms=_POLL_MS,
            fetch_min_bytes=_FETCH_BYTES,
            session_timeout_ms=10_000,
        )
        try:
            await consumer.start()
            flushed_at = monotonic_seconds()
            while True:
                batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=_MAX_RECORDS)
                for records in batches.values():
                    self.take(records)
                await self._jump(consumer, batches)
                if monotonic_seconds() - flushed_at >= FLUSH_SECONDS:
                    flushed_at = monotonic_seconds()
                    await self._flush()
                    await _commit(consumer)
        finally:
            await asyncio.shield(consumer.stop())

    def take(self, records: Sequence[Record]) -> None:
        """Take in what can be read; what cannot is the matcher's to report."""
        for record in records:
            name = peek_name(record.value, record.headers)
            if name is not None:
                self._ring.add(*name, record, len(record.value))
        events_passed.inc(len(records))

    async def _flush(self) -> None:
        samples = [
            sample
            for tenant_id, event_type, record in self._ring.take(monotonic_seconds())
            if (sample := read_sample(record, tenant_id, event_type)) is not None
        ]
        if not samples:
            return
        try:
            await self._store.save(samples)
            samples_saved.inc(len(samples))
        except OUTAGES as error:
            log.warning("samples are lost while PostgreSQL cannot be reached", error=repr(error))
        except asyncpg.PostgresError:
            log.error("samples were refused", exc_info=True)

    async def _jump(self, consumer: AIOKafkaConsumer, batches: Mapping[TopicPartition, Sequence[Record]]) -> None:
        for place, records in batches.items():
            end = consumer.highwater(place)
            next_offset = records[-1].offset + 1
            if end is None or end - next_offset <= LAG_LIMIT or place not in consumer.assignment():
                continue
            consumer.seek(place, end - LAG_AFTER_JUMP)
            events_jumped.inc(end - LAG_AFTER_JUMP - next_offset)
            log.info("samples jump ahead", topic=place.topic, partition=place.partition, offset=end - LAG_AFTER_JUMP)


async def _commit(consumer: AIOKafkaConsumer) -> None:
    try:
        await consumer.commit()
    except KafkaError as error:
        log.info("what was read for samples may be read again", error=repr(error))


def read_sample(record: Record, tenant_id: str, event_type: str) -> Sample | None:
    """Return the event of a message as a sample; None where it cannot be read, which is the matcher's to report."""
    at = from_milliseconds(record.timestamp)
    position = Position(record.topic, record.partition, record.offset, at)
    try:
        event = read_event(record.value, record.headers, position)
    except UnreadableEvent:
        return None
    if (event.tenant_id, event.trigger.type) != (tenant_id, event_type):
        return None
    return Sample(tenant_id, event.trigger, record.topic, record.partition, record.offset, at)
