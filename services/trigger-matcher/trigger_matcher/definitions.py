"""The definitions as the matcher holds them: fed one by one from their topic, asked for an index once a batch.

Invariants: only groups that a definition touched are indexed again; an automation that cannot be understood
(a newer version may have written it) is left out and logged, and nothing else suffers from it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from automations.contracts.definitions import AutomationDefined, Definition, SandboxSwitched
from automations.definition import compile_trigger
from automations.observability import get_logger
from trigger_matcher.matching.index import EMPTY, Group, Index, Listener

log = get_logger(__name__)


@dataclass
class _Tenant:
    """One tenant's sandbox switch, and the automations that have to do with the sandbox."""

    switch: SandboxSwitched | None = None
    sandboxed: dict[str, AutomationDefined] = field(default_factory=dict)


class DefinitionTable:
    """All automations that may start something, by tenant, lane and event type."""

    def __init__(self) -> None:
        self._tenants: dict[str, _Tenant] = {}
        self._groups: dict[Group, dict[str, Listener]] = {}
        self._groups_of: dict[tuple[str, str], tuple[Group, ...]] = {}
        self._left_out: set[tuple[str, str]] = set()
        self._changed: set[Group] = set()
        self._index = EMPTY

    @property
    def held(self) -> int:
        """Automations that listen in at least one lane."""
        return len(self._groups_of)

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
        if self._changed:
            self._index = self._index.replaced({group: self._groups.get(group, {}).values() for group in self._changed})
            self._changed.clear()
        return self._index

    def _take_switch(self, tenant: _Tenant, switch: SandboxSwitched | None) -> None:
        tenant.switch = switch
        for definition in tenant.sandboxed.values():
            self._listen(tenant, definition)

    def _listen(self, tenant: _Tenant, definition: AutomationDefined) -> None:
        name = (definition.tenant_id, definition.automation_id)
        try:
            listeners = tuple(_listeners(definition, tenant.switch))
        except Exception:
            # Whatever is wrong with one document, the others go on.
            log.error("an automation that cannot be understood is left out", **_ids(definition), exc_info=True)
            self._left_out.add(name)
            listeners = ()
        else:
            self._left_out.discard(name)
        self._place(name, listeners)

    def _place(self, name: tuple[str, str], listeners: tuple[Listener, ...]) -> None:
        _, automation_id = name
        for group in self._groups_of.pop(name, ()):
            members = self._groups[group]
            del members[automation_id]
            if not members:
                del self._groups[group]
            self._changed.add(group)
        for listener in listeners:
            group = (listener.tenant_id, listener.lane, listener.event_type)
            self._groups.setdefault(group, {})[automation_id] = listener
            self._changed.add(group)
        if listeners:
            self._groups_of[name] = tuple((one.tenant_id, one.lane, one.event_type) for one in listeners)


def _ids(definition: AutomationDefined) -> dict[str, object]:
    return {
        "tenant_id": definition.tenant_id,
        "automation_id": definition.automation_id,
        "revision": definition.revision,
    }


def _listeners(definition: AutomationDefined, switch: SandboxSwitched | None) -> Iterator[Listener]:
    """Yield how the automation listens: live while active or paused, dry while its sandbox document may run."""
    live, sandbox = definition.live, definition.sandbox
    if live is not None and definition.status in ("active", "paused"):
        yield Listener(
            tenant_id=definition.tenant_id,
            automation_id=definition.automation_id,
            version=live.version,
            lane="live",
            event_type=_event_type(live.document),
            condition=compile_trigger(live.document),
            is_paused=definition.status == "paused",
            active_since=definition.active_since,
        )
    if sandbox is not None and sandbox.status == "active" and switch is not None and switch.active:
        yield Listener(
            tenant_id=definition.tenant_id,
            automation_id=definition.automation_id,
            version=sandbox.version,
            lane="sandbox",
            event_type=_event_type(sandbox.document),
            condition=compile_trigger(sandbox.document),
            active_since=max(switch.since, sandbox.active_since or switch.since),
        )


def _event_type(document: Mapping[str, Any]) -> str:
    event_type = document["trigger"]["event"]
    if not isinstance(event_type, str):
        raise TypeError(f"the trigger's event is {event_type!r}; one event type is expected")
    return event_type
