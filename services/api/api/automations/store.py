"""Automations in PostgreSQL; a change and its message to the stream are one transaction."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import aiosql
import msgspec

from api.automations.changes import Change
from api.automations.model import Automation, Document, Environment, render_definition
from api.outbox.store import Sending, save_message
from automations.contracts.definitions import LiveDocument, SandboxDocument, definition_key
from automations.contracts.topics import DEFINITIONS
from automations.contracts.wire import encode
from automations.definition.event_patterns import parse_events
from automations.definition.loops import writes
from automations.postgres import Pool, PoolConnection

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

Decide = Callable[[Automation, datetime], Change | None]


class Saved(NamedTuple):
    """An automation after a change, and the message that the stream hears of it by, if it does."""

    automation: Automation
    sending: Sending | None


class Figures(NamedTuple):
    """What the run history says of an automation."""

    last_run: dict[str, object] | None = None
    runs_7_days: int = 0
    success_rate: float | None = None
    waiting: int = 0


class AutomationStore:
    """Loads and changes automations of one tenant at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, tenant_id: str, automation_id: str) -> Automation | None:
        async with self._pool.acquire() as connection:
            row = await queries.load_automation(connection, tenant_id=tenant_id, id=automation_id)
        return None if row is None else read_automation(row)

    async def create(
        self,
        decide: Callable[[datetime], Change],
        author: str,
        finish: Callable[[PoolConnection, Automation], Any] | None = None,
    ) -> Saved:
        """Save a new automation; `finish` is awaited in the same transaction."""
        async with self._pool.acquire() as connection, connection.transaction():
            change = decide(await queries.load_now(connection))
            await queries.insert_automation(connection, **_columns(change.automation))
            sending = await _save_rest(connection, change, author)
            if finish is not None:
                await finish(connection, change.automation)
        return Saved(change.automation, sending)

    async def change(self, tenant_id: str, automation_id: str, author: str, decide: Decide) -> Saved | None:
        """Apply a decision to the automation as it is now; None where there is none.

        What the decision raises leaves everything as it was.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            row = await queries.lock_automation(connection, tenant_id=tenant_id, id=automation_id)
            if row is None:
                return None
            present = read_automation(row)
            change = decide(present, row["now"])
            if change is None:
                return Saved(present, None)
            await queries.update_automation(
                connection, **_columns(change.automation), clears_loop_flag=change.clears_loop_flag
            )
            sending = await _save_rest(connection, change, author)
        return Saved(change.automation, sending)

    async def delete(self, tenant_id: str, automation_id: str, check: Callable[[Automation], None]) -> Sending | None:
        """Delete the automation; return None where there is none. Its versions stay, runs show them."""
        async with self._pool.acquire() as connection, connection.transaction():
            row = await queries.lock_automation(connection, tenant_id=tenant_id, id=automation_id)
            if row is None:
                return None
            check(read_automation(row))
            await queries.mark_deleted(connection, tenant_id=tenant_id, id=automation_id)
            return await save_message(connection, DEFINITIONS, definition_key(tenant_id, automation_id), None)

    async def list_page(
        self,
        tenant_id: str,
        *,
        number: int,
        before: tuple[datetime | None, str | None] = (None, None),
        status: str | None = None,
        tag: str | None = None,
        words: str | None = None,
        in_sandbox: bool | None = None,
    ) -> list[Automation]:
        """Return up to `number` automations, newest first, after the place `before`."""
        async with self._pool.acquire() as connection:
            rows = queries.list_automations(
                connection,
                tenant_id=tenant_id,
                before_time=before[0],
                before_id=before[1],
                status=status,
                tag=tag,
                words=words,
                in_sandbox=in_sandbox,
                number=number,
            )
            return [read_automation(row) async for row in rows]

    async def list_versions(
        self, tenant_id: str, automation_id: str, *, number: int, before_version: int | None
    ) -> list[dict[str, Any]]:
        async with self._pool.acquire() as connection:
            rows = queries.list_versions(
                connection,
                tenant_id=tenant_id,
                automation_id=automation_id,
                before_version=before_version,
                number=number,
            )
            return [dict(row) async for row in rows]

    async def load_version(
        self, tenant_id: str, automation_id: str, version: int
    ) -> tuple[Document, Environment, datetime] | None:
        """Return a version's document, the environment it was made in, and when."""
        async with self._pool.acquire() as connection:
            row = await queries.load_version(
                connection, tenant_id=tenant_id, automation_id=automation_id, version=version
            )
        return None if row is None else (msgspec.json.decode(row["document"]), row["environment"], row["created_at"])

    async def load_figures(self, tenant_id: str, ids: Sequence[str]) -> dict[str, Figures]:
        """Return what the run history says of each automation."""
        async with self._pool.acquire() as connection:
            rows = queries.load_figures(connection, tenant_id=tenant_id, ids=list(ids))
            return {row["id"]: _read_figures(row) async for row in rows}

    async def load_writing(
        self, tenant_id: str, patterns: Iterable[str], *, known: Iterable[str], number: int
    ) -> dict[str, Document]:
        """Return active live documents that write and listen to one of these, but for those known, by automation."""
        async with self._pool.acquire() as connection:
            rows = queries.load_writing(
                connection, tenant_id=tenant_id, patterns=list(patterns), known=list(known), number=number
            )
            return {row["id"]: msgspec.json.decode(row["live_document"]) async for row in rows}

    async def load_event_types(self, tenant_id: str) -> list[str]:
        """Return the event types and patterns that definitions name."""
        async with self._pool.acquire() as connection:
            return [row["event"] async for row in queries.list_event_types(connection, tenant_id=tenant_id)]


async def save_definition(connection: PoolConnection, automation: Automation) -> Sending:
    """Put what the stream shall know of the automation into the outbox, in the caller's transaction."""
    key = definition_key(automation.tenant_id, automation.id)
    return await save_message(connection, DEFINITIONS, key, encode(render_definition(automation)))


async def _save_rest(connection: PoolConnection, change: Change, author: str) -> Sending | None:
    automation = change.automation
    if change.version is not None:
        number, environment, document = change.version
        await queries.insert_version(
            connection,
            tenant_id=automation.tenant_id,
            automation_id=automation.id,
            version=number,
            environment=environment,
            document=_json(document),
            created_at=automation.updated_at,
            created_by=author,
        )
    return await save_definition(connection, automation) if change.stream_hears else None


def _json(document: Document) -> str:
    return msgspec.json.encode(document).decode()


def _columns(automation: Automation) -> dict[str, Any]:
    live, sandbox = automation.live, automation.sandbox
    shown: Document = next(
        (d for d in (live and live.document, sandbox and sandbox.document, automation.draft) if d), {}
    )
    name = str(shown.get("name") or "")
    tags = shown.get("tags")
    trigger = shown.get("trigger")
    event = trigger.get("event", "") if isinstance(trigger, dict) else ""
    events = " ".join(str(one) for one in event) if isinstance(event, list) else event
    return {
        "tenant_id": automation.tenant_id,
        "id": automation.id,
        "name": name,
        "search_text": f"{name}\n{shown.get('description') or ''}\n{events}".lower(),
        "tags": [str(tag) for tag in tags] if isinstance(tags, list) else [],
        "status": automation.status,
        "active_since": automation.active_since,
        "revision": automation.revision,
        "edition": automation.edition,
        "last_version": automation.last_version,
        "live_version": live and live.version,
        "live_document": live and _json(live.document),
        "sandbox_version": sandbox and sandbox.version,
        "sandbox_document": sandbox and _json(sandbox.document),
        "sandbox_status": sandbox and sandbox.status,
        "sandbox_active_since": sandbox and sandbox.active_since,
        "draft_document": None if automation.draft is None else _json(automation.draft),
        "draft_updated_at": automation.draft_updated_at,
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
        "listens": [] if live is None else list(parse_events(live.document["trigger"]["event"])),
        "writes": live is not None and writes(live.document),
    }


def read_automation(row: Mapping[str, Any]) -> Automation:
    """Return the automation that a row holds."""
    decode = msgspec.json.decode
    live = sandbox = draft = None
    if row["live_document"] is not None:
        live = LiveDocument(version=row["live_version"], document=decode(row["live_document"]))
    if row["sandbox_document"] is not None:
        sandbox = SandboxDocument(
            version=row["sandbox_version"],
            document=decode(row["sandbox_document"]),
            status=row["sandbox_status"],
            active_since=row["sandbox_active_since"],
        )
    if row["draft_document"] is not None:
        draft = decode(row["draft_document"])
    return Automation(
        tenant_id=row["tenant_id"],
        id=row["id"],
        status=row["status"],
        active_since=row["active_since"],
        revision=row["revision"],
        edition=row["edition"],
        last_version=row["last_version"],
        live=live,
        sandbox=sandbox,
        draft=draft,
        draft_updated_at=row["draft_updated_at"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )


def _read_figures(row: Mapping[str, Any]) -> Figures:
    last_run = None
    if row["run_id"] is not None:
        last_run = {
            "id": str(row["run_id"]),
            "status": row["status"],
            "is_waiting": row["waits"],
            "started_at": row["started_at"],
            "dry_run": row["mode"] == "dry_run",
        }
    rate = round(row["completed"] / row["ended"], 4) if row["ended"] else None
    return Figures(last_run, row["started"], rate, row["waiting"])
