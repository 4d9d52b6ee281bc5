"""Which events an action brings about in the CRM, as far as its parameters tell.

What is not known is left out: a field written with a text that holds names, fields that the action does not touch.
`docs/crm-port.md` says which events a CRM publishes for a change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from automations.templates import is_template

NAMED_CHANGES: Final = ("stage", "status")
"""Fields whose change is an event of its own as well: `opportunity.stage_changed`."""


@dataclass(frozen=True, slots=True)
class CausedEvent:
    """One event that an action brings about."""

    happening: str
    """The type behind the object: `updated`."""
    says: str
    """What the action does, in words."""
    record_object: str | None = None
    """Whose event it is; None: that of the record that the run is about."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """The fields that are written, with their values as they stand in the document."""
    is_change: bool = False
    """Whether the event names what changed: these fields, and no others."""

    def known_fields(self) -> dict[str, object]:
        """Return the written fields whose values are known before the run."""
        return {name: value for name, value in self.fields.items() if not _holds_template(value)}


def change_of(fields: Mapping[str, object]) -> Iterator[CausedEvent]:
    """Yield the events of a change of these fields of the run's record."""
    says = "writes " + " and ".join(fields)
    yield CausedEvent("updated", says, fields=fields, is_change=True)
    for name in NAMED_CHANGES:
        if name in fields:
            yield CausedEvent(f"{name}_changed", says, fields=fields, is_change=True)


def _holds_template(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(_holds_template(inner) for inner in value.values())
    if isinstance(value, list | tuple):
        return any(_holds_template(inner) for inner in value)
    return is_template(value)
