"""Messages to people, as executor hands them to notifier, and what became of them."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from automations.contracts.step_errors import StepError
from automations.contracts.wire import Reader


class SendNotification(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Send one message; the same key means the same message, to be sent once."""

    tenant_id: str
    run_id: str
    path: str
    key: str
    """`run_id:path`, constant across attempts; mail carries it as Message-ID."""
    automation_id: str
    channel: str
    """`email`, `inbox`, `slack` …"""
    to: tuple[str, ...] = ()
    """Addresses as the channel understands them; empty means the channel's default."""
    subject: str | None = None
    body: str = ""
    sender: str | None = None
    cc: tuple[str, ...] = ()
    requested_at: datetime
    at_most_once: bool = False
    """Whether it is never sent twice, even if nobody can tell whether it was."""
    dry_run: bool = False
    """Always false on the wire: dry messages are never published. notifier refuses one all the same."""


class NotificationResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one message; the step's result."""

    tenant_id: str
    run_id: str
    path: str
    key: str
    status: Literal["delivered", "failed"]
    at: datetime
    attempts: int = 1
    output: dict[str, Any] = {}
    error: StepError | None = None


send_notification_reader: Reader[SendNotification] = Reader(SendNotification)
notification_result_reader: Reader[NotificationResult] = Reader(NotificationResult)
