"""At start, compares table and topic, and sends what the topic lacks.

The table is the truth. An automation whose record on the topic is older or missing is sent again, one that
was deleted, or that the table has never known, gets a tombstone. Messages that still wait in the outbox are
left to its sweep.
"""

from api.automations.store import queries, read_automation, save_definition
from api.outbox.store import Sending, save_message
from api.sandbox.store import load_switches, save_switch_message
from automations.contracts.definitions import Definition, definition_key
from automations.contracts.topics import DEFINITIONS
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.observability import get_logger
from automations.postgres import Pool, PoolConnection

log = get_logger(__name__)

Held = dict[tuple[str, str | None], int]
"""Revisions by tenant and automation (None: the tenant's sandbox switch)."""


async def load_held(kafka: KafkaSettings) -> Held:
    """Return the revisions that the topic holds."""
    held: Held = {}

    def take(tenant_id: str, automation_id: str | None, definition: Definition | None) -> None:
        if definition is None:
            held.pop((tenant_id, automation_id), None)
        else:
            held[(tenant_id, automation_id)] = definition.revision

    follower = DefinitionsFollower(kafka, "api-reconcile", take)
    try:
        await follower.start()
    finally:
        await follower.stop()
    return held


async def save_missing(pool: Pool, held: Held) -> list[Sending]:
    """Put into the outbox what the topic lacks, and return those messages."""
    async with pool.acquire() as connection:
        rows = [row async for row in queries.load_revisions(connection)]
        switches = await load_switches(connection)
        known = {(row["tenant_id"], row["id"]): row for row in rows}
        sendings = []
        for (tenant_id, automation_id), row in known.items():
            on_topic = held.get((tenant_id, automation_id), 0)
            if row["deleted"] and on_topic:
                sendings.append(await _bury(connection, tenant_id, automation_id))
            elif not row["deleted"] and on_topic < row["revision"]:
                sendings += await _send_again(connection, tenant_id, automation_id)
        for tenant_id, automation_id in held:
            if automation_id is not None and (tenant_id, automation_id) not in known:
                sendings.append(await _bury(connection, tenant_id, automation_id))
        for switch in switches:
            if held.get((switch.tenant_id, None), 0) < switch.revision:
                sendings.append(await save_switch_message(connection, switch))
    if sendings:
        log.info("definitions that the topic lacks are sent", number=len(sendings))
    return sendings


async def _bury(connection: PoolConnection, tenant_id: str, automation_id: str) -> Sending:
    return await save_message(connection, DEFINITIONS, definition_key(tenant_id, automation_id), None)


async def _send_again(connection: PoolConnection, tenant_id: str, automation_id: str) -> list[Sending]:
    async with connection.transaction():
        row = await queries.lock_automation(connection, tenant_id=tenant_id, id=automation_id)
        return [] if row is None else [await save_definition(connection, read_automation(row))]
