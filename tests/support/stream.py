"""Reading the product's topics as an outsider does."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord

from automations.contracts.results import Result, RunAdvanced, StartSkipped, result_reader
from automations.contracts.topics import STEP_RESULTS, Topic
from automations.messaging.connection import KafkaSettings
from tests.support.eventually import PATIENCE_SECONDS, eventually


class TopicTail:
    """Everything that was appended to a topic since the tail was opened."""

    def __init__(self, consumer: AIOKafkaConsumer) -> None:
        self._consumer = consumer
        self.records: list[ConsumerRecord[Any, Any]] = []

    async def read(self) -> list[ConsumerRecord[Any, Any]]:
        """Take in what has arrived, and return all records so far."""
        for batch in (await self._consumer.getmany(timeout_ms=50)).values():
            self.records.extend(batch)
        return self.records

    async def until(self, wanted: Callable[[list[ConsumerRecord[Any, Any]]], Any]) -> Any:
        """Return what `wanted` finds in the records, once it is truthy."""

        async def look() -> Any:
            return wanted(await self.read())

        return await eventually(look)


@asynccontextmanager
async def tail(settings: KafkaSettings, topic: Topic) -> AsyncIterator[TopicTail]:
    """Yield a tail of the topic from its present end."""
    consumer = AIOKafkaConsumer(topic.name, **settings.client_arguments(), auto_offset_reset="latest")
    await consumer.start()
    try:
        for partition in consumer.assignment():
            await consumer.position(partition)
        yield TopicTail(consumer)
    finally:
        await consumer.stop()


class ResultsTail:
    """The facts about runs, by run."""

    def __init__(self, topic_tail: TopicTail) -> None:
        self._tail = topic_tail

    async def read(self) -> list[Result]:
        """Return all facts so far."""
        return [result_reader.read(record.value) for record in await self._tail.read()]

    async def of_run(self, run_id: str) -> list[RunAdvanced]:
        """Return a run's facts so far, in the order they were published."""
        return [fact for fact in await self.read() if isinstance(fact, RunAdvanced) and fact.run_id == run_id]

    async def until_ended(self, run_id: str, within_seconds: float = PATIENCE_SECONDS) -> list[RunAdvanced]:
        """Return a run's facts once the last one says that it has ended."""

        async def look() -> list[RunAdvanced] | None:
            facts = await self.of_run(run_id)
            return facts if facts and facts[-1].status != "running" else None

        facts = await eventually(look, within_seconds=within_seconds)
        assert facts is not None
        return facts

    async def until_waiting(self, run_id: str) -> RunAdvanced:
        """Return the fact by which a run began to wait."""

        async def look() -> RunAdvanced | None:
            return next((fact for fact in await self.of_run(run_id) if fact.waiting is not None), None)

        fact = await eventually(look)
        assert fact is not None
        return fact

    async def until_skipped(self, run_id: str) -> StartSkipped:
        """Return the fact that a start was skipped."""

        async def look() -> StartSkipped | None:
            facts = await self.read()
            return next((f for f in facts if isinstance(f, StartSkipped) and f.run_id == run_id), None)

        fact = await eventually(look)
        assert fact is not None
        return fact


@asynccontextmanager
async def results_tail(settings: KafkaSettings) -> AsyncIterator[ResultsTail]:
    """Yield a tail of the facts about runs."""
    async with tail(settings, STEP_RESULTS) as topic_tail:
        yield ResultsTail(topic_tail)
