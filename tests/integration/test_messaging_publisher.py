"""Publishing onto a real Kafka: everything arrives, each key's records in the order they were given."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator

import pytest
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import MANY_RECORDS, MAX_BATCH_BYTES, MessageTooLarge, Publisher, Record

PARTITIONS = 4
LARGEST_BYTES = 100_000


@pytest.fixture
async def topic(kafka_settings: KafkaSettings) -> str:
    name = f"publisher-{uuid.uuid4().hex[:8]}"
    admin = AIOKafkaAdminClient(**kafka_settings.client_arguments())
    await admin.start()
    await admin.create_topics(
        [NewTopic(name, PARTITIONS, 1, topic_configs={"max.message.bytes": str(MAX_BATCH_BYTES + 1_000)})]
    )
    await admin.close()
    return name


@pytest.fixture
async def publisher(kafka_settings: KafkaSettings) -> AsyncIterator[Publisher]:
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    yield publisher
    await publisher.stop()


async def load_records(settings: KafkaSettings, topic: str, count: int) -> list[ConsumerRecord[bytes, bytes]]:
    """Return so many records of a topic, those of each partition in their order."""
    consumer = AIOKafkaConsumer(**settings.client_arguments(), auto_offset_reset="earliest")
    await consumer.start()
    try:
        consumer.assign([TopicPartition(topic, partition) for partition in range(PARTITIONS)])
        found: list[ConsumerRecord[bytes, bytes]] = []
        async with asyncio.timeout(30):
            while len(found) < count:
                for records in (await consumer.getmany(timeout_ms=1_000)).values():
                    found += records
        return found
    finally:
        await consumer.stop()


async def test_records_of_a_key_arrive_in_the_order_given(
    kafka_settings: KafkaSettings, publisher: Publisher, topic: str
) -> None:
    """Thousands of records, more than a batch holds, arrive once each and in order, and lie where it is said."""
    large = b"x" * LARGEST_BYTES
    records = [
        Record(topic, b"key-%d" % (number % 7), b"%d " % number + (large if number % 500 == 0 else b""))
        for number in range(4_000)
    ]
    places = await publisher.publish_all(records)
    found = await load_records(kafka_settings, topic, len(records))
    assert len(found) == len(records)
    by_key: dict[bytes | None, list[int]] = defaultdict(list)
    for record in found:
        assert record.value is not None
        by_key[record.key].append(int(record.value.split(b" ")[0]))
    assert by_key == {b"key-%d" % key: list(range(key, len(records), 7)) for key in range(7)}
    lies = {
        (place.partition, place.offset, place.timestamp): given.value
        for place, given in zip(places, records, strict=True)
    }
    assert lies == {(record.partition, record.offset, record.timestamp): record.value for record in found}


async def test_records_of_several_callers_all_arrive(
    kafka_settings: KafkaSettings, publisher: Publisher, topic: str
) -> None:
    """Callers that publish few and many records at the same time do not disturb each other."""
    groups = [
        [Record(topic, b"caller-%d" % caller, b"%d-%d" % (caller, number)) for number in range(size)]
        for caller, size in enumerate([1, MANY_RECORDS, 500, 3, 1_000, 1, 200])
    ]
    await asyncio.gather(*(publisher.publish_all(group) for group in groups))
    found = await load_records(kafka_settings, topic, sum(map(len, groups)))
    for caller, group in enumerate(groups):
        mine = [record.value for record in found if record.key == b"caller-%d" % caller]
        assert mine == [record.value for record in group]


async def test_record_without_key_or_with_headers_arrives_among_many(
    kafka_settings: KafkaSettings, publisher: Publisher, topic: str
) -> None:
    """What cannot be put into a batch with the others is published as well."""
    records = [Record(topic, b"key", b"%d" % number) for number in range(50)]
    records += [Record(topic, None, b"keyless"), Record(topic, b"key", b"headed", (("name", b"value"),))]
    await publisher.publish_all(records)
    found = await load_records(kafka_settings, topic, len(records))
    assert {record.value for record in found} == {record.value for record in records}
    [headed] = [record for record in found if record.value == b"headed"]
    assert list(headed.headers) == [("name", b"value")]


@pytest.mark.parametrize("beside", [0, 100])
async def test_record_too_large_for_its_topic_is_told_apart(publisher: Publisher, topic: str, beside: int) -> None:
    """A record that the broker does not take is no outage: the caller is told, and is not kept waiting."""
    records = [Record(topic, b"key", b"small")] * beside + [Record(topic, b"key", b"x" * (MAX_BATCH_BYTES * 2))]
    with pytest.raises(MessageTooLarge):
        await publisher.publish_all(records)
