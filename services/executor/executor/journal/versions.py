"""Every version of every automation that was ever seen, prepared for running."""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from automations.contracts.definitions import AutomationDefined
from automations.contracts.wire import encode
from automations.observability import get_logger
from automations.postgres import Pool, outwait
from executor.engine.plan import Plan, plan_version
from executor.journal.sql import queries

log = get_logger(__name__)

VersionKey = tuple[str, str, int]
_MAX_PLANS: Final = 10_000


class UnknownVersion(LookupError):
    """No definition with this version was ever read."""


class Versions:
    """Keeps documents in PostgreSQL, because a run keeps the version it began with, and plans in memory."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._unsaved: dict[VersionKey, bytes] = {}
        self._plans: OrderedDict[VersionKey, Plan] = OrderedDict()

    def take(self, definition: AutomationDefined) -> None:
        """Remember the versions that a definition holds, to be saved with the next `save`."""
        for held in (definition.live, definition.sandbox):
            if held is not None:
                self.keep((definition.tenant_id, definition.automation_id, held.version), held.document)

    def keep(self, key: VersionKey, document: Mapping[str, Any]) -> None:
        """Remember one document, to be saved with the next `save`; a version that is known stays as it is."""
        if key not in self._plans:
            self._unsaved[key] = encode(document)

    async def save(self) -> None:
        """Return when every version seen so far is durable."""
        while self._unsaved:
            batch = dict(list(self._unsaved.items())[:5_000])
            keys = list(batch)
            await outwait(
                lambda: queries.save_versions(
                    self._pool,
                    tenants=[key[0] for key in keys],  # noqa: B023
                    automations=[key[1] for key in keys],  # noqa: B023
                    versions=[key[2] for key in keys],  # noqa: B023
                    documents=list(batch.values()),  # noqa: B023
                )
            )
            for key in keys:
                self._unsaved.pop(key, None)

    async def plan(self, tenant_id: str, automation_id: str, version: int) -> Plan:
        """Return the version's plan.

        Raises:
            UnknownVersion: no such version was ever seen, or this release cannot run it.
        """
        key = (tenant_id, automation_id, version)
        plan = self._plans.get(key)
        if plan is not None:
            self._plans.move_to_end(key)
            return plan
        document = self._unsaved.get(key)
        if document is None:
            document = await outwait(
                lambda: queries.load_version(
                    self._pool, tenant_id=tenant_id, automation_id=automation_id, version=version
                )
            )
        if document is None:
            raise UnknownVersion(f"automation {automation_id} has no version {version} that was ever read")
        try:
            plan = plan_version(msgspec.json.decode(document))
        except (ValueError, LookupError) as error:
            raise UnknownVersion(f"version {version} of {automation_id} cannot be run: {error}") from error
        self._plans[key] = plan
        if len(self._plans) > _MAX_PLANS:
            self._plans.popitem(last=False)
        return plan
