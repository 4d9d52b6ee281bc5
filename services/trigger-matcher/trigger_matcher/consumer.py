"""From CRM events on Kafka to starts on Kafka.

A batch is evaluated with every definition that was acknowledged before the batch was fetched, or later: the
definitions are read to their end after the batch has arrived. All that a batch leads to is acknowledged by
the broker before the batch is. An event that cannot be read or evaluated goes to the dead letters with its
reason, and the stream goes on.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from automations.clock import monotonic_seconds
from automations.messaging.batches import Batch
from automations.messaging.publisher import MessageTooLarge, Record
from trigger_matcher import metrics
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.evaluation import Message, Outcome, evaluate, refused

MAX_RECORDS = 5_000
"""Events of one batch: what a batch costs besides them (the end of the definitions, a commit) is divided by many."""
PUBLISH_AT_ONCE = 2_000
"""Messages published together; more of one batch wait, so that many matches take no unbounded memory."""


class Definitions(Protocol):
    """Brings the table up to what is acknowledged by now."""

    async def catch_up(self) -> int:
        """Return the offset up to which definitions have been taken, exclusive."""
        ...


class Publishing(Protocol):
    """Publishes records and returns when the broker has them."""

    async def publish_all(self, records: Sequence[Record], /) -> object: ...


class EventConsumer:
    """Handles batches of CRM events."""

    def __init__(
        self,
        table: DefinitionTable,
        definitions: Definitions,
        publisher: Publishing,
        clock: Callable[[], datetime],
    ) -> None:
        self._table = table
        self._definitions = definitions
        self._publisher = publisher
        self._clock = clock

    async def handle(self, batch: Batch) -> None:
        """Return when everything that the batch leads to is on Kafka."""
        offset = await self._definitions.catch_up()
        index = self._table.index()
        self._observe_definitions(offset)
        metrics.EVENTS_READ.inc(len(batch))
        metrics.BATCH_RECORDS.observe(len(batch))
        waiting: list[Outcome] = []
        size = 0
        seconds = 0.0
        started = monotonic_seconds()
        for outcome in evaluate(batch, index, now=self._clock(), definitions_offset=offset):
            waiting.append(outcome)
            size += len(outcome.records)
            if size >= PUBLISH_AT_ONCE:
                seconds += monotonic_seconds() - started
                await self._publish(waiting)
                waiting, size = [], 0
                started = monotonic_seconds()
        metrics.EVALUATION_SECONDS.observe(seconds + monotonic_seconds() - started)
        if waiting:
            await self._publish(waiting)

    def _observe_definitions(self, offset: int) -> None:
        metrics.DEFINITIONS_OFFSET.set(offset)
        metrics.AUTOMATIONS_HELD.set(self._table.held)
        metrics.AUTOMATIONS_LEFT_OUT.set(self._table.left_out)

    async def _publish(self, outcomes: list[Outcome]) -> None:
        """Publish what the events lead to; an event whose messages Kafka does not take goes to the dead letters."""
        try:
            await self._publisher.publish_all([record for outcome in outcomes for record in outcome.records])
        except MessageTooLarge as error:
            if len(outcomes) == 1:
                await self._publisher.publish_all([_too_large(outcomes[0].source, error, self._clock())])
            else:
                middle = len(outcomes) // 2
                await self._publish(outcomes[:middle])
                await self._publish(outcomes[middle:])


def _too_large(message: Message, error: MessageTooLarge, now: datetime) -> Record:
    reason = f"what this event leads to is larger than Kafka takes ({error}); send a smaller record"
    return refused(replace(message, headers=()), "too_large", reason, now)
