"""CRM events as they arrive, whoever published them, and what they are read as.

Three forms are read: CloudEvents in binary mode (attributes in headers), CloudEvents in structured mode,
and plain JSON objects, leniently. Unknown attributes and fields are kept and never refused; what cannot
be read at all is refused with a reason (`UnreadableEvent`).
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from automations.contracts.commands import Cause, TriggerEvent
from automations.contracts.topics import MAX_EVENT_BYTES

DEFAULT_TENANT = "default"
MAX_DEPTH = 100
MAX_CHAIN_DEPTH = 1_000_000

_TYPE_FIELDS = ("type", "event", "event_type")
_TIME_FIELDS = ("time", "timestamp", "occurred_at")
_RECORD_FIELDS = ("record", "data", "payload")
_CAUSE_FIELDS = ("causerun", "causechain", "causedepth")
_ENVELOPE = frozenset(
    (*_TYPE_FIELDS, *_TIME_FIELDS, *_RECORD_FIELDS, *_CAUSE_FIELDS, "event_id", "object", "changes", "actor")
)
_NUL = re.compile(rb"\\u0000")
_LONG_NUMBER = re.compile(rb"[0-9]{300}")
_decoder = msgspec.json.Decoder()


class UnreadableEvent(ValueError):
    """An event that no automation can be evaluated with; `code` is for filters, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


@dataclass(frozen=True, slots=True)
class Position:
    """Where an event lies on Kafka, and when the broker appended it."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime


@dataclass(frozen=True, slots=True)
class CrmEvent:
    """An event as read: whose it is, what it says, and what it is identified by."""

    tenant_id: str
    trigger: TriggerEvent
    identity: str
    """`<source>:<id>` of a CloudEvent; id and digest of a plain event; its position where it has no id."""
    digest: str
    caused_by: Cause
    appended_at: datetime

    @property
    def cause(self) -> str:
        """What a run that this event starts is caused by."""
        return f"event:{self.identity}"

    @property
    def record_key(self) -> str | None:
        """Object and id of the event's record; None where it names none."""
        if self.trigger.record_id is None:
            return None
        return f"{self.trigger.object}/{self.trigger.record_id}"


def read_event(value: bytes | None, headers: Iterable[tuple[str, bytes | None]], position: Position) -> CrmEvent:
    """Return the event that a message carries.

    Raises:
        UnreadableEvent: it is larger than `MAX_EVENT_BYTES`, no JSON object, has no type or two different
            ones, nests deeper than `MAX_DEPTH`, or holds NUL, a lone surrogate or a number beyond double.
    """
    attributes = _cloud_event_headers(headers)
    body = _read_json(value)
    if attributes is not None:
        return _read_cloud_event({**attributes, "data": body}, value or b"", position)
    if not isinstance(body, dict):
        raise UnreadableEvent("not_an_object", f"the value is {_kind(body)}; an event is a JSON object")
    if "specversion" in body:
        return _read_cloud_event(body, value or b"", position)
    return _read_plain(body, value or b"", position)


def _cloud_event_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, Any] | None:
    attributes: dict[str, Any] = {}
    for name, raw in headers:
        if name.startswith("ce_") and raw is not None:
            try:
                attributes[name[3:]] = raw.decode()
            except UnicodeDecodeError:
                raise UnreadableEvent("not_utf8", f"the header {name} is not UTF-8 text") from None
    return attributes if "specversion" in attributes else None


def _read_json(value: bytes | None) -> Any:
    if not value:
        raise UnreadableEvent("not_json", "the message has no value; an event is a JSON object")
    if len(value) > MAX_EVENT_BYTES:
        raise UnreadableEvent("too_large", f"the value has {len(value)} bytes; at most {MAX_EVENT_BYTES} are read")
    if _NUL.search(value) and _holds_nul(value):
        raise UnreadableEvent("nul_character", "a text holds the character NUL (\\u0000); leave it out")
    try:
        body = _decoder.decode(value)
    except RecursionError:
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels") from None
    except UnicodeDecodeError as error:
        raise UnreadableEvent("not_utf8", f"the value is not UTF-8: {error.reason}") from None
    except msgspec.DecodeError as error:
        raise _json_problem(str(error)) from None
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _depth_exceeds(body, MAX_DEPTH):
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels")
    if _LONG_NUMBER.search(value) and _holds_beyond_double(body):
        raise UnreadableEvent("number_too_large", "a number is beyond the range of a double (about 1.8e308)")
    return body


def _json_problem(message: str) -> UnreadableEvent:
    if "surrogate" in message:
        return UnreadableEvent("lone_surrogate", f"a text holds a lone surrogate: {message}")
    if "out of range" in message:
        return UnreadableEvent("number_too_large", "a number is beyond the range of a double (about 1.8e308)")
    return UnreadableEvent("not_json", f"the value is not JSON: {message}")


def _holds_nul(value: bytes) -> bool:
    """Whether an escape `\\u0000` is really one, not the text backslash-u0000."""
    for match in _NUL.finditer(value):
        before = value[: match.start()]
        backslashes = len(before) - len(before.rstrip(b"\\"))
        if backslashes % 2 == 0:
            return True
    return False


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _holds_beyond_double(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            float(value)
        except OverflowError:
            return True
    if isinstance(value, dict):
        return any(_holds_beyond_double(child) for child in value.values())
    if isinstance(value, list):
        return any(_holds_beyond_double(child) for child in value)
    return False


def _read_cloud_event(body: dict[str, Any], value: bytes, position: Position) -> CrmEvent:
    event_type = body.get("type")
    if not isinstance(event_type, str) or not event_type:
        raise UnreadableEvent("no_type", "the CloudEvent has no attribute `type`, for instance case.created")
    source = _text(body.get("source")) or ""
    event_id = _text(body.get("id"))
    data = body.get("data")
    record: Any = {}
    changes: Any = None
    actor: Any = None
    name: Any = None
    if isinstance(data, dict):
        changes, actor, name = data.get("changes"), data.get("actor"), data.get("object")
        record = data.get("record")
        if not isinstance(record, dict):
            record = {key: field for key, field in data.items() if key not in ("changes", "actor")}
            name = None
    digest = _digest(value, event_type)
    if event_id:
        identity = f"{source}:{event_id}"
    else:
        event_id = identity = _position_identity(position)
    return _build(
        tenant_id=_text(body.get("tenantid")) or DEFAULT_TENANT,
        identity=identity,
        digest=digest,
        cause_fields=body,
        position=position,
        event_id=event_id,
        event_type=event_type,
        time=_first_time(body, ("time",)),
        source=source or None,
        object_name=name,
        record=record,
        changes=changes,
        actor=actor,
        subject=_text(body.get("subject")),
    )


def _read_plain(body: dict[str, Any], value: bytes, position: Position) -> CrmEvent:
    types = {name: body[name] for name in _TYPE_FIELDS if isinstance(body.get(name), str) and body[name]}
    if not types:
        raise UnreadableEvent(
            "no_type",
            "the event has no type; name it in `type`, `event` or `event_type`, for instance case.created",
        )
    if len(set(types.values())) > 1:
        said = ", ".join(f"{name} is {text!r}" for name, text in types.items())
        raise UnreadableEvent("conflicting_types", f"the event names different types: {said}; name one")
    event_type = next(iter(types.values()))
    record, of_its_own, holder = _plain_record(body, types)
    event_id = _text(body.get("event_id"))
    if event_id is None and of_its_own:
        event_id = _text(body.get("id"))
    digest = _digest(value, event_type)
    identity = f"plain:{event_id}:{digest}" if event_id else _position_identity(position)
    return _build(
        tenant_id=DEFAULT_TENANT,
        identity=identity,
        digest=digest,
        cause_fields=body,
        position=position,
        event_id=event_id or identity,
        event_type=event_type,
        time=_first_time(body, _TIME_FIELDS),
        source=_text(body.get("source")) if of_its_own else None,
        object_name=holder.get("object", body.get("object")),
        record=record,
        changes=holder.get("changes", body.get("changes")),
        actor=holder.get("actor", body.get("actor")),
        subject=None,
    )


def _plain_record(body: dict[str, Any], types: Mapping[str, str]) -> tuple[dict[str, Any], bool, dict[str, Any]]:
    """Return the record, whether it lies in an object of its own, and the object that holds it."""
    data = body.get("data")
    if isinstance(data, dict) and isinstance(data.get("record"), dict):
        return data["record"], True, data
    for name in _RECORD_FIELDS:
        if isinstance(body.get(name), dict):
            return body[name], True, body
    flat = {
        name: field for name, field in body.items() if name not in _ENVELOPE or name in _fields_of_record(body, types)
    }
    return flat, False, body


def _fields_of_record(body: dict[str, Any], types: Mapping[str, str]) -> set[str]:
    """Names of the envelope that a flat event uses for fields of its record (a number called `type`, say)."""
    return {name for name in (*_TYPE_FIELDS, *_RECORD_FIELDS) if name in body and name not in types}


def _build(
    *,
    tenant_id: str,
    identity: str,
    digest: str,
    cause_fields: Mapping[str, Any],
    position: Position,
    event_id: str,
    event_type: str,
    time: datetime | None,
    source: str | None,
    object_name: Any,
    record: dict[str, Any],
    changes: Any,
    actor: Any,
    subject: str | None,
) -> CrmEvent:
    record_id = _text(record.get("id")) or subject
    trigger = TriggerEvent(
        id=event_id,
        type=event_type,
        time=time or position.timestamp,
        source=source,
        object=_text(object_name) or event_type.split(".", 1)[0],
        record_id=record_id,
        record=record,
        changes=changes if isinstance(changes, dict) else None,
        actor=actor,
        subject=subject,
    )
    return CrmEvent(tenant_id, trigger, identity, digest, _caused_by(cause_fields), position.timestamp)


def _caused_by(fields: Mapping[str, Any]) -> Cause:
    run, chain, depth = (fields.get(name) for name in _CAUSE_FIELDS)
    if run is None and chain is None and depth is None:
        return Cause()
    try:
        number = min(max(int(str(depth or 0)), 0), MAX_CHAIN_DEPTH)
    except ValueError:
        number = 0
    return Cause(run_id=_text(run), chain_id=_text(chain), depth=number)


def _first_time(fields: Mapping[str, Any], names: Iterable[str]) -> datetime | None:
    for name in names:
        moment = _time(fields.get(name))
        if moment is not None:
            return moment
    return None


def _time(value: Any) -> datetime | None:
    """Return ISO 8601 text, or seconds or milliseconds since 1970, as a moment; None for anything else."""
    try:
        if isinstance(value, str):
            moment = datetime.fromisoformat(value)
            return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if abs(value) >= 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _text(value: Any) -> str | None:
    """Return an identifier as text; numbers are identifiers too, anything else is none."""
    if isinstance(value, str):
        return value or None
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None


def _digest(value: bytes, event_type: str) -> str:
    return hashlib.blake2b(value, digest_size=12, person=b"crm-event", key=event_type.encode()[:64]).hexdigest()


def _position_identity(position: Position) -> str:
    milliseconds = int(position.timestamp.timestamp() * 1000)
    return f"{position.topic}/{position.partition}/{position.offset}/{milliseconds}"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "no object")
