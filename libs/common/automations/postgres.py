"""PostgreSQL as every service uses it: its own schema, migrated forward at start, reached through a pool."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

import asyncpg
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from automations.observability import get_logger

log = get_logger(__name__)

T = TypeVar("T")

if TYPE_CHECKING:
    Pool = asyncpg.Pool[asyncpg.Record]
    _Connection = asyncpg.Connection[asyncpg.Record]
    PoolConnection = asyncpg.pool.PoolConnectionProxy[asyncpg.Record]
else:  # asyncpg's classes are generic in their stubs only
    Pool = asyncpg.Pool
    _Connection = asyncpg.Connection
    PoolConnection = asyncpg.pool.PoolConnectionProxy

OUTAGES: tuple[type[BaseException], ...] = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # a connection that breaks between two messages leaves the client in such a state
    asyncpg.PostgresConnectionError,
    asyncpg.exceptions.OperatorInterventionError,
    asyncpg.exceptions.InsufficientResourcesError,
    asyncpg.exceptions.DeadlockDetectedError,
    asyncpg.exceptions.SerializationError,
)
"""Errors that say nothing about the data: the same transaction may pass when it is tried again."""
UniqueViolation = asyncpg.UniqueViolationError
"""A row that would stand twice in a unique index."""

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
        connection_class=_Stateless,
    )


class _Stateless(_Connection):
    """A connection that keeps nothing from one use to the next: all that is done with it is transactions."""

    def get_reset_query(self) -> str:
        """Return nothing: a round trip after every use would undo what no use does."""
        return ""


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
