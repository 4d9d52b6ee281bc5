"""Tell one user something, in the inbox of the product."""

from automations.definition.actions.action_type import ActionType, Output, Params, RequiredText, Text


class NotifyUserParams(Params):
    """A message to a user."""

    user: RequiredText
    """The user: an id or an e-mail address."""
    message: Text
    """What is to be said."""


class NotifyUserOutput(Output):
    """The notification."""

    notification_id: str | None = None
    """Its id in the inbox."""
    user: str | None = None
    """Who received it."""


NOTIFY_USER = ActionType(
    type="notify_user",
    title="Notify user",
    description="Send a message to one user's inbox.",
    params=NotifyUserParams,
    output=NotifyUserOutput,
)
