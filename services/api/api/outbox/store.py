"""The outbox in PostgreSQL."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import aiosql

from automations.contracts.topics import Topic
from automations.postgres import PoolConnection

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)


class Message(NamedTuple):
    """A message as it waits to be sent."""

    id: int
    order_key: str
    topic: str
    key: bytes
    value: bytes | None


class Sending(NamedTuple):
    """Where a saved message stands: by these two it is waited for."""

    order_key: str
    id: int


async def save_message(connection: PoolConnection, topic: Topic, key: bytes, value: bytes | None) -> Sending:
    """Save a message in the caller's transaction; topic and key are its order key."""
    order_key = f"{topic.name}|{key.decode()}"
    saved: int = await queries.save_message(connection, order_key=order_key, topic=topic.name, key=key, value=value)
    return Sending(order_key, saved)


def sending_of(topic: Topic, key: bytes) -> Sending:
    """Return by what is waited for whatever of the key was committed so far."""
    return Sending(f"{topic.name}|{key.decode()}", 0)


async def claim_messages(connection: PoolConnection, order_keys: Sequence[str]) -> tuple[set[str], list[Message]]:
    """Return the order keys that this transaction now holds, and their messages in order."""
    claimed = {row["order_key"] async for row in queries.claim_order_keys(connection, order_keys=order_keys)}
    if not claimed:
        return claimed, []
    rows = queries.load_messages(connection, order_keys=list(claimed))
    return claimed, [Message(*row.values()) async for row in rows]


async def delete_messages(connection: PoolConnection, messages: Sequence[Message]) -> None:
    """Take sent messages away."""
    await queries.lazy_commit(connection)
    await queries.delete_messages(connection, ids=[message.id for message in messages])


async def load_left_over(connection: PoolConnection, age_seconds: float) -> list[str]:
    """Return order keys of messages that have waited longer than that."""
    return [row["order_key"] async for row in queries.load_left_over(connection, age_seconds=age_seconds)]
