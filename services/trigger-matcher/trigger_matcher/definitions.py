"""The definitions as the matcher holds them: fed one by one from their topic, asked for an index once a batch.

Invariants: what a definition did not touch is not indexed again; an automation that cannot be understood
(a newer version may have written it) is left out and logged, and nothing else suffers from it.
"""

from dataclasses import dataclass, field

from automations.contracts.definitions import AutomationDefined, Definition, SandboxSwitched
from automations.listening import Listener, listeners_of
from automations.observability import get_logger
from trigger_matcher.matching import EMPTY, Index

log = get_logger(__name__)


@dataclass
class _Tenant:
    """One tenant's sandbox switch, and the automations that have to do with the sandbox."""

    switch: SandboxSwitched | None = None
    sandboxed: dict[str, AutomationDefined] = field(default_factory=dict)


class DefinitionTable:
    """All automations that may start something."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._listeners: dict[tuple[str, str], tuple[Listener, ...]] = {}
        self._indexed: dict[tuple[str, str], tuple[Listener, ...]] = {}
        """What the index still holds of automations that were taken since it was made."""
        self._left_out: set[tuple[str, str]] = set()
        self._index = EMPTY

    @property
    def held(self) -> int:
        """Automations that listen in at least one lane."""
        return len(self._listeners)

    @property
    def left_out(self) -> int:
        """Automations that could not be understood."""
        return len(self._left_out)

    def take(self, tenant_id: str, automation_id: str | None, definition: Definition | None) -> None:
        """Take one record of the definitions topic; no record means deleted."""
        tenant = self._tenants.setdefault(tenant_id, _Tenant())
        if automation_id is None:
            self._take_switch(tenant, definition if isinstance(definition, SandboxSwitched) else None)
        elif definition is None:
            tenant.sandboxed.pop(automation_id, None)
            self._left_out.discard((tenant_id, automation_id))
            self._place((tenant_id, automation_id), ())
        elif isinstance(definition, AutomationDefined):
            if definition.sandbox is None:
                tenant.sandboxed.pop(automation_id, None)
            else:
                tenant.sandboxed[automation_id] = definition
            self._listen(tenant, definition)

    def index(self) -> Index:
        """Return the index of everything taken so far."""
        if self._indexed:
            gone = (one for listeners in self._indexed.values() for one in listeners)
            new = (one for name in self._indexed for one in self._listeners.get(name, ()))
            self._index = self._index.edited(gone, new)
            self._indexed.clear()
        return self._index

    def _take_switch(self, tenant: _Tenant, switch: SandboxSwitched | None) -> None:
        tenant.switch = switch
        for definition in tenant.sandboxed.values():
            self._listen(tenant, definition)

    def _listen(self, tenant: _Tenant, definition: AutomationDefined) -> None:
        name = (definition.tenant_id, definition.automation_id)
        try:
            listeners = tuple(listeners_of(definition, tenant.switch))
        except Exception:
            # Whatever is wrong with one document, the others go on.
            log.error("an automation that cannot be understood is left out", **_ids(definition), exc_info=True)
            self._left_out.add(name)
            listeners = ()
        else:
            self._left_out.discard(name)
        self._place(name, listeners)

    def _place(self, name: tuple[str, str], listeners: tuple[Listener, ...]) -> None:
        known = self._listeners.get(name, ())
        if listeners:
            self._listeners[name] = listeners
        else:
            self._listeners.pop(name, None)
        self._indexed.setdefault(name, known)


def _ids(definition: AutomationDefined) -> dict[str, object]:
    return {
        "tenant_id": definition.tenant_id,
        "automation_id": definition.automation_id,
        "revision": definition.revision,
    }
