"""Create a task in the CRM, for somebody to do there; the run does not wait for it."""

from typing import Annotated, Literal

from automations.definition.actions.action_type import (
    ActionType,
    Duration,
    OrTemplate,
    Output,
    Params,
    Text,
)
from automations.definition.caused_events import CausedEvent


class CreateTaskParams(Params):
    """A task in the CRM."""

    title: Text
    """What is to be done, in a few words."""
    description: Text | None = None
    """What else is to be known."""
    assignee: Text | None = None
    """The user who is to do it."""
    due_in: Duration | None = None
    """When it is due, counted from the step: `3d`, `2h 30m`."""
    priority: Annotated[Literal["low", "normal", "high", "urgent"], OrTemplate()] | None = None
    """How urgent it is."""


class CreateTaskOutput(Output):
    """The task as the CRM created it."""

    id: str | None = None
    """The CRM's id of the task."""
    title: str | None = None
    """Its title."""


def _causes(params: CreateTaskParams) -> tuple[CausedEvent, ...]:
    given = params.model_dump(include={"title", "description", "assignee", "priority"}, exclude_none=True)
    return (CausedEvent("created", "creates a task", record_object="task", fields=given),)


CREATE_TASK = ActionType(
    type="create_task",
    title="Create task",
    description="Create a task in the CRM, linked to the record.",
    params=CreateTaskParams,
    output=CreateTaskOutput,
    causes=_causes,
)
