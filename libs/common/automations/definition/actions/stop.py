"""End the run here, whatever else is under way."""

from typing import Annotated, Literal

from automations.definition.actions.action_type import ActionType, OrTemplate, Output, Params, Text


class StopParams(Params):
    """How the run ends."""

    status: Annotated[Literal["completed", "failed"], OrTemplate()] = "completed"
    """What the run is then: `completed` or `failed`."""
    reason: Text | None = None
    """Why, in words for people."""


class StopOutput(Output):
    """How the run ended."""

    status: str | None = None
    """What the run became."""
    reason: str | None = None
    """Why."""


STOP = ActionType(
    type="stop",
    title="Stop",
    description="End the run, as completed or as failed.",
    params=StopParams,
    output=StopOutput,
    takes=("when", "next"),
)
