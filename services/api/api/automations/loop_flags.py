"""What the loop guard refused of an automation since somebody took note of it, as REST shows it.

It is counted from the skipped starts, so that a fact that comes twice counts once. A live version that is published
or promoted, a status that becomes active, and a person who dismisses it clear it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from api.automations.store import queries
from api.runs.store import is_uuid
from automations.postgres import Pool

LoopFlag = dict[str, Any]


class LoopFlags:
    """Loads and dismisses flags of one tenant at a time."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def load(self, tenant_id: str, ids: Sequence[str]) -> Mapping[str, LoopFlag]:
        """Return the flags of those automations that have one, each with the runs that led to its latest start."""
        async with self._pool.acquire() as connection:
            found = [row async for row in queries.load_loop_flags(connection, tenant_id=tenant_id, ids=list(ids))]
            chain_ids = sorted({row["chain_id"] for row in found if row["chain_id"] is not None})
            chains: dict[str, list[dict[str, Any]]] = {chain_id: [] for chain_id in chain_ids}
            if chain_ids:
                rows = queries.load_chains(
                    connection,
                    tenant_id=tenant_id,
                    chain_ids=chain_ids,
                    first_runs=[chain_id if is_uuid(chain_id) else None for chain_id in chain_ids],
                )
                async for row in rows:
                    chains[row["chain_id"]].append(_render_run(row))
        return {
            row["id"]: {
                "since": row["since"],
                "last_at": row["last_at"],
                "count": row["number"],
                "detail": row["detail"],
                "chain": chains.get(row["chain_id"], []),
            }
            for row in found
        }

    async def load_one(self, tenant_id: str, automation_id: str) -> LoopFlag | None:
        """Return the automation's flag; None where it has none."""
        return (await self.load(tenant_id, [automation_id])).get(automation_id)

    async def dismiss(self, tenant_id: str, automation_id: str) -> None:
        """Take note of what was refused up to now."""
        async with self._pool.acquire() as connection:
            await queries.dismiss_loop_flag(connection, tenant_id=tenant_id, id=automation_id)


def _render_run(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "run_id": str(row["run_id"]),
        "automation_id": row["automation_id"],
        "name": row["name"],
        "depth": row["depth"],
    }
