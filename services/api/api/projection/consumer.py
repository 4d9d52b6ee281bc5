"""Takes batches off the stream and makes each durable before it is acknowledged.

An outage of PostgreSQL is waited out. A batch that is refused for its data is halved until the bad message
is alone; that one goes to the dead letters with the reason, the others are applied.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Generic, TypeVar

import asyncpg
from aiokafka import ConsumerRecord
from prometheus_client import Counter

from api.projection.facts import Fact, fact_reader
from api.projection.fold import fold_facts
from api.projection.store import HistoryStore
from automations.clock import utc_now
from automations.contracts.wire import UnreadableMessage
from automations.messaging.batches import Batch
from automations.messaging.dead_letters import dead_letter
from automations.messaging.publisher import Publisher
from automations.observability import get_logger
from automations.postgres import OUTAGES, outwait

log = get_logger(__name__)

M = TypeVar("M")
Read = tuple[ConsumerRecord[Any, Any], M]

facts_projected = Counter("api_facts_projected", "Facts applied to the run history")
messages_refused = Counter("api_messages_refused", "Messages that went to the dead letters")

_NO_PARTITION = asyncpg.CheckViolationError
_BAD_DATA = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    UnreadableMessage,
    ValueError,
    OverflowError,
    TypeError,
)


class BatchProjection(Generic[M]):
    """Applies batches of one kind of message; `apply` is one transaction and may be repeated."""

    def __init__(
        self, read: Callable[[bytes | None], M], apply: Callable[[Sequence[M]], Awaitable[None]], publisher: Publisher
    ) -> None:
        self._read = read
        self._apply = apply
        self._publisher = publisher

    async def handle(self, batch: Batch) -> None:
        """Return when everything in the batch is durable, or in the dead letters."""
        messages: list[Read[M]] = []
        for record in batch:
            try:
                messages.append((record, self._read(record.value)))
            except UnreadableMessage as error:
                await self._refuse(record, "unreadable", str(error))
        if messages:
            await self._apply_or_halve(messages)

    async def _apply_or_halve(self, messages: Sequence[Read[M]]) -> None:
        values = [message for _record, message in messages]
        try:
            await outwait(lambda: self._apply(values))
        except _BAD_DATA as error:
            if isinstance(error, OUTAGES):
                raise
            if len(messages) == 1:
                await self._refuse(messages[0][0], "refused_by_history", str(error) or repr(error))
                return
            middle = len(messages) // 2
            await self._apply_or_halve(messages[:middle])
            await self._apply_or_halve(messages[middle:])

    async def _refuse(self, record: ConsumerRecord[Any, Any], code: str, reason: str) -> None:
        log.warning("a message goes to the dead letters", topic=record.topic, offset=record.offset, reason=reason)
        messages_refused.inc()
        letter = dead_letter(record, code=code, reason=reason, reader="api", at=utc_now())
        await self._publisher.publish_all([letter])


def history_projection(store: HistoryStore, publisher: Publisher) -> BatchProjection[Fact]:
    """Return the projection of step results into the run history."""

    async def apply(facts: Sequence[Fact]) -> None:
        folded = fold_facts(facts)
        try:
            await store.save(folded)
        except _NO_PARTITION:
            store.forget_months()
            await store.save(folded)
        facts_projected.inc(len(facts))

    return BatchProjection(fact_reader.read, apply, publisher)
