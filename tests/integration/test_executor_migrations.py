"""The executor's SQL fits its migrated schema."""

from collections.abc import Callable
from typing import Any

import asyncpg
import pytest

from automations.migrations import migrate
from automations.postgres import PostgresSettings, open_pool
from executor.journal.sql import queries
from executor.journal.store import MIGRATIONS, SCHEMA

NAMES = [name for name in queries.available_queries if not name.endswith("_cursor")]


@pytest.fixture(scope="module")
async def migrated(postgres_settings: PostgresSettings) -> PostgresSettings:
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    return postgres_settings


@pytest.mark.parametrize("name", NAMES)
async def test_every_named_query_can_be_prepared(migrated: PostgresSettings, name: str) -> None:
    """No query names a table, column or type that the newest migration does not have."""
    query: Callable[..., Any] = getattr(queries, name)
    async with open_pool(migrated, SCHEMA, size=1) as pool, pool.acquire() as connection:
        await connection.prepare(query.sql)


async def test_migrating_again_changes_nothing(migrated: PostgresSettings) -> None:
    """A second process that starts finds the schema as it should be."""
    await migrate(migrated, SCHEMA, MIGRATIONS)
    async with open_pool(migrated, SCHEMA, size=1) as pool:
        assert await pool.fetchval("SELECT count(*) FROM alembic_version") == 1
        with pytest.raises(asyncpg.UndefinedTableError):
            await pool.fetch("SELECT * FROM public.runs")
