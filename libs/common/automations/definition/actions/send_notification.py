"""Send a message to a channel such as Slack."""

from automations.definition.actions.action_type import ActionType, Output, Params, RequiredText, Text


class SendNotificationParams(Params):
    """A message and the channel it goes out by."""

    channel: RequiredText
    """The channel: `slack`, or another that is set up."""
    message: Text
    """What is to be said."""
    to: Text | list[Text] | None = None
    """Where in the channel, such as `#support`; absent, the channel's default."""


class SendNotificationOutput(Output):
    """The notification as the channel took it."""

    notification_id: str | None = None
    """Its id, the same on every attempt."""
    channel: str | None = None
    """The channel it went out by."""
    to: str | list[str] | None = None
    """Where it went."""


SEND_NOTIFICATION = ActionType(
    type="send_notification",
    title="Send notification",
    description="Send a message to Slack or another channel.",
    params=SendNotificationParams,
    output=SendNotificationOutput,
)
