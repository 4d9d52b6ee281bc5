"""How events are shown; pure."""

from typing import Any

from automations.contracts.commands import TriggerEvent


def render_event(event: TriggerEvent) -> dict[str, Any]:
    """Return an event as REST shows it; it can be sent back where an event is taken."""
    return {
        "id": event.id,
        "type": event.type,
        "time": event.time,
        "source": event.source,
        "object": event.object,
        "record_id": event.record_id,
        "record": event.record,
        "changes": event.changes,
        "actor": event.actor,
    }
