"""Sandbox switches in PostgreSQL."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import aiosql

from api.outbox.store import Sending, save_message
from automations.contracts.definitions import SandboxSwitched, switch_key
from automations.contracts.topics import DEFINITIONS
from automations.contracts.wire import encode
from automations.postgres import Pool, PoolConnection

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)


class Switch(NamedTuple):
    """A tenant's sandbox switch."""

    tenant_id: str
    active: bool
    name: str | None = None
    revision: int = 0
    since: datetime | None = None


class SandboxStore:
    """Loads and turns the switch."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, tenant_id: str) -> Switch:
        """Return the switch; it is off where nobody has turned it yet."""
        async with self._pool.acquire() as connection:
            row = await queries.load_switch(connection, tenant_id=tenant_id)
        return Switch(tenant_id, active=False) if row is None else Switch(*row.values())

    async def save(self, tenant_id: str, *, active: bool, name: str | None) -> tuple[Switch, Sending]:
        """Turn the switch, and put the message to the stream into the outbox."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await queries.save_switch(connection, tenant_id=tenant_id, active=active, name=name)
            switch = Switch(*row.values())
            return switch, await save_switch_message(connection, switch)


async def load_switches(connection: PoolConnection) -> list[Switch]:
    """Return the switches of all tenants."""
    return [Switch(*row.values()) async for row in queries.load_switches(connection)]


async def save_switch_message(connection: PoolConnection, switch: Switch) -> Sending:
    """Put what the stream shall know of the switch into the outbox, in the caller's transaction."""
    assert switch.since is not None
    message = SandboxSwitched(
        tenant_id=switch.tenant_id, revision=switch.revision, active=switch.active, since=switch.since
    )
    return await save_message(connection, DEFINITIONS, switch_key(switch.tenant_id), encode(message))
