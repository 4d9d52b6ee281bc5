"""Who listens to an event: an immutable index by tenant, lane and event type.

Within a type each automation stands under one equality of its conditions, the one that fewest others share,
so that an event is compared only with automations that may match. An automation without equalities is a
candidate for every event of its type. A candidate's whole condition still decides.

Invariants: an index never changes, `replaced` returns another one that shares what did not change; the
candidates of a scope hold every listener whose condition holds in it, each once.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from automations.conditions import Condition, Equality, IndexKey
from automations.contracts.identity import Lane
from automations.paths import Path, Scope


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """One automation's document, compiled, as it listens in one lane."""

    tenant_id: str
    automation_id: str
    version: int
    lane: Lane
    event_type: str
    condition: Condition
    is_paused: bool = False
    """Its matches are reported as skipped and start nothing."""
    active_since: datetime | None = None
    """It does not see events appended before; None sets no bound."""


Group = tuple[str, Lane, str]
"""Tenant, lane and event type: what is indexed together."""


@dataclass(frozen=True, slots=True)
class _AccessPath:
    keys_of: Callable[[Scope], Collection[IndexKey]]
    listeners: Mapping[IndexKey, tuple[Listener, ...]]


@dataclass(frozen=True, slots=True)
class Listeners:
    """Everybody who listens to one event type in one lane of one tenant."""

    access_paths: tuple[_AccessPath, ...] = ()
    others: tuple[Listener, ...] = ()

    @classmethod
    def of(cls, listeners: Iterable[Listener]) -> "Listeners":
        """Return the index of these listeners."""
        everybody = tuple(listeners)
        shared = Counter(_place(equality) for one in everybody for equality in one.condition.equalities)
        others: list[Listener] = []
        keys_of: dict[Path, Callable[[Scope], Collection[IndexKey]]] = {}
        by_path: dict[Path, dict[IndexKey, list[Listener]]] = {}
        for one in everybody:
            if not one.condition.equalities:
                others.append(one)
                continue
            rarest = min(one.condition.equalities, key=lambda equality: shared[_place(equality)])
            keys_of.setdefault(rarest.path, rarest.keys_of)
            by_path.setdefault(rarest.path, {}).setdefault(rarest.key, []).append(one)
        paths = (
            _AccessPath(keys_of[path], {key: tuple(those) for key, those in by_key.items()})
            for path, by_key in by_path.items()
        )
        return cls(tuple(paths), tuple(others))

    def candidates(self, scope: Scope) -> list[Listener]:
        """Return the listeners that may match; all others certainly do not."""
        found = list(self.others)
        for access in self.access_paths:
            keys = access.keys_of(scope)
            if len(keys) > 1:
                keys = set(keys)
            for key in keys:
                found.extend(access.listeners.get(key, ()))
        return found

    def matches(self, scope: Scope) -> list[Listener]:
        """Return the listeners whose conditions hold."""
        return [one for one in self.candidates(scope) if one.condition.holds(scope)]


@dataclass(frozen=True, slots=True)
class Index:
    """All listeners of all tenants, as of one moment of the definitions."""

    groups: Mapping[Group, Listeners] = field(default_factory=dict)

    def listeners(self, tenant_id: str, lane: Lane, event_type: str) -> Listeners | None:
        """Return those who listen to the type; None where nobody does."""
        return self.groups.get((tenant_id, lane, event_type))

    def has_listeners(self, tenant_id: str, event_type: str) -> bool:
        """Return whether anybody listens to the type, in any lane."""
        groups = self.groups
        return (tenant_id, "live", event_type) in groups or (tenant_id, "sandbox", event_type) in groups

    def replaced(self, changed: Mapping[Group, Iterable[Listener]]) -> "Index":
        """Return the index in which the given groups have exactly the given listeners."""
        groups = dict(self.groups)
        for group, listeners in changed.items():
            those = tuple(listeners)
            if those:
                groups[group] = Listeners.of(those)
            else:
                groups.pop(group, None)
        return Index(groups)


def _place(equality: Equality) -> tuple[Path, IndexKey]:
    return equality.path, equality.key


EMPTY = Index()
