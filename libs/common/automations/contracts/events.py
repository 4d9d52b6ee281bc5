"""CRM events as they arrive, whoever published them, and what they are read as.

Three forms are read: CloudEvents in binary mode (attributes in headers), CloudEvents in structured mode,
and plain JSON objects, leniently. Unknown attributes and fields are kept and never refused; what cannot
be read at all is refused with a reason (`UnreadableEvent`).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from automations.contracts.commands import Cause, TriggerEvent
from automations.contracts.event_json import MAX_DEPTH as MAX_DEPTH
from automations.contracts.event_json import UnreadableEvent as UnreadableEvent
from automations.contracts.event_json import name_kind, read_base64, read_json
from automations.contracts.topics import MAX_EVENT_BYTES

DEFAULT_TENANT = "default"
MAX_CHAIN_DEPTH = 1_000_000

_TYPE_FIELDS = ("type", "event", "event_type")
_TIME_FIELDS = ("time", "timestamp", "occurred_at")
_RECORD_FIELDS = ("record", "data", "payload")
_CAUSE_FIELDS = ("causerun", "causechain", "causedepth")
_CLOUD_EVENT_ATTRIBUTES = frozenset(
    ("specversion", "type", "source", "id", "subject", "tenantid", "datacontenttype", "data", "data_base64")
).union(_CAUSE_FIELDS)
_PLACES_IN_DATA = frozenset(("record", "changes", "actor", "object"))
_LONGEST_KEY_CHARACTERS = 512
_LONGEST_CHAIN_CHARACTERS = 128


class Position(msgspec.Struct, frozen=True):
    """Where an event lies on Kafka, and when the broker appended it."""

    topic: str
    partition: int
    offset: int
    timestamp: datetime


class CrmEvent(msgspec.Struct, frozen=True):
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
        """Object and id of the event's record, as `record_key_of` gives them."""
        return record_key_of(self.trigger)


def record_key_of(event: TriggerEvent) -> str | None:
    """Return object and id of an event's record; None where it names none.

    What is too long for a key is told apart by its digest instead.
    """
    if event.record_id is None:
        return None
    key = f"{event.object}/{event.record_id}"
    if len(key) > _LONGEST_KEY_CHARACTERS:
        return hashlib.blake2b(key.encode(), digest_size=20, person=b"record-key").hexdigest()
    return key


class Envelope(msgspec.Struct, gc=False):
    """An event of which only tenant and type were read: enough to know whether anybody listens to it.

    What more is asked of it is read then, once: most events match nobody, and cost no more than their record.
    """

    tenant_id: str
    event_type: str
    _body: dict[str, Any]
    _is_cloud_event: bool
    _record: dict[str, Any] | None = None
    _parts: "Parts | None" = None

    @property
    def record(self) -> dict[str, Any]:
        """The event's record; nobody changes it."""
        record = self._record
        if record is None:
            record = self._record = self._read().record
        return record

    @property
    def changes(self) -> dict[str, Any] | None:
        """What changed; None where the event does not tell."""
        if self._is_cloud_event:
            data = self._body.get("data")
            changes = None if data is None else data.get("changes")
            return changes if type(changes) is dict else None
        return self._read().changes

    def trigger(self, position: Position) -> TriggerEvent:
        """Return what conditions and texts see; never fails."""
        return trigger_of(self._read(), self.event_type, position)

    def event(self, position: Position, value: bytes | None, trigger: TriggerEvent | None = None) -> CrmEvent:
        """Return the whole event, `value` being its message's and `trigger` what was returned before; never fails."""
        trigger = trigger or self.trigger(position)
        digest = digest_of(value or b"", self.event_type)
        event_id = self._read().event_id
        if event_id is None:
            identity = trigger.id
        elif self._is_cloud_event:
            identity = cloud_identity(trigger.source, event_id)
        else:
            identity = plain_identity(event_id, digest)
        return CrmEvent(self.tenant_id, trigger, identity, digest, _caused_by(self._body), position.timestamp)

    def _read(self) -> "Parts":
        parts = self._parts
        if parts is None:
            parts = self._parts = (_cloud_parts if self._is_cloud_event else _plain_parts)(self._body, self.event_type)
        return parts


class Parts(msgspec.Struct):
    """What an event's body is read as, whatever its form."""

    record: dict[str, Any]
    changes: dict[str, Any] | None
    actor: Any
    event_id: str | None
    source: str | None
    subject: str | None
    object: str | None
    time: datetime | None
    extra: dict[str, Any]


def trigger_of(parts: Parts, event_type: str, position: Position) -> TriggerEvent:
    """Return what conditions and texts see of an event."""
    record = parts.record
    return TriggerEvent(
        id=parts.event_id or _position_identity(position),
        type=event_type,
        time=parts.time or position.timestamp,
        source=parts.source,
        object=parts.object or event_type.partition(".")[0],
        record_id=_text(record.get("id")) or parts.subject,
        record=record,
        changes=parts.changes,
        actor=parts.actor,
        subject=parts.subject,
        extra=parts.extra,
    )


def cloud_identity(source: str | None, event_id: str) -> str:
    """Return what a CloudEvent is identified by."""
    return f"{source or ''}:{event_id}"


def plain_identity(event_id: str, digest: str) -> str:
    """Return what a plain event that has an id is identified by."""
    return f"plain:{event_id}:{digest}"


def read_event(value: bytes | None, headers: Iterable[tuple[str, bytes | None]], position: Position) -> CrmEvent:
    """Return the event that a message carries.

    Raises:
        UnreadableEvent: it is larger than `MAX_EVENT_BYTES`, no JSON object, has no type or two different
            ones, nests deeper than `MAX_DEPTH`, or holds NUL, a lone surrogate or a number beyond double.
    """
    return read_envelope(value, headers).event(position, value)


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


def read_envelope(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> Envelope:
    """Return tenant and type of the event that a message carries; everything in it has been checked.

    Raises:
        UnreadableEvent: as for `read_event`.
    """
    if headers or not value or len(value) > MAX_EVENT_BYTES:
        value = _sized(value, headers)
        attributes = _cloud_event_headers(headers)
        if attributes is not None:
            return _cloud_envelope({**attributes, "data": read_json(value) if value else None})
    body = read_json(value)
    if type(body) is not dict:
        raise UnreadableEvent("not_an_object", f"the value is {name_kind(body)}; an event is a JSON object")
    if "specversion" in body:
        if "data_base64" in body and body.get("data") is None:
            body["data"] = read_base64(body["data_base64"])
        return _cloud_envelope(body)
    return Envelope(DEFAULT_TENANT, _plain_type(body), body, False)


def _sized(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> bytes:
    """Return a value that is missing as an empty one, where the headers are an event by themselves."""
    if value and len(value) > MAX_EVENT_BYTES:
        raise UnreadableEvent("too_large", f"the value has {len(value)} bytes; at most {MAX_EVENT_BYTES} are read")
    if not value and (not headers or _cloud_event_headers(headers) is None):
        raise UnreadableEvent("not_json", "the message has no value; an event is a JSON object")
    return value or b""


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


def _cloud_envelope(body: dict[str, Any]) -> Envelope:
    event_type = body.get("type")
    if type(event_type) is not str or not event_type:
        raise UnreadableEvent("no_type", "the CloudEvent has no attribute `type`, for instance case.created")
    data, record = body.get("data"), None
    if data is not None:
        if type(data) is not dict:
            raise UnreadableEvent("not_an_object", f"the event's data is {name_kind(data)}; it is a JSON object")
        record = data.get("record")
    tenant_id = body.get("tenantid")
    return Envelope(
        DEFAULT_TENANT if tenant_id is None else _text(tenant_id) or DEFAULT_TENANT,
        event_type,
        body,
        True,
        record if type(record) is dict else None,
    )


def _cloud_parts(body: dict[str, Any], event_type: str) -> Parts:
    data: dict[str, Any] = body.get("data") or {}
    changes, actor, name = data.get("changes"), data.get("actor"), data.get("object")
    extra = {key: body[key] for key in body if key not in _CLOUD_EVENT_ATTRIBUTES}
    record = data.get("record")
    if type(record) is dict:
        if len(data) > 1:
            for key in data:
                if key not in _PLACES_IN_DATA:
                    extra.setdefault(key, data[key])
    else:
        record = {key: field for key, field in data.items() if key not in ("changes", "actor")}
        name = None
    time = read_time(extra.get("time"))
    if time is not None:
        del extra["time"]
    return Parts(
        record,
        changes if type(changes) is dict else None,
        actor,
        _text(body.get("id")),
        _text(body.get("source")),
        _text(body.get("subject")),
        _text(name),
        time,
        extra,
    )


def _plain_type(body: dict[str, Any]) -> str:
    types = {name: body[name] for name in _TYPE_FIELDS if name in body and isinstance(body[name], str) and body[name]}
    if not types:
        raise UnreadableEvent(
            "no_type",
            "the event has no type; name it in `type`, `event` or `event_type`, for instance case.created",
        )
    if len(types) > 1 and len(set(types.values())) > 1:
        said = ", ".join(f"{name} is {text[:80]!r}" for name, text in types.items())
        raise UnreadableEvent("conflicting_types", f"the event names different types: {said}; name one")
    event_type: str = next(iter(types.values()))
    return event_type


def _plain_parts(body: dict[str, Any], event_type: str) -> Parts:
    """Read leniently: what is understood as part of the envelope is taken out, the remaining fields are kept."""
    rest = {name: body[name] for name in body if not (name in _TYPE_FIELDS and body[name] == event_type)}
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
    return Parts(record, changes, actor, event_id, source, None, object_name, time, extra)


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
        moment = read_time(fields.get(name))
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
    return Cause(run_id=_chain_text(run), chain_id=_chain_text(chain), depth=number)


def _chain_text(value: Any) -> str | None:
    """Return an identifier of a chain, as headers of calls can carry it: what does not fit is its digest."""
    text = _text(value)
    if text is None or (len(text) <= _LONGEST_CHAIN_CHARACTERS and text.isascii() and text.isprintable()):
        return text
    return hashlib.blake2b(text.encode(), digest_size=20, person=b"chain").hexdigest()


def read_time(value: Any) -> datetime | None:
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


def digest_of(value: bytes, event_type: str) -> str:
    """Return 24 hexadecimal digits that tell an event's bytes from those of any other event of its type."""
    return hashlib.blake2b(value, digest_size=12, person=b"crm-event", key=event_type.encode()[:64]).hexdigest()


def _position_identity(position: Position) -> str:
    milliseconds = int(position.timestamp.timestamp() * 1000)
    return f"{position.topic}/{position.partition}/{position.offset}/{milliseconds}"
