"""What every type of action can do, purely: `render` its request, `read` an answer, `simulate` one for a dry run."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.commands import TriggerEvent
from automations.contracts.identity import idempotency_key
from executor.actions.requests import Request


class Circumstances(msgspec.Struct, frozen=True, gc=False):
    """What a request may depend on besides its parameters."""

    event: TriggerEvent
    at: datetime
    """The step's journaled time."""
    run_id: str
    path: str
    """The step's."""

    @property
    def key(self) -> str:
        """The effect's idempotency key."""
        return idempotency_key(self.run_id, self.path)


class NotPossible(ValueError):
    """The step cannot be performed with these parameters for this record; the message says what would be right."""


Answer = Mapping[str, Any]
Output = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Performer:
    """One type of action. `render` takes the typed, rendered parameters and may raise `NotPossible`."""

    type: str
    render: Callable[[Any, Circumstances], Request]
    read: Callable[[Request, Answer, Circumstances], Output]
    """The step's output, from what the other side answered."""
    simulate: Callable[[Request, Circumstances], Answer]
    """What the other side would have answered, for a dry run."""


def record_of(circumstances: Circumstances) -> dict[str, str]:
    """Return how the CRM port names the event's record.

    Raises:
        NotPossible: the event names no record.
    """
    event = circumstances.event
    if event.record_id is None or event.object is None:
        raise NotPossible("the event names no record; its data needs an `id`")
    return {"type": event.object, "id": event.record_id}
