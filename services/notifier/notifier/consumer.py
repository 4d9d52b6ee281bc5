"""From messages on Kafka to people, and back to Kafka with what became of each.

Every channel has a reader of its own, in a group of its own, and passes over what goes out by others: while one
channel's other side is slow or hangs, its messages wait on Kafka, and nobody else's do. The messages of a batch go
out beside each other; outcomes are stored as they come, many at once, and published after they are stored. A batch
is acknowledged when every outcome is on Kafka. A message of a dry run is refused here too, whoever let it through.
A message that is never to be sent twice is begun in the database right before it goes out.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

from aiokafka import ConsumerRecord

from automations.clock import monotonic_seconds
from automations.contracts.notifications import NotificationResult, SendNotification, send_notification_reader
from automations.contracts.step_errors import StepError
from automations.contracts.topics import NOTIFICATION_RESULTS
from automations.contracts.wire import UnreadableMessage, encode
from automations.messaging.batches import Batch
from automations.messaging.dead_letters import dead_letter
from automations.messaging.publisher import Record
from automations.observability import get_logger
from notifier import metrics
from notifier.deliveries.delivery import Deliverer, failed_or_delivered, unknown_outcome
from notifier.deliveries.store import Key

log = get_logger(__name__)

SERVICE = "notifier"
AT_ONCE = 32
"""Messages under way by one channel at the same time, in one process."""
MAX_RECORDS = 100
"""Messages in one batch: even if all of them fail slowly, the batch ends long before Kafka gives up on us."""
FIRST_CHANNEL = "email"
"""The channel whose reader also takes what goes out by none: what cannot be read, and names that are no channel."""
_LONGEST_KEY_CHARACTERS = 1_000


def group_of(channel: str) -> str:
    """Return the consumer group that reads for a channel."""
    return SERVICE if channel == FIRST_CHANNEL else f"{SERVICE}-{channel}"


class Publishing(Protocol):
    """Publishes records and returns when the broker has them."""

    async def publish_all(self, records: Sequence[Record], /) -> object: ...


class Deliveries(Protocol):
    """Remembers what was sent."""

    async def claim(self, messages: Sequence[SendNotification], at: datetime) -> dict[Key, NotificationResult]: ...

    async def begin(self, message: SendNotification, at: datetime) -> bool: ...

    async def settle(self, results: Sequence[NotificationResult], at: datetime) -> None: ...


class NotificationConsumer:
    """Handles batches of messages to people, as far as they go out by one channel."""

    def __init__(
        self,
        channel: str,
        deliverer: Deliverer,
        store: Deliveries,
        publisher: Publishing,
        clock: Callable[[], datetime],
    ) -> None:
        self._channel = channel
        self._deliverer = deliverer
        self._store = store
        self._publisher = publisher
        self._clock = clock
        self._free = asyncio.Semaphore(AT_ONCE)

    async def handle(self, batch: Batch) -> None:
        """Return when every message that is this channel's has its outcome on Kafka, or lies in the dead letters."""
        messages: dict[Key, SendNotification] = {}
        answers: list[Record] = []
        for record in batch:
            try:
                message = send_notification_reader.read(record.value)
            except UnreadableMessage as error:
                if self._channel == FIRST_CHANNEL:
                    answers.append(self._unreadable(record, str(error)))
                continue
            if (self._deliverer.channel_name(message) or FIRST_CHANNEL) != self._channel:
                continue
            metrics.MESSAGES_READ.inc()
            refusal = _refusal(message)
            if refusal is not None:
                answers.append(_result_record(failed_or_delivered(message, self._clock(), 1, None, refusal)))
            else:
                messages.setdefault((message.tenant_id, message.key), message)
        if messages:
            settled = await self._store.claim(tuple(messages.values()), self._clock())
            metrics.REPEATED.inc(len(settled))
            answers.extend(_result_record(result) for result in settled.values())
            for key in settled:
                del messages[key]
        if answers:
            await self._publisher.publish_all(answers)
        await self._deliver(messages.values())

    async def _deliver(self, messages: Iterable[SendNotification]) -> None:
        """Send the messages, and store and publish outcomes together as they come."""
        under_way = {asyncio.create_task(self._deliver_one(message)) for message in messages}
        try:
            while under_way:
                done, under_way = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                results = [task.result() for task in done]
                await self._store.settle(results, self._clock())
                await self._publisher.publish_all([_result_record(result) for result in results])
        finally:
            for task in under_way:
                task.cancel()

    async def _deliver_one(self, message: SendNotification) -> NotificationResult:
        async with self._free:
            started = monotonic_seconds()
            result = (
                await self._deliver_once(message) if message.at_most_once else await self._deliverer.deliver(message)
            )
        metrics.DELIVERY_SECONDS.observe(monotonic_seconds() - started)
        metrics.DELIVERIES.labels(self._deliverer.channel_name(message) or "unknown", result.status).inc()
        return result

    async def _deliver_once(self, message: SendNotification) -> NotificationResult:
        """Send a message that is never sent twice, unless it was begun before and nobody knows what came of it."""
        if await self._store.begin(message, self._clock()):
            return await self._deliverer.deliver(message)
        error = unknown_outcome("notifier ended while it was being sent")
        return failed_or_delivered(message, self._clock(), 1, None, error)

    def _unreadable(self, record: ConsumerRecord[Any, Any], reason: str) -> Record:
        metrics.MESSAGES_UNREADABLE.inc()
        log.error("an unreadable message lies in the dead letters", offset=record.offset, reason=reason)
        return dead_letter(record, code="unreadable", reason=reason, reader=SERVICE, at=self._clock())


def _refusal(message: SendNotification) -> StepError | None:
    """Return why a message is not even tried; such a message leaves no trace but its result."""
    if message.dry_run:
        metrics.DRY_REFUSED.inc()
        log.error("a message of a dry run was refused", run_id=message.run_id, path=message.path)
        return StepError(kind="not_allowed", message="A dry run sends no messages; nothing was sent.")
    names = (message.tenant_id, message.key, message.run_id, message.path, message.channel)
    texts = (*names, *message.to, *message.cc, message.subject or "", message.sender or "", message.body)
    if any("\0" in text for text in texts):
        return StepError(kind="invalid", message="The message holds the character NUL; leave it out.")
    if len(message.tenant_id) + len(message.key) > _LONGEST_KEY_CHARACTERS:
        return StepError(kind="invalid", message="The message's key is too long; nothing was sent.")
    return None


def _result_record(result: NotificationResult) -> Record:
    return Record(NOTIFICATION_RESULTS.name, result.run_id.encode(), encode(result))
