"""Messages that a reader could not take, kept with the reason, so that they can be seen and replayed."""

import base64
from datetime import datetime

import msgspec

from automations.contracts.wire import Reader

MAX_VALUE_BYTES = 65_536
"""At most this much of the original value is kept, in bytes."""


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One message that was refused, where it lies, and why."""

    code: str
    """`not_json`, `not_an_object`, `no_type`, `conflicting_types` … for filters."""
    reason: str
    """For people: what is wrong, and what would be right."""
    reader: str
    """The service that refused it."""
    topic: str
    partition: int
    offset: int
    timestamp: datetime
    at: datetime
    key_base64: str | None = None
    value_base64: str | None = None
    truncated: bool = False
    headers: tuple[tuple[str, str], ...] = ()


def kept_value(value: bytes | None) -> tuple[str | None, bool]:
    """Return the value as it is kept, base64, and whether it was cut."""
    if value is None:
        return None, False
    return base64.b64encode(value[:MAX_VALUE_BYTES]).decode(), len(value) > MAX_VALUE_BYTES


dead_letter_reader: Reader[DeadLetter] = Reader(DeadLetter)
