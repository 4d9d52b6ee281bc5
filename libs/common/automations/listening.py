"""How an automation listens, and what an event means for it: one judgement for the matcher and for explanations.

Pure. An automation sees only events that the broker appended since it became active, less a tolerance for
clocks that differ. An event that waited too long on Kafka is late: it starts nothing and is reported, because
a start for a record of last week surprises people. A paused automation's matches are reported in the same way,
and so are those at the end of a chain of runs that led to one another and has grown too long: that is a loop.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from automations.conditions import Condition
from automations.conditions.access import needs_event
from automations.contracts.definitions import AutomationDefined, SandboxSwitched
from automations.contracts.events import CrmEvent, event_names
from automations.contracts.identity import Lane
from automations.definition import compile_trigger
from automations.definition.event_patterns import events_match, narrowed, parse_events
from automations.paths import Scope

CLOCK_TOLERANCE: Final = timedelta(seconds=5)
LATE_AFTER: Final = timedelta(days=8)
MOST_CAUSES: Final = 8
"""Runs that may have led to an event, one after the other, for it to start another one."""

Outcome = Literal["before_active", "late", "paused", "loop_guard", "starts"]
"""What becomes of an event that matches; the first in this order that applies."""
Verdict = Literal["other_event", "conditions_false"] | Outcome
"""What an event means for a listener; the first in this order that applies."""


@dataclass(frozen=True, slots=True, eq=False)
class Listener:
    """One automation's document, compiled, as it listens in one lane."""

    tenant_id: str
    automation_id: str
    version: int
    lane: Lane
    events: tuple[str, ...]
    """The types and patterns it listens to; each event is under at most one of them."""
    condition: Condition
    needs_event: bool = True
    """Its conditions speak of more than the record and its changes."""
    is_paused: bool = False
    """Its matches are reported as skipped and start nothing."""
    active_since: datetime | None = None
    """It does not see events appended before; None sets no bound."""

    def hears(self, event_type: str) -> bool:
        """Return whether it listens to events of this type."""
        return events_match(self.events, event_type)

    def sees(self, event: CrmEvent) -> bool:
        """Return whether the event was appended since it became active."""
        return self.active_since is None or event.appended_at >= self.active_since - CLOCK_TOLERANCE


def listeners_of(definition: AutomationDefined, switch: SandboxSwitched | None) -> Iterator[Listener]:
    """Yield how an automation listens: live while active or paused, dry while its sandbox document may run.

    `switch` is its tenant's sandbox switch, None while it was never set.

    Raises:
        Exception: a document was not validated, or a newer version wrote it.
    """
    live, sandbox = definition.live, definition.sandbox
    if live is not None and definition.status in ("active", "paused"):
        yield listener_of(
            definition,
            live.version,
            "live",
            live.document,
            is_paused=definition.status == "paused",
            active_since=definition.active_since,
        )
    if sandbox is not None and sandbox.status == "active" and switch is not None and switch.active:
        since = max(switch.since, sandbox.active_since or switch.since)
        yield listener_of(definition, sandbox.version, "sandbox", sandbox.document, active_since=since)


def listener_of(
    definition: AutomationDefined,
    version: int,
    lane: Lane,
    document: Mapping[str, Any],
    *,
    is_paused: bool = False,
    active_since: datetime | None = None,
) -> Listener:
    """Return how one document of an automation listens, whatever the automation's status.

    Raises:
        Exception: the document was not validated, or a newer version wrote it.
    """
    condition = compile_trigger(document)
    return Listener(
        tenant_id=definition.tenant_id,
        automation_id=definition.automation_id,
        version=version,
        lane=lane,
        events=narrowed(parse_events(document["trigger"]["event"])),
        condition=condition,
        needs_event=needs_event(condition.tree),
        is_paused=is_paused,
        active_since=active_since,
    )


def scope_of(event: CrmEvent) -> Scope:
    """Return what a trigger's conditions may speak of; the event's time counts as now."""
    trigger = event.trigger
    return Scope(record=trigger.record, event=event_names(trigger), changes=trigger.changes, now=trigger.time)


def is_late(event: CrmEvent, now: datetime) -> bool:
    """Return whether the event waited on Kafka for so long that it starts nothing any more."""
    return now - event.appended_at > LATE_AFTER


def judge(listener: Listener, event: CrmEvent, scope: Scope, now: datetime) -> Verdict:
    """Return what an event means for a listener; `scope` is `scope_of(event)`, made once for many listeners."""
    if not listener.hears(event.trigger.type):
        return "other_event"
    if not listener.condition.holds(scope):
        return "conditions_false"
    return judge_match(listener, event, now)


def judge_match(listener: Listener, event: CrmEvent, now: datetime) -> Outcome:
    """Return what becomes of an event that the listener hears and whose conditions hold."""
    if not listener.sees(event):
        return "before_active"
    if is_late(event, now):
        return "late"
    if listener.is_paused:
        return "paused"
    return "loop_guard" if event.caused_by.depth > MOST_CAUSES else "starts"


def too_long_chain(event: CrmEvent) -> str:
    """Return, for people, why an event at the end of a long chain starts nothing."""
    return (
        f"{event.caused_by.depth} runs led to this event, one after the other; more than {MOST_CAUSES} are taken for "
        "automations that start each other without end"
    )
