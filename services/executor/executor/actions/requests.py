"""What a step asks of the world, as a value: rendered once, journaled, and sent unchanged on every attempt."""

from datetime import datetime
from typing import Any, Literal

import msgspec


class CrmCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="crm"):
    """One call of the CRM port; the gate adds address, credentials and the idempotency and cause headers."""

    method: str
    path: str
    body: dict[str, Any]


class WebhookCall(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="webhook"):
    """An HTTP request to an address that the automation's author chose."""

    method: str
    url: str
    headers: dict[str, str] = {}
    body: Any = None


class Notify(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="notify"):
    """A message to people, handed to notifier; its result comes back as the step's."""

    channel: str
    to: tuple[str, ...] = ()
    subject: str | None = None
    body: str = ""
    sender: str | None = None
    cc: tuple[str, ...] = ()


class AskPerson(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="ask_person"):
    """A human task: the run waits until somebody completes it. No effect on the world: api lists the task."""

    title: str
    instructions: str | None = None
    assignee: str | None = None
    groups: tuple[str, ...] = ()
    form: dict[str, Any] | None = None
    due_at: datetime | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    sample: Any = None


Request = CrmCall | WebhookCall | Notify | AskPerson
