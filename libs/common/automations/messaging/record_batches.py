"""Sends many records as few batches, put together here: a fifth of what the client takes for records one by one.

Invariants: records of one key arrive in the order they were given; a batch holds records of one partition; what was
sent is waited for before anything is raised, so that a second attempt never overtakes the first.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, overload

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.structs import RecordMetadata

from automations.messaging.partitions import partition_of

if TYPE_CHECKING:
    from automations.messaging.publisher import Record


class _Batches:
    """The batches of one call, in the order in which they were begun, and where each record lies in them."""

    def __init__(self, producer: AIOKafkaProducer, count: int) -> None:
        self._producer = producer
        self.begun: list[tuple[TopicPartition, Any]] = []
        self.places: list[tuple[int, Any]] = [(0, None)] * count
        """For each record the number of its batch, and its offset and time in it."""

    def add_all(self, topic: str, partition: int, records: Sequence["Record"], numbers: Iterable[int]) -> None:
        """Add those of the records that have these numbers, all of one partition, in this order."""
        batch: Any = None
        for number in numbers:
            record = records[number]
            told = None if batch is None else batch.append(timestamp=None, key=record.key, value=record.value)
            if told is None:
                batch = self._producer.create_batch()
                self.begun.append((TopicPartition(topic, partition), batch))
                told = batch.append(timestamp=None, key=record.key, value=record.value)
                assert told is not None, "an empty batch takes any record"
            self.places[number] = (len(self.begun) - 1, told)


class Acknowledged(Sequence[RecordMetadata]):
    """Where each record lies; hardly anybody asks, so each is put together when somebody does."""

    def __init__(self, places: Sequence[tuple[int, Any]], first: Sequence[RecordMetadata]) -> None:
        self._places = places
        self._first = first
        """Where the first record of each batch lies."""

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> RecordMetadata: ...
    @overload
    def __getitem__(self, place: slice) -> list[RecordMetadata]: ...
    def __getitem__(self, place: int | slice) -> RecordMetadata | list[RecordMetadata]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        number, told = self._places[place]
        return _metadata(self._first[number], told.offset, told.timestamp)


async def send_in_batches(producer: AIOKafkaProducer, records: Sequence["Record"]) -> Sequence[RecordMetadata]:
    """Send records that have keys and no headers; return where each lies, once the broker has all of them.

    Raises:
        KafkaError: a batch was not acknowledged; others may have been.
    """
    partitions = {
        topic: sorted(await producer.partitions_for(topic))
        for topic in dict.fromkeys(record.topic for record in records)
    }
    numbers: defaultdict[tuple[str, int], list[int]] = defaultdict(list)
    for number, (topic, key, _, _) in enumerate(records):
        assert key is not None, "a record without a key has no partition of its own"
        numbers[topic, partition_of(key, len(partitions[topic]))].append(number)
    batches = _Batches(producer, len(records))
    for (topic, place), some in numbers.items():
        batches.add_all(topic, partitions[topic][place], records, some)
    futures = []
    try:
        for to, batch in batches.begun:
            futures.append(await producer.send_batch(batch, to.topic, partition=to.partition))
    except BaseException:
        await asyncio.gather(*futures, return_exceptions=True)
        raise
    return Acknowledged(batches.places, await acknowledged(futures))


async def acknowledged(futures: Sequence["asyncio.Future[RecordMetadata]"]) -> list[RecordMetadata]:
    """Return what the broker answered to each; all are waited for before the first error is raised."""
    outcomes = await asyncio.gather(*futures, return_exceptions=True)
    answers = []
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
        answers.append(outcome)
    return answers


def _metadata(first: RecordMetadata, offset: int, timestamp: int) -> RecordMetadata:
    """Return where a record lies, from where its batch's first one does; the broker's time wins over ours."""
    return RecordMetadata(
        first.topic,
        first.partition,
        first.topic_partition,
        first.offset + offset,
        timestamp if first.timestamp == -1 else first.timestamp,
        first.timestamp_type,
        first.log_start_offset,
    )
