"""Give names to values, for later actions to use."""

from typing import Annotated, Any

from pydantic import Field

from automations.definition.actions.action_type import STEERING_FIELDS, ActionType, Output, Params
from automations.definition.document import ID_PATTERN


class SetParams(Params):
    """The names and their values."""

    values: dict[Annotated[str, Field(pattern=ID_PATTERN)], Any] = Field(min_length=1, max_length=100)
    """The value of each name; later actions read it as `vars.<name>`."""


class SetOutput(Output):
    """What was set."""

    values: dict[str, Any] = Field(default_factory=dict)
    """The names with their values."""


SET = ActionType(
    type="set",
    title="Set values",
    description="Give names to values that later actions use.",
    params=SetParams,
    output=SetOutput,
    takes=STEERING_FIELDS,
)
