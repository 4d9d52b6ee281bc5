"""What a channel is: a way to hand one message on, once, and to say what became of it."""

import re
from typing import Any, Literal, Protocol

from automations.contracts.notifications import SendNotification
from automations.contracts.step_errors import StepError

ATTEMPT_SECONDS = 5.0
"""The longest that one attempt waits for the other side."""

_LONGEST_SAID_CHARACTERS = 500
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")


Reached = Literal["not_sent", "unanswered", "answered"]
"""How far a message came. `not_sent`: it never left. `unanswered`: nobody can tell what became of it."""


class Refused(Exception):
    """The message will not go out, however often it is tried."""

    def __init__(self, kind: str, message: str, detail: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.error = StepError(kind=kind, message=message, detail=detail or {})


class NotNow(Exception):
    """The other side cannot be reached or asks to wait; another attempt may pass."""

    def __init__(
        self, message: str, *, reached: Reached = "unanswered", retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.reached: Reached = reached
        self.retry_after_seconds = retry_after_seconds


class Channel(Protocol):
    """One way to reach people."""

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        """Make one attempt and return the step's output.

        `sent_to` is kept between the attempts of one message: a channel that sends to each address by itself
        notes there whom it has reached, and does not send to them again.

        Raises:
            Refused: trying again would not help.
            NotNow: it might.
        """
        ...

    async def close(self) -> None:
        """Give up connections."""
        ...


def quote_answer(said: str | bytes) -> str:
    """Return what the other side said as one line that can be shown and stored."""
    text = said.decode(errors="replace") if isinstance(said, bytes) else said
    return _CONTROLS.sub(" ", text).strip()[:_LONGEST_SAID_CHARACTERS]
