"""Publishes facts that are journaled, each run's in order.

There is no outbox: a run's row says which fact was the last one known to be published, and who takes the
run over publishes what lies after it. A fact published twice changes nothing for its readers.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from automations.contracts.results import OMITTED, RunAdvanced
from automations.contracts.step_errors import StepError
from automations.contracts.topics import STEP_RESULTS, record_key
from automations.contracts.wire import encode
from automations.durable_points import passed
from automations.messaging.publisher import MessageTooLarge, Publisher, Record
from automations.observability import get_logger
from executor.engine.run import Run

log = get_logger(__name__)

MAX_RECORDS: Final = 1_000
_ERROR_CHARACTERS: Final = 1_000
_fact_decoder = msgspec.json.Decoder(RunAdvanced)


def results_key(run: Run) -> bytes:
    """Return the key of a run's facts: those of one automation and record keep their order."""
    return fact_key(run.tenant_id, run.automation_id, run.order_key, run.run_id)


def fact_key(tenant_id: str, automation_id: str, order_key: str | None, run_id: str) -> bytes:
    """Return the key under which facts of a run, or of a start that was skipped, are published."""
    return record_key(tenant_id, order_key) if order_key else record_key(tenant_id, automation_id, run_id)


class PublishedUpTo:
    """The last fact of one run that is known to be published, and whoever waits for the next."""

    __slots__ = ("_reached", "seq")

    def __init__(self, seq: int) -> None:
        self.seq = seq
        self._reached: asyncio.Future[None] | None = None

    def advance(self, seq: int) -> None:
        """Note that the fact of this number was published."""
        self.seq = seq
        if self._reached is not None and not self._reached.done():
            self._reached.set_result(None)

    async def until(self, seq: int) -> None:
        """Return when the fact of this number, and so all before it, is published."""
        while self.seq < seq:
            self._reached = asyncio.get_running_loop().create_future()
            await self._reached


class Publication:
    """Facts on their way; `add` never waits, `run` publishes."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._waiting: deque[tuple[Record, PublishedUpTo, int]] = deque()
        self._arrived = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def add(self, key: bytes, fact: bytes, seq: int, published: PublishedUpTo) -> None:
        """Publish a fact after those added before it; `published` is told when the broker has it."""
        self._waiting.append((Record(STEP_RESULTS.name, key, fact), published, seq))
        self._idle.clear()
        self._arrived.set()

    async def run(self) -> None:
        """Publish what is added, until cancelled."""
        while True:
            while not self._waiting:
                self._idle.set()
                self._arrived.clear()
                await self._arrived.wait()
            await self._publish_group()

    async def _publish_group(self) -> None:
        group = [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_RECORDS))]
        await self._publish([record for record, *_ in group])
        passed("published")
        for _, published, seq in group:
            published.advance(seq)

    async def until_idle(self) -> None:
        """Return when nothing is left to publish."""
        await self._idle.wait()

    async def _publish(self, records: Sequence[Record]) -> None:
        try:
            await self._publisher.publish_all(records)
        except MessageTooLarge:
            for record in records:
                await self._publish_alone(record)

    async def _publish_alone(self, record: Record) -> None:
        try:
            await self._publisher.publish_all([record])
        except MessageTooLarge:
            fact = _fact_decoder.decode(record.value or b"")
            log.warning("a fact was too large and is published without its data", run_id=fact.run_id, seq=fact.seq)
            await self._publish_less(record, fact)

    async def _publish_less(self, record: Record, fact: RunAdvanced) -> None:
        try:
            await self._publisher.publish_all([record._replace(value=encode(without_data(fact)))])
        except MessageTooLarge:
            await self._publisher.publish_all([record._replace(value=encode(without_steps(fact)))])


def without_data(fact: RunAdvanced) -> RunAdvanced:
    """Return the fact with the data of its steps left out, and what was noted on them."""
    steps = tuple(
        msgspec.structs.replace(
            step,
            input=OMITTED if step.input is not None else None,
            request=OMITTED if step.request is not None else None,
            output=OMITTED if step.output is not None else None,
            error=None if step.error is None else _shortened(step.error),
            notes=(),
        )
        for step in fact.steps
    )
    return msgspec.structs.replace(fact, steps=steps)


def without_steps(fact: RunAdvanced) -> RunAdvanced:
    """Return the fact of thousands of steps at once as one about the run alone; its size is that of its event."""
    return msgspec.structs.replace(fact, steps=())


def _shortened(error: StepError) -> StepError:
    return StepError(kind=error.kind, message=error.message[:_ERROR_CHARACTERS])
