"""PostgreSQL as every service uses it: its own schema, migrated forward at start, reached through a pool."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
from alembic import op
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy import Connection, make_url, text
from sqlalchemy.ext.asyncio import create_async_engine

from automations.observability import get_logger

log = get_logger(__name__)

T = TypeVar("T")

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    PoolConnection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes are generic in their stubs only
    Pool = asyncpg.Pool
    PoolConnection = asyncpg.pool.PoolConnectionProxy

OUTAGES: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.SerializationError,
)
"""Errors that say nothing about the data: the same transaction may pass when it is tried again."""

_MIGRATION_LOCK = 0x6175746F
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 5.0


class PostgresSettings(BaseSettings):
    """Where PostgreSQL is; the environment variable is `DATABASE_URL`."""

    model_config = SettingsConfigDict(frozen=True)

    database_url: SecretStr = Field(description="postgresql://user:password@host:port/database")
    database_pool_size: int = Field(default=10, ge=1, description="connections that one process holds at the most")


@asynccontextmanager
async def open_pool(settings: PostgresSettings, schema: str, *, size: int | None = None) -> AsyncIterator[Pool]:
    """Yield a pool whose connections look up tables in `schema`; wait while PostgreSQL cannot be reached."""
    pool = await outwait(lambda: _create_pool(settings, schema, size or settings.database_pool_size))
    try:
        yield pool
    finally:
        try:
            await asyncio.wait_for(pool.close(), timeout=5)
        except TimeoutError:
            pool.terminate()


async def _create_pool(settings: PostgresSettings, schema: str, size: int) -> Pool:
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=size,
        command_timeout=60,
        server_settings={"search_path": schema, "application_name": schema, "timezone": "UTC"},
    )


async def outwait(attempt: Callable[[], Awaitable[T]]) -> T:
    """Return what `attempt()` returns, trying again through outages; `attempt` is one whole transaction."""
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return await attempt()
        except OUTAGES as error:
            log.warning("waiting for PostgreSQL", error=repr(error))
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)


async def migrate(settings: PostgresSettings, schema: str, migrations: Path) -> None:
    """Bring `schema` to the newest revision of the folder; one process does it, the others wait.

    Revisions are plain SQL (`run_script`), go forward only, and keep the previous release's code working.
    """
    await outwait(lambda: _migrate(settings, schema, migrations))


async def _migrate(settings: PostgresSettings, schema: str, migrations: Path) -> None:
    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, connect_args={"server_settings": {"search_path": schema}})
    try:
        async with engine.connect() as connection:
            await connection.run_sync(lambda sync: _upgrade(sync, schema, migrations))
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection, schema: str, migrations: Path) -> None:
    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
    connection.execute(text(f'CREATE SCHEMA IF NOT EXISTS "{schema}"'))
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def revisions(current: Any, _context: Any) -> Any:
        return script._upgrade_revs("head", current)

    with EnvironmentContext(config, script, fn=revisions) as environment:
        environment.configure(connection=connection, version_table_schema=schema)
        environment.run_migrations()


def run_script(path: Path) -> None:
    """Run the statements of a plain SQL file as part of a revision."""
    adapted: Any = op.get_bind().connection.dbapi_connection
    statements = path.read_text(encoding="utf-8")
    adapted.run_async(lambda connection: connection.execute(statements))
