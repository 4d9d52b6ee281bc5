"""Sends what the outbox holds: right after the commit that wrote it, and by a sweep whatever was left over.

Messages of one order key are sent in order, by whichever process holds that key's advisory lock; the lock
is held until the broker has acknowledged, so that an older message can never arrive after a newer one.
One task of a process does all its sending: an outage of Kafka then holds one connection, not all of them.
"""

import asyncio
import contextlib
from collections.abc import Iterable

from api.outbox.store import Sending, claim_messages, delete_messages, load_left_over
from automations.contracts.topics import RUN_CONTROLS
from automations.durable_points import passed
from automations.messaging.publisher import Publisher, Record
from automations.observability import get_logger
from automations.postgres import OUTAGES, Pool

log = get_logger(__name__)

SWEEP_SECONDS = 1.0
_RETRY_SECONDS = 0.02
_OUTAGE_SECONDS = 0.5
_MOST_KEYS = 500


class OutboxSender:
    """The process's sender; `wait_sent` returns when Kafka has a message."""

    def __init__(self, pool: Pool, publisher: Publisher) -> None:
        self._pool = pool
        self._publisher = publisher
        self._wanted: dict[str, None] = {}
        self._waiting: dict[str, list[asyncio.Future[None]]] = {}
        self._wake = asyncio.Event()

    def notice(self, order_key: str) -> None:
        """Send what this order key has, soon."""
        self._wanted[order_key] = None
        self._wake.set()

    async def wait_sent(self, sending: Sending, timeout_seconds: float) -> bool:
        """Send a committed message; return whether Kafka has acknowledged it within the time."""
        future = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(sending.order_key, []).append(future)
        self.notice(sending.order_key)
        done, _ = await asyncio.wait({future}, timeout=timeout_seconds)
        if done:
            return True
        waiting = self._waiting.get(sending.order_key, [])
        with contextlib.suppress(ValueError):
            waiting.remove(future)
        return False

    async def run(self) -> None:
        """Send what is noticed, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._wanted:
                keys = list(self._wanted)[:_MOST_KEYS]
                for key in keys:
                    del self._wanted[key]
                await self._try(keys)

    async def sweep(self) -> None:
        """Notice what was left over, every second until cancelled."""
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            try:
                async with self._pool.acquire() as connection:
                    left_over = await load_left_over(connection, SWEEP_SECONDS)
            except OUTAGES as error:
                log.warning("the outbox waits for PostgreSQL", error=repr(error))
                continue
            for order_key in left_over:
                self.notice(order_key)

    async def _try(self, keys: list[str]) -> None:
        try:
            claimed = await self._send(keys)
            pause = _RETRY_SECONDS
        except OUTAGES as error:
            log.warning("the outbox waits for PostgreSQL", error=repr(error))
            claimed, pause = set(), _OUTAGE_SECONDS
        busy = [key for key in keys if key not in claimed]
        if busy:
            await asyncio.sleep(pause)
            for key in busy:
                self.notice(key)

    async def _send(self, keys: list[str]) -> set[str]:
        async with self._pool.acquire() as connection, connection.transaction():
            # Whoever waits by now has committed, so the claim below sees their messages.
            waiting = {key: self._waiting.pop(key) for key in keys if key in self._waiting}
            claimed: set[str] = set()
            try:
                claimed, messages = await claim_messages(connection, keys)
                if messages:
                    await self._publisher.publish_all([Record(m.topic, m.key, m.value) for m in messages])
                    if any(message.topic == RUN_CONTROLS.name for message in messages):
                        passed("control sent")
                _answer(future for key in claimed for future in waiting.pop(key, ()))
            finally:
                for key, futures in waiting.items():
                    self._waiting.setdefault(key, []).extend(futures)
            if messages:
                await delete_messages(connection, messages)
        return claimed


def _answer(futures: Iterable[asyncio.Future[None]]) -> None:
    for future in futures:
        if not future.done():
            future.set_result(None)
