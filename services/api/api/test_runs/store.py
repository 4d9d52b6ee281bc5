"""Numbers for documents that are only tried out."""

from pathlib import Path

import aiosql

from automations.postgres import Pool

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)


class TestVersions:
    """Gives each document that is no version a number of its own, below zero."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def next(self) -> int:
        """Return a number that no other document has."""
        async with self._pool.acquire() as connection:
            number: int = await queries.next_version(connection)
        return number
