"""Reads what callers send: JSON bodies, and the headers that every effect of Automations carries.

Pure. What cannot be read is refused with a status and a sentence that names the field and says what would be right.
"""

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import TypeVar

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from demo_crm.changes import OWN_FIELDS, Cause, JsonObject

LARGEST_BODY_BYTES = 1_048_576
LARGEST_FIND = 1000
_DEEPEST = 50
_LONGEST_NAME = 500
_Model = TypeVar("_Model", bound=BaseModel)


class Refused(Exception):
    """A request that is not done, with the HTTP status and the reason for its sender."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class RecordReference(BaseModel):
    """Which record is meant."""

    model_config = ConfigDict(strict=True)

    type: str = Field(min_length=1, max_length=_LONGEST_NAME)
    id: str = Field(min_length=1, max_length=_LONGEST_NAME)


class TaskBody(BaseModel):
    """`POST /tasks`. Fields that are not named here are kept as well."""

    model_config = ConfigDict(extra="allow")

    title: str = Field(min_length=1)
    description: str | None = None
    assignee: str | None = None
    due_at: datetime | None = None
    record: RecordReference | None = None
    priority: str | None = None


class NoteBody(BaseModel):
    """`POST /notes`. Fields that are not named here are kept as well."""

    model_config = ConfigDict(extra="allow")

    record: RecordReference
    text: str = Field(min_length=1)


class QueueItemBody(BaseModel):
    """`POST /queues/{queue_id}/items`."""

    record: RecordReference


def validate_object(body: bytes) -> JsonObject:
    """Return the body as a JSON object that can travel in an event.

    Raises:
        Refused: 413 over 1 MiB; 400 for what is no JSON object, nests too deep, or holds NUL or a lone surrogate.
    """
    if len(body) > LARGEST_BODY_BYTES:
        raise Refused(413, f"the body has {len(body)} bytes; at most {LARGEST_BODY_BYTES} are taken")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refused(400, f"the body is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise Refused(400, "the body is not a JSON object; send the fields as {...}")
    _validate_inside(value, "", 1)
    return value


def validate_fields(body: bytes) -> JsonObject:
    """Return a record's fields; the CRM's own may not be among them."""
    fields = validate_object(body)
    for name in sorted(OWN_FIELDS & fields.keys()):
        raise Refused(400, f"{name}: is set by the CRM; leave it out")
    return fields


def validate_body(model: type[_Model], body: bytes) -> _Model:
    """Return the body as the model, or refuse it naming every wrong field."""
    fields = validate_object(body)
    for name in sorted(OWN_FIELDS & fields.keys()):
        raise Refused(400, f"{name}: is set by the CRM; leave it out")
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in error.errors()]
        raise Refused(400, "; ".join(wrong)) from None


def validate_limit(text: str | None) -> int:
    """Return how many records are asked for."""
    if text is None:
        return 100
    if not re.fullmatch(r"[0-9]{1,9}", text) or not 1 <= int(text) <= LARGEST_FIND:
        raise Refused(400, f"limit: {text!r} is not a number from 1 to {LARGEST_FIND}")
    return int(text)


def validate_cause(headers: Mapping[str, str]) -> Cause:
    """Return who writes: a run of Automations, by its headers, or else another system."""
    run, chain = headers.get("automations-run"), headers.get("automations-chain")
    depth = headers.get("automations-depth")
    if depth is not None and not re.fullmatch(r"[0-9]{1,9}", depth):
        raise Refused(400, f"Automations-Depth: {depth!r} is not a decimal integer")
    return Cause(
        actor_type="system" if run is None else "automation",
        actor_id="api" if run is None else run,
        run=run,
        chain=chain,
        depth=None if depth is None else int(depth),
    )


def validate_name(text: str, what: str) -> str:
    """Return a type or an id from a path, if it can travel in an event."""
    if not 0 < len(text) <= _LONGEST_NAME or "\0" in text:
        raise Refused(400, f"{what}: is 1 to {_LONGEST_NAME} characters without NUL")
    return text


def digest_request(method: str, path: str, body: bytes) -> bytes:
    """Return what tells two requests with one idempotency key apart."""
    return hashlib.sha256(b"\0".join((method.encode(), path.encode(), body))).digest()


def _validate_inside(value: object, where: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise Refused(400, f"{where[:80]}: nests deeper than {_DEEPEST} levels")
    if isinstance(value, dict):
        for name, inner in value.items():
            _validate_text(name, where or "a field's name")
            _validate_inside(inner, f"{where}.{name}" if where else name, depth + 1)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _validate_inside(inner, f"{where}[{index}]", depth + 1)
    elif isinstance(value, str):
        _validate_text(value, where)
    elif isinstance(value, int) and abs(value) > 10**308:
        raise Refused(400, f"{where}: is beyond the range of a double")


def _validate_text(text: str, where: str) -> None:
    if "\0" in text:
        raise Refused(400, f"{where}: holds the character NUL; leave it out")
