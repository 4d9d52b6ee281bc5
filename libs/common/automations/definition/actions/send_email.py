"""Send an e-mail to one or several addresses."""

from pydantic import Field

from automations.definition.actions.action_type import ActionType, Output, Params, RequiredText, Text


class SendEmailParams(Params):
    """An e-mail."""

    to: RequiredText | list[RequiredText]
    """Who receives it: an address, several separated by commas, or a list."""
    subject: Text
    """The subject line."""
    body: Text = ""
    """The message, as plain text."""
    cc: Text | list[Text] | None = None
    """Who receives a copy."""
    from_: Text | None = Field(default=None, alias="from")
    """The sender's address, if not the one that is set for the whole installation."""


class SendEmailOutput(Output):
    """The e-mail as it was handed to the mail server."""

    message_id: str | None = None
    """The Message-ID header, the same on every attempt."""
    to: list[str] = Field(default_factory=list)
    """The addresses it was sent to."""


SEND_EMAIL = ActionType(
    type="send_email",
    title="Send email",
    description="Send an email to one or more addresses.",
    params=SendEmailParams,
    output=SendEmailOutput,
)
