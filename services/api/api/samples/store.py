"""Samples in PostgreSQL: of each tenant and type the newest, in a ring of slots."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import aiosql
import msgspec

from api.projection.store import columns
from api.samples.ring import KEPT_PER_TYPE
from automations.contracts.commands import TriggerEvent
from automations.postgres import Pool

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

KEPT_DAYS = 30
"""As long as Kafka keeps events."""
MOST_TYPES_OF_A_TENANT = 1_000

_event_decoder = msgspec.json.Decoder(TriggerEvent)


class Sample(NamedTuple):
    """One event as it was read, and where it lies on Kafka."""

    tenant_id: str
    event: TriggerEvent
    topic: str
    partition: int
    offset: int
    at: datetime
    """When the broker appended it."""


class SampledType(NamedTuple):
    """What is known of a type's samples."""

    kept: int
    """Counts every sample ever kept; it changes whenever the samples do."""
    last_at: datetime


class SampleStore:
    """Saves and loads samples."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def save(self, samples: Sequence[Sample]) -> None:
        """Save samples, oldest first within a type, in one transaction."""
        rows = [
            [
                sample.tenant_id,
                sample.event.type,
                sample.topic,
                sample.partition,
                sample.offset,
                sample.at,
                msgspec.json.encode(sample.event).decode(),
            ]
            for sample in samples
        ]
        async with self._pool.acquire() as connection:
            await queries.save_samples(connection, **columns(rows), slots=KEPT_PER_TYPE)

    async def list_types(self, tenant_id: str) -> dict[str, SampledType]:
        """Return the types that have samples."""
        async with self._pool.acquire() as connection:
            rows = queries.list_sampled_types(connection, tenant_id=tenant_id)
            return {row["event_type"]: SampledType(row["kept"], row["last_at"]) async for row in rows}

    async def load(self, tenant_id: str, event_types: Sequence[str], number: int) -> list[Sample]:
        """Return the newest samples of these types, newest first, each place once."""
        async with self._pool.acquire() as connection:
            rows = queries.load_samples(
                connection, tenant_id=tenant_id, event_types=list(event_types), number=2 * number
            )
            found: dict[tuple[str, int, int], Sample] = {}
            async for row in rows:
                place = (row["topic"], row["topic_partition"], row["topic_offset"])
                if place not in found and len(found) < number:
                    found[place] = Sample(tenant_id, _event_decoder.decode(row["event"]), *place, row["at"])
        return list(found.values())

    async def delete_old(self) -> None:
        """Forget types that have been silent for a month, and types beyond the most that a tenant may have."""
        async with self._pool.acquire() as connection:
            await queries.delete_old_samples(connection, older_than_days=KEPT_DAYS, most_types=MOST_TYPES_OF_A_TENANT)
