"""Every named query of the api is one that PostgreSQL takes on the migrated schema."""

import importlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiosql
import pytest

import api
from api.app import MIGRATIONS, SCHEMA
from automations.migrations import migrate
from automations.postgres import Pool, PostgresSettings, open_pool

FILES = sorted(Path(api.__file__).parent.glob("*/queries.sql"))


def named_queries() -> list[Any]:
    loaded = [(path, aiosql.from_path(path, "asyncpg", mandatory_parameters=False)) for path in FILES]
    return [
        pytest.param(getattr(queries, name).sql, id=f"{path.parent.name}.{name}")
        for path, queries in loaded
        for name in queries.available_queries
        if not name.endswith("_cursor")
    ]


@pytest.fixture(scope="module")
async def pool(postgres_settings: PostgresSettings) -> AsyncIterator[Pool]:
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    async with open_pool(postgres_settings, SCHEMA) as pool:
        yield pool


@pytest.mark.parametrize("sql", named_queries())
async def test_query_is_prepared(pool: Pool, sql: str) -> None:
    async with pool.acquire() as connection:
        await connection.prepare(sql)


async def test_migration_is_done_once(pool: Pool, postgres_settings: PostgresSettings) -> None:
    """A second process that starts finds nothing left to do."""
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    async with pool.acquire() as connection:
        assert await connection.fetchval("SELECT count(*) FROM alembic_version") == 1


def test_every_room_with_queries_has_a_store() -> None:
    for path in FILES:
        assert importlib.import_module(f"api.{path.parent.name}.store").queries


async def test_documents_of_the_first_release_are_known_to_write_and_listen(pool: Pool) -> None:
    """The second revision says of the documents that it finds what later changes say of theirs."""
    versions = MIGRATIONS / "versions"
    writing, telling = '[{"type": "notify_user"}, {"type": "update_field"}]', '[{"type": "notify_user"}]'
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("CREATE SCHEMA earlier; SET LOCAL search_path TO earlier")
        await connection.execute((versions / "0001_first_tables.sql").read_text())
        for name, actions in (("a", writing), ("b", telling), ("c", None)):
            document = actions and f'{{"trigger": {{"event": "case.updated"}}, "actions": {actions}}}'
            await connection.execute(
                "INSERT INTO automations (tenant_id, id, name, search_text, status, revision, edition, last_version, "
                "live_document, created_at, updated_at) VALUES ('t', $1, '', '', 'active', 1, 1, 1, $2, now(), now())",
                name,
                document,
            )
        await connection.execute((versions / "0002_samples_and_tests.sql").read_text())
        rows = await connection.fetch("SELECT id, listens, writes FROM automations ORDER BY id")
        await connection.execute("SET LOCAL search_path TO api; DROP SCHEMA earlier CASCADE")
    assert [tuple(row) for row in rows] == [
        ("a", ["case.updated"], True),
        ("b", ["case.updated"], False),
        ("c", [], False),
    ]
