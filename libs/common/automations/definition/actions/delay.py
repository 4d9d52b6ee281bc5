"""Wait for some time, or until a point in time."""

from datetime import datetime
from typing import Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automations.definition.actions.action_type import STEERING_FIELDS, ActionType, Duration, Moment, Output, Params


class DelayParams(Params):
    """Either a length of time or a point in time."""

    for_: Duration | None = Field(default=None, alias="for")
    """How long to wait: `3d`, `2h 30m`."""
    until: Moment | None = None
    """When to go on: a date or a time, or a name that gives one; past, the run goes on at once."""

    @model_validator(mode="after")
    def _says_one(self) -> Self:
        if self.for_ is None and self.until is None:
            raise PydanticCustomError("missing", "`for` or `until` is required")
        if self.for_ is not None and self.until is not None:
            raise PydanticCustomError("one_of", "Give either `for` or `until`, not both")
        return self


class DelayOutput(Output):
    """How long the run waited."""

    until: datetime | None = None
    """The time at which it was to go on."""


DELAY = ActionType(
    type="delay",
    title="Delay",
    description="Wait for some time, or until a date.",
    params=DelayParams,
    output=DelayOutput,
    takes=STEERING_FIELDS,
)
