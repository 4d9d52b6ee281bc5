"""CRM events as they arrive, whoever published them, and what they are read as.

Three forms are read: CloudEvents in binary mode (attributes in headers), CloudEvents in structured mode,
and plain JSON objects, leniently. Unknown attributes and fields are kept and never refused; what cannot
be read at all is refused with a reason (`UnreadableEvent`).
"""

import base64
import binascii
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
_CLOUD_EVENT_ATTRIBUTES = frozenset(
    ("specversion", "type", "source", "id", "subject", "tenantid", "datacontenttype", "data", "data_base64")
).union(_CAUSE_FIELDS)
_LONGEST_KEY_CHARACTERS = 512
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LONE_SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
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
        """Object and id of the event's record; None where it names none.

        What is too long for a key is told apart by its digest instead.
        """
        if self.trigger.record_id is None:
            return None
        key = f"{self.trigger.object}/{self.trigger.record_id}"
        if len(key) > _LONGEST_KEY_CHARACTERS:
            return hashlib.blake2b(key.encode(), digest_size=20, person=b"record-key").hexdigest()
        return key


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event of which only tenant and type were read: enough to know whether anybody listens to it."""

    tenant_id: str
    event_type: str
    _body: dict[str, Any]
    _value: bytes
    _position: Position
    _is_cloud_event: bool

    def event(self) -> CrmEvent:
        """Return the whole event; never fails."""
        if self._is_cloud_event:
            return _read_cloud_event(self._body, self.tenant_id, self.event_type, self._value, self._position)
        return _read_plain(self._body, self.event_type, self._value, self._position)


def read_event(value: bytes | None, headers: Iterable[tuple[str, bytes | None]], position: Position) -> CrmEvent:
    """Return the event that a message carries.

    Raises:
        UnreadableEvent: it is larger than `MAX_EVENT_BYTES`, no JSON object, has no type or two different
            ones, nests deeper than `MAX_DEPTH`, or holds NUL, a lone surrogate or a number beyond double.
    """
    return read_envelope(value, headers, position).event()


def event_names(event: TriggerEvent) -> dict[str, Any]:
    """Return what conditions and texts may name after `event.`, the fields that have no place of their own included."""
    return {
        **event.extra,
        "id": event.id,
        "type": event.type,
        "time": event.time,
        "source": event.source,
        "object": event.object,
        "record_id": event.record_id,
        "record": event.record,
        "changes": event.changes,
        "actor": event.actor,
        "subject": event.subject,
    }


def read_envelope(value: bytes | None, headers: Iterable[tuple[str, bytes | None]], position: Position) -> Envelope:
    """Return tenant and type of the event that a message carries; everything in it has been checked.

    Raises:
        UnreadableEvent: as for `read_event`.
    """
    value = value or b""
    if len(value) > MAX_EVENT_BYTES:
        raise UnreadableEvent("too_large", f"the value has {len(value)} bytes; at most {MAX_EVENT_BYTES} are read")
    attributes = _cloud_event_headers(headers) if headers else None
    if attributes is not None:
        body = {**attributes, "data": _read_json(value) if value else None}
        return _cloud_envelope(body, value, position)
    if not value:
        raise UnreadableEvent("not_json", "the message has no value; an event is a JSON object")
    body = _read_json(value)
    if not isinstance(body, dict):
        raise UnreadableEvent("not_an_object", f"the value is {_kind(body)}; an event is a JSON object")
    if "specversion" in body:
        if "data_base64" in body and body.get("data") is None:
            body["data"] = _read_base64(body["data_base64"])
        return _cloud_envelope(body, value, position)
    return Envelope(DEFAULT_TENANT, _plain_type(body), body, value, position, False)


def _cloud_event_headers(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, Any] | None:
    """Return the attributes of a CloudEvent in binary mode; None where the headers are of something else."""
    attributes: dict[str, Any] = {}
    for name, raw in headers:
        if name == "content-type" and raw is not None and raw.startswith(b"application/cloudevents"):
            return None
        if name.startswith("ce_") and raw is not None:
            attribute, text = name[3:], _header_text(name, raw)
            if attribute == "type" and attributes.get("type", text) != text:
                said = f"{attributes['type'][:80]!r} and {text[:80]!r}"
                raise UnreadableEvent(
                    "conflicting_types", f"two headers ce_type name different types: {said}; name one"
                )
            attributes[attribute] = text
    return attributes if "specversion" in attributes else None


def _header_text(name: str, raw: bytes) -> str:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        raise UnreadableEvent("not_utf8", f"the header {name[:80]} is not UTF-8 text") from None
    if "\0" in text or "\0" in name:
        raise UnreadableEvent("nul_character", f"the header {name[:80]!r} holds the character NUL; leave it out")
    return text


def _read_json(value: bytes) -> Any:
    if b"\\u0000" in value and _NUL.search(value):
        raise UnreadableEvent("nul_character", "a text holds the character NUL (\\u0000); leave it out")
    try:
        body = _decoder.decode(value)
    except RecursionError:
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels") from None
    except UnicodeDecodeError as error:
        raise UnreadableEvent("not_utf8", f"the value is not UTF-8: {error.reason}") from None
    except msgspec.DecodeError as error:
        raise _json_problem(value, str(error)) from None
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _depth_exceeds(body, MAX_DEPTH):
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels")
    if len(value) >= 300 and _LONG_NUMBER.search(value) and _holds_beyond_double(body):
        raise _number_problem()
    return body


def _read_base64(text: Any) -> Any:
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise UnreadableEvent("not_json", "`data_base64` is not base64; send JSON in `data`") from None
    return _read_json(value)


def _json_problem(value: bytes, message: str) -> UnreadableEvent:
    if "surrogate" in message or _LONE_SURROGATE.search(value):
        return UnreadableEvent("lone_surrogate", "a text holds a lone surrogate (one half of a \\u pair)")
    if "out of range" in message:
        return _number_problem()
    return UnreadableEvent("not_json", f"the value is not JSON: {message}")


def _number_problem() -> UnreadableEvent:
    return UnreadableEvent("number_too_large", "a number is beyond the range of a double (about 1.8e308)")


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


def _cloud_envelope(body: dict[str, Any], value: bytes, position: Position) -> Envelope:
    event_type = body.get("type")
    if not isinstance(event_type, str) or not event_type:
        raise UnreadableEvent("no_type", "the CloudEvent has no attribute `type`, for instance case.created")
    data = body.get("data")
    if data is not None and not isinstance(data, dict):
        raise UnreadableEvent("not_an_object", f"the event's data is {_kind(data)}; it is a JSON object")
    return Envelope(_text(body.get("tenantid")) or DEFAULT_TENANT, event_type, body, value, position, True)


def _read_cloud_event(
    body: dict[str, Any], tenant_id: str, event_type: str, value: bytes, position: Position
) -> CrmEvent:
    data: dict[str, Any] = body.get("data") or {}
    changes, actor, name = data.get("changes"), data.get("actor"), data.get("object")
    extra = {key: field for key, field in body.items() if key not in _CLOUD_EVENT_ATTRIBUTES}
    record = data.get("record")
    if isinstance(record, dict):
        for key, field in data.items():
            if key not in ("record", "changes", "actor", "object"):
                extra.setdefault(key, field)
    else:
        record = {key: field for key, field in data.items() if key not in ("changes", "actor")}
        name = None
    time = _time(extra.get("time"))
    if time is not None:
        del extra["time"]
    source = _text(body.get("source"))
    event_id = _text(body.get("id"))
    identity = f"{source or ''}:{event_id}" if event_id else _position_identity(position)
    subject = _text(body.get("subject"))
    trigger = TriggerEvent(
        id=event_id or identity,
        type=event_type,
        time=time or position.timestamp,
        source=source,
        object=_text(name) or event_type.split(".", 1)[0],
        record_id=_text(record.get("id")) or subject,
        record=record,
        changes=changes if isinstance(changes, dict) else None,
        actor=actor,
        subject=subject,
        extra=extra,
    )
    digest = _digest(value, event_type)
    return CrmEvent(tenant_id, trigger, identity, digest, _caused_by(body), position.timestamp)


def _plain_type(body: dict[str, Any]) -> str:
    types = {name: body[name] for name in _TYPE_FIELDS if isinstance(body.get(name), str) and body[name]}
    if not types:
        raise UnreadableEvent(
            "no_type",
            "the event has no type; name it in `type`, `event` or `event_type`, for instance case.created",
        )
    if len(set(types.values())) > 1:
        said = ", ".join(f"{name} is {text[:80]!r}" for name, text in types.items())
        raise UnreadableEvent("conflicting_types", f"the event names different types: {said}; name one")
    event_type: str = next(iter(types.values()))
    return event_type


def _read_plain(body: dict[str, Any], event_type: str, value: bytes, position: Position) -> CrmEvent:
    """Read leniently: what is understood as part of the envelope is taken out, the remaining fields are kept."""
    rest = {name: field for name, field in body.items() if not (name in _TYPE_FIELDS and field == event_type)}
    time = _take_time(rest)
    record, holder = _take_record(rest)
    event_id = _take_text(rest, "event_id")
    source = None
    if record is not None:
        event_id = event_id or _take_text(rest, "id")
        source = _take_text(rest, "source")
    around = (holder, rest)
    object_name = _take_text(holder if "object" in holder else rest, "object")
    changes = next((fields.pop("changes") for fields in around if isinstance(fields.get("changes"), dict)), None)
    actor = next((fields.pop("actor") for fields in around if "actor" in fields), None)
    for name in _CAUSE_FIELDS:
        rest.pop(name, None)
    extra = {} if record is None else {**holder, **rest}
    record = rest if record is None else record
    digest = _digest(value, event_type)
    identity = f"plain:{event_id}:{digest}" if event_id else _position_identity(position)
    trigger = TriggerEvent(
        id=event_id or identity,
        type=event_type,
        time=time or position.timestamp,
        source=source,
        object=object_name or event_type.split(".", 1)[0],
        record_id=_text(record.get("id")),
        record=record,
        changes=changes,
        actor=actor,
        extra=extra,
    )
    return CrmEvent(DEFAULT_TENANT, trigger, identity, digest, _caused_by(body), position.timestamp)


def _take_record(rest: dict[str, Any]) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Take out the object that is the record, with the object around it; None where the event is flat."""
    data = rest.get("data")
    if isinstance(data, dict) and isinstance(data.get("record"), dict):
        del rest["data"]
        holder = {name: field for name, field in data.items() if name != "record"}
        return data["record"], holder
    for name in _RECORD_FIELDS:
        if isinstance(rest.get(name), dict):
            return rest.pop(name), {}
    return None, {}


def _take_time(fields: dict[str, Any]) -> datetime | None:
    for name in _TIME_FIELDS:
        moment = _time(fields.get(name))
        if moment is not None:
            del fields[name]
            return moment
    return None


def _take_text(fields: dict[str, Any], name: str) -> str | None:
    text = _text(fields.get(name))
    if text is not None:
        del fields[name]
    return text


def _caused_by(fields: Mapping[str, Any]) -> Cause:
    run, chain, depth = (fields.get(name) for name in _CAUSE_FIELDS)
    if run is None and chain is None and depth is None:
        return Cause()
    try:
        number = min(max(int(str(depth or 0)), 0), MAX_CHAIN_DEPTH)
    except ValueError:
        number = 0
    return Cause(run_id=_text(run), chain_id=_text(chain), depth=number)


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
