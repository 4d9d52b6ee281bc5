"""PostgreSQL as a test looks into it, beside the services."""

from typing import TypeAlias

import asyncpg

from tests.support.eventually import eventually

Database: TypeAlias = "asyncpg.Connection[asyncpg.Record]"


async def until_waits_for_a_lock(database: Database) -> None:
    """Return once a transaction of another connection waits for one that is held here."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"

    async def look() -> bool:
        return bool(await database.fetchval(query))

    await eventually(look)
