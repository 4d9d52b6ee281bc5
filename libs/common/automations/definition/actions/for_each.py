"""Do something for each element of a list."""

from typing import Any

from pydantic import Field

from automations.definition.actions.action_type import STEERING_FIELDS, ActionType, Output, Params


class ForEachParams(Params):
    """None: the list and the actions stand in `items` and `actions`, beside the type."""


class ForEachOutput(Output):
    """What became of the items."""

    items: list[dict[str, Any]] = Field(default_factory=list)
    """For each item, in order, its `status` and the `output` of its steps by their ids."""


FOR_EACH = ActionType(
    type="for_each",
    title="For each",
    description="Do the same actions for each item of a list.",
    params=ForEachParams,
    output=ForEachOutput,
    takes=("items", "actions", "max", "at_once", *STEERING_FIELDS, "timeout"),
    needs=("items", "actions"),
)
