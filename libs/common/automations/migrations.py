"""Brings a service's schema forward, by revisions that are plain SQL."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import asyncpg

from automations.observability import get_logger
from automations.postgres import PostgresSettings, outwait

log = get_logger(__name__)

_MIGRATION_LOCK = 0x6175746F


async def migrate(settings: PostgresSettings, schema: str, migrations: Path) -> None:
    """Bring `schema` to the newest revision of the folder; one process does it, the others wait.

    Revisions are plain SQL (`run_script`), go forward only, and keep the previous release's code working. A
    file's name begins with its revision. Where the newest one is in place already, nothing else is loaded: the
    migration library takes longer to import than most services.
    """
    newest = max(path.name.partition("_")[0] for path in (migrations / "versions").glob("*.py"))
    if await outwait(lambda: _load_revision(settings, schema)) == newest:
        return
    await outwait(lambda: _upgrade(settings, schema, migrations))
    log.info("schema migrated", schema=schema, revision=newest)


async def _load_revision(settings: PostgresSettings, schema: str) -> str | None:
    connection = await asyncpg.connect(settings.database_url.get_secret_value())
    try:
        revision: str | None = await connection.fetchval(f'SELECT version_num FROM "{schema}".alembic_version')
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()
    return revision


async def _upgrade(settings: PostgresSettings, schema: str, migrations: Path) -> None:
    from sqlalchemy import make_url
    from sqlalchemy.ext.asyncio import create_async_engine

    url = make_url(settings.database_url.get_secret_value()).set(drivername="postgresql+asyncpg")
    engine = create_async_engine(url, connect_args={"server_settings": {"search_path": schema}})
    try:
        async with engine.connect() as connection:
            await connection.run_sync(_upgrade_within(schema, migrations))
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade_within(schema: str, migrations: Path) -> Callable[[Any], None]:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from sqlalchemy import text

    def upgrade(connection: Any) -> None:
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

    return upgrade


def run_script(path: Path) -> None:
    """Run the statements of a plain SQL file as part of a revision."""
    from alembic import op

    adapted: Any = op.get_bind().connection.dbapi_connection
    statements = path.read_text(encoding="utf-8")
    adapted.run_async(lambda connection: connection.execute(statements))
