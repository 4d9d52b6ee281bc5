"""Turns a refused message into a record on the dead letters."""

from datetime import datetime
from typing import Any

from aiokafka import ConsumerRecord

from automations.clock import from_milliseconds
from automations.contracts.dead_letters import DeadLetter, kept_value
from automations.contracts.topics import DEAD_LETTERS
from automations.contracts.wire import encode
from automations.messaging.publisher import Record

_MAX_HEADER_CHARACTERS = 1_024
_MAX_KEY_BYTES = 1_024


def dead_letter(record: ConsumerRecord[Any, Any], *, code: str, reason: str, reader: str, at: datetime) -> Record:
    """Return what to publish about a message that could not be taken; its key stays that of the original."""
    value, truncated = kept_value(record.value)
    key, _ = kept_value(record.key[:_MAX_KEY_BYTES] if record.key else None)
    letter = DeadLetter(
        code=code,
        reason=reason,
        reader=reader,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp=from_milliseconds(record.timestamp),
        at=at,
        key_base64=key,
        value_base64=value,
        truncated=truncated,
        headers=tuple(
            (name, (raw or b"").decode(errors="replace")[:_MAX_HEADER_CHARACTERS]) for name, raw in record.headers
        ),
    )
    return Record(DEAD_LETTERS.name, record.key, encode(letter))
