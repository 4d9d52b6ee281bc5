"""API keys in PostgreSQL."""

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from api.access.caller import Caller, Role
from api.access.keys import digest_key, make_key
from automations.postgres import Pool

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)


class KeyStore:
    """Finds, makes and revokes keys."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def find(self, key: str) -> Caller | None:
        """Return whose key it is; None for one that is unknown or revoked."""
        async with self._pool.acquire() as connection:
            row = await queries.find_key(connection, digest=digest_key(key))
        if row is None:
            return None
        return Caller(row["tenant_id"], row["name"], row["role"], row["id"])

    async def create(self, tenant_id: str, name: str, role: Role, author: str) -> tuple[str, dict[str, Any]]:
        """Make a key; return it, for the only time, and what is kept of it."""
        made = make_key()
        async with self._pool.acquire() as connection:
            row = await queries.save_key(
                connection,
                id=str(uuid.uuid4()),
                tenant_id=tenant_id,
                name=name,
                role=role,
                digest=made.digest,
                hint=made.hint,
                created_by=author,
            )
        return made.key, dict(row)

    async def list_page(
        self, tenant_id: str, *, number: int, before: tuple[datetime | None, str | None]
    ) -> list[dict[str, Any]]:
        async with self._pool.acquire() as connection:
            rows = queries.list_keys(
                connection, tenant_id=tenant_id, before_time=before[0], before_id=before[1], number=number
            )
            return [dict(row) async for row in rows]

    async def revoke(self, tenant_id: str, key_id: str) -> bool:
        """Revoke a key from the next request on; return whether there is one of that id."""
        async with self._pool.acquire() as connection:
            return await queries.revoke_key(connection, tenant_id=tenant_id, id=key_id) is not None
