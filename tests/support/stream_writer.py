"""Writing to the product's topics as an outsider does: events as any client would, definitions as api does."""

import json
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from aiokafka import AIOKafkaProducer

from automations.clock import utc_now
from automations.contracts.definitions import (
    AutomationDefined,
    AutomationStatus,
    LiveDocument,
    SandboxDocument,
    SandboxSwitched,
    definition_key,
    switch_key,
)
from automations.contracts.topics import CRM_EVENTS, DEFINITIONS
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings


def new_name(prefix: str) -> str:
    """Return a name that no other test uses."""
    return f"{prefix}_{uuid.uuid4().hex[:8]}"


def trigger_on(event_type: str, conditions: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a document that the type triggers."""
    return {"name": "n", "trigger": {"event": event_type, "conditions": conditions or {}}, "actions": []}


class StreamWriter:
    """Publishes and returns when Kafka has acknowledged."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._revision = 0

    async def publish(
        self,
        value: object,
        headers: Sequence[tuple[str, bytes]] = (),
        *,
        topic: str = CRM_EVENTS.name,
        key: bytes | None = None,
    ) -> tuple[int, int]:
        """Publish bytes as they are and anything else as JSON; return partition and offset."""
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        placed = await self._producer.send_and_wait(topic, raw, key=key, headers=list(headers))
        return placed.partition, placed.offset

    async def define(
        self,
        automation_id: str,
        live: dict[str, Any] | None,
        status: AutomationStatus = "active",
        *,
        version: int = 1,
        sandbox: dict[str, Any] | None = None,
        active_since: datetime | None = None,
        tenant_id: str = "default",
    ) -> None:
        """Publish an automation's record."""
        self._revision += 1
        since = active_since or utc_now()
        definition = AutomationDefined(
            tenant_id=tenant_id,
            automation_id=automation_id,
            revision=self._revision,
            status=status,
            active_since=since,
            live=live and LiveDocument(version=version, document=live),
            sandbox=sandbox
            and SandboxDocument(version=version + 1, document=sandbox, status="active", active_since=since),
        )
        await self._producer.send_and_wait(
            DEFINITIONS.name, encode(definition), key=definition_key(tenant_id, automation_id)
        )

    async def delete(self, automation_id: str, tenant_id: str = "default") -> None:
        """Publish that an automation is gone."""
        await self._producer.send_and_wait(DEFINITIONS.name, None, key=definition_key(tenant_id, automation_id))

    async def switch_sandbox(self, active: bool, tenant_id: str = "default") -> None:
        """Publish that a tenant's sandbox was switched."""
        self._revision += 1
        switch = SandboxSwitched(tenant_id=tenant_id, revision=self._revision, active=active, since=utc_now())
        await self._producer.send_and_wait(DEFINITIONS.name, encode(switch), key=switch_key(tenant_id))


@asynccontextmanager
async def stream_writer(settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    """Yield a writer."""
    producer = AIOKafkaProducer(**settings.client_arguments(), acks="all", max_request_size=4 * 1024 * 1024)
    await producer.start()
    try:
        yield StreamWriter(producer)
    finally:
        await producer.stop()
