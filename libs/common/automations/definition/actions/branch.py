"""Choose one of several ways: the first whose conditions hold."""

from automations.definition.actions.action_type import ActionType, Output, Params


class BranchParams(Params):
    """None: the ways stand in `branches` and `otherwise`, beside the type."""


class BranchOutput(Output):
    """Which way was taken."""

    entry: int | None = None
    """The number of the entry that held, from 1; null if none did."""
    next: str | None = None
    """The id of the action it leads to; null if the path ended."""


BRANCH = ActionType(
    type="branch",
    title="Branch",
    description="Go on by the first way whose conditions hold.",
    params=BranchParams,
    output=BranchOutput,
    takes=("branches", "otherwise"),
    needs=("branches",),
)
