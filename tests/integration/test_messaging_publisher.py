"""Publishing onto Kafka: in order, by key, and with the truth about where each record lies."""

import uuid
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import MessageTooLarge, Publisher, Record

PARTITIONS = 4
LARGEST_BYTES = 100_000


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> str:
    name = f"published-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**kafka_settings.client_arguments())
    await admin.start()
    limits = {"max.message.bytes": str(4 * LARGEST_BYTES)}
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=limits)])
    await admin.close()
    return name


@pytest.fixture
async def publisher(kafka_settings: KafkaSettings) -> AsyncIterator[Publisher]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield publisher
    await publisher.stop()


async def read(settings: KafkaSettings, topic: str, number: int) -> dict[tuple[int, int], tuple[bytes, bytes]]:
    """Return key and value of so many records, by partition and offset."""
    consumer = AIOKafkaConsumer(**settings.client_arguments(), group_id=None, auto_offset_reset="earliest")
    await consumer.start()
    found: dict[tuple[int, int], tuple[bytes, bytes]] = {}
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        while len(found) < number:
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found |= {(record.partition, record.offset): (record.key, record.value) for record in records}
    finally:
        await consumer.stop()
    return found


@pytest.mark.parametrize(("number", "bytes_each"), [(3, 10), (2_000, 10), (200, 10_000)])
async def test_records_lie_where_the_answer_says_and_each_key_keeps_its_order(
    kafka_settings: KafkaSettings, topic: str, publisher: Publisher, number: int, bytes_each: int
) -> None:
    """Few records, many at once, and more than one batch of a partition takes; then the same keys again, one by one."""
    records = [Record(topic, f"k{n % 7}".encode(), f"{n:06}".encode().ljust(bytes_each, b".")) for n in range(number)]
    places = await publisher.publish_all(records)
    again = [Record(topic, f"k{n}".encode(), b"~") for n in range(7)]
    places += [place for record in again for place in await publisher.publish_all([record])]
    found = await read(kafka_settings, topic, number + 7)
    assert [found[place.partition, place.offset] for place in places] == [
        (one.key, one.value) for one in records + again
    ]
    by_key: defaultdict[bytes, list[bytes]] = defaultdict(list)
    partitions: defaultdict[bytes, set[int]] = defaultdict(set)
    for (partition, _), (key, value) in sorted(found.items()):
        by_key[key].append(value)
        partitions[key].add(partition)
    assert all(values == sorted(values) for values in by_key.values())
    assert all(len(those) == 1 for those in partitions.values())


@pytest.mark.parametrize("number", [1, 40])
async def test_record_that_the_topic_does_not_take_is_named_by_an_error(
    topic: str, publisher: Publisher, number: int
) -> None:
    records = [Record(topic, b"k", b"small")] * (number - 1) + [Record(topic, b"k", b"x" * 5 * LARGEST_BYTES)]
    with pytest.raises(MessageTooLarge):
        await publisher.publish_all(records)
    assert len(await publisher.publish_all(records[:-1])) == number - 1
