"""Deliveries in PostgreSQL: many rows a transaction, outages waited out.

A message is noted before it is sent and settled after. The process may end between the mail server's answer
and the settling; the message is then sent again, with the same key. One that is never to be sent twice is begun
once: whoever finds it begun and not settled does not send it.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiosql

from automations.contracts.notifications import NotificationResult, SendNotification, notification_result_reader
from automations.contracts.wire import encode
from automations.postgres import Pool, outwait

SCHEMA = "notifier"
MIGRATIONS = Path(__file__).with_name("migrations")
queries: Any = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg")

Key = tuple[str, str]
"""Tenant and idempotency key."""


class DeliveryStore:
    """What notifier remembers."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def claim(self, messages: Sequence[SendNotification], at: datetime) -> dict[Key, NotificationResult]:
        """Note that the messages are about to be sent, and return the outcomes of those that already have one."""
        return await outwait(lambda: self._claim(messages, at))

    async def begin(self, message: SendNotification, at: datetime) -> bool:
        """Note that a claimed message is being sent now; return whether nobody had begun it before."""
        sending = uuid4()  # the same if the noting is tried again, because nobody knows whether it was done
        return await outwait(lambda: self._begin(message, sending, at))

    async def settle(self, results: Sequence[NotificationResult], at: datetime) -> None:
        """Keep the outcomes of messages that were claimed."""
        await outwait(lambda: self._settle(results, at))

    async def _claim(self, messages: Sequence[SendNotification], at: datetime) -> dict[Key, NotificationResult]:
        tenants = [message.tenant_id for message in messages]
        keys = [message.key for message in messages]
        async with self._pool.acquire() as connection, connection.transaction():
            await queries.claim_deliveries(
                connection,
                tenants=tenants,
                keys=keys,
                run_ids=[message.run_id for message in messages],
                channels=[message.channel for message in messages],
                at=at,
            )
            rows = [row async for row in queries.load_settled(connection, tenants=tenants, keys=keys)]
        return {(row["tenant_id"], row["key"]): notification_result_reader.read(row["result"].encode()) for row in rows}

    async def _begin(self, message: SendNotification, sending: UUID, at: datetime) -> bool:
        async with self._pool.acquire() as connection:
            begun = await queries.begin_delivery(
                connection, tenant_id=message.tenant_id, key=message.key, sending=sending, at=at
            )
        return begun is not None

    async def _settle(self, results: Sequence[NotificationResult], at: datetime) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await queries.settle_deliveries(
                connection,
                tenants=[result.tenant_id for result in results],
                keys=[result.key for result in results],
                statuses=[result.status for result in results],
                results=[encode(result).decode() for result in results],
                at=at,
            )
