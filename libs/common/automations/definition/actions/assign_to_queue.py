"""Put the record into a queue of the CRM."""

from collections.abc import Iterator

from automations.definition.actions.action_type import ActionType, Output, Params, RequiredText
from automations.definition.caused_events import CausedEvent, change_of


class AssignToQueueParams(Params):
    """A queue."""

    queue_id: RequiredText
    """The CRM's id of the queue."""


class AssignToQueueOutput(Output):
    """Where the record is now."""

    queue_id: str | None = None
    """The queue."""
    record_id: str | None = None
    """The record that was put into it."""


def _causes(params: AssignToQueueParams) -> Iterator[CausedEvent]:
    return change_of({"queue": params.queue_id})


ASSIGN_TO_QUEUE = ActionType(
    type="assign_to_queue",
    title="Assign to queue",
    description="Put the record into a queue, for its team to pick up.",
    params=AssignToQueueParams,
    output=AssignToQueueOutput,
    causes=_causes,
)
