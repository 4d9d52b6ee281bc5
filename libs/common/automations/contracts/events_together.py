"""Events read many at a time: half the cost of reading each alone, where all of them look as most do.

Two usual forms are known: a CloudEvent in structured mode, and a plain JSON object that names its record `record`.
Such events are decoded into structs of these fields and no others, and what is checked of an event's bytes is checked
of all together. Whatever is not so, or may be refused, is read by `read_envelope`, alone: it alone says what an event
is. A test holds both against each other.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias, TypeVar

import msgspec

from automations.contracts.commands import Cause, TriggerEvent
from automations.contracts.event_json import USUAL_BYTES, UnreadableEvent, may_be_unusual
from automations.contracts.events import (
    DEFAULT_TENANT,
    CrmEvent,
    Envelope,
    Parts,
    Position,
    cloud_identity,
    digest_of,
    plain_identity,
    read_envelope,
    read_time,
    trigger_of,
)

LONGEST_TOGETHER_BYTES: Final = 16_384
"""Larger events are read alone: what reading them together would save is little beside their size."""

T = TypeVar("T")

_NO_CAUSE: Final = Cause()
_Text = Annotated[str, msgspec.Meta(min_length=1)]
_Unset = msgspec.UnsetType


def _given(value: T | msgspec.UnsetType) -> T | None:
    return None if value is msgspec.UNSET else value


def _time_or_extra(text: str | msgspec.UnsetType) -> tuple[datetime | None, dict[str, Any]]:
    """Return the time that a text gives, or the text among the fields that have no place of their own."""
    moment = read_time(text)
    return moment, {} if moment is not None or text is msgspec.UNSET else {"time": text}


class _Data(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    record: dict[str, Any]
    changes: dict[str, Any] | None = None
    actor: Any = None
    object: _Text | None = None


class UsualCloudEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A CloudEvent in structured mode; it offers what `Envelope` does."""

    specversion: str
    event_type: _Text = msgspec.field(name="type")
    data: _Data
    tenant_id: _Text = msgspec.field(name="tenantid", default=DEFAULT_TENANT)
    id: _Text | None = None
    source: _Text | None = None
    subject: _Text | None = None
    datacontenttype: str | None = None
    time: str | _Unset = msgspec.UNSET

    @property
    def record(self) -> dict[str, Any]:
        """The event's record; nobody changes it."""
        return self.data.record

    @property
    def changes(self) -> dict[str, Any] | None:
        """What changed; None where the event does not tell."""
        return self.data.changes

    def trigger(self, position: Position) -> TriggerEvent:
        """Return what conditions and texts see; never fails."""
        data, (moment, extra) = self.data, _time_or_extra(self.time)
        parts = Parts(
            data.record, data.changes, data.actor, self.id, self.source, self.subject, data.object, moment, extra
        )
        return trigger_of(parts, self.event_type, position)

    def event(self, position: Position, value: bytes | None, trigger: TriggerEvent | None = None) -> CrmEvent:
        """Return the whole event, `value` being its message's and `trigger` what was returned before; never fails."""
        trigger = trigger or self.trigger(position)
        identity = trigger.id if self.id is None else cloud_identity(self.source, self.id)
        digest = digest_of(value or b"", self.event_type)
        return CrmEvent(self.tenant_id, trigger, identity, digest, _NO_CAUSE, position.timestamp)


class UsualPlainEvent(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """A plain JSON object with a type and a record; it offers what `Envelope` does."""

    event_type: _Text = msgspec.field(name="type")
    record: dict[str, Any]
    """The event's record; nobody changes it."""
    event_id: _Text | _Unset = msgspec.UNSET
    source: _Text | _Unset = msgspec.UNSET
    object: _Text | _Unset = msgspec.UNSET
    changed: dict[str, Any] | _Unset = msgspec.field(name="changes", default=msgspec.UNSET)
    actor: Any = None
    time: str | _Unset = msgspec.UNSET

    @property
    def tenant_id(self) -> str:
        """Whose event it is; a plain one does not tell."""
        return DEFAULT_TENANT

    @property
    def changes(self) -> dict[str, Any] | None:
        """What changed; None where the event does not tell."""
        return _given(self.changed)

    def trigger(self, position: Position) -> TriggerEvent:
        """Return what conditions and texts see; never fails."""
        moment, extra = _time_or_extra(self.time)
        event_id, source, name = _given(self.event_id), _given(self.source), _given(self.object)
        parts = Parts(self.record, self.changes, self.actor, event_id, source, None, name, moment, extra)
        return trigger_of(parts, self.event_type, position)

    def event(self, position: Position, value: bytes | None, trigger: TriggerEvent | None = None) -> CrmEvent:
        """Return the whole event, `value` being its message's and `trigger` what was returned before; never fails."""
        trigger = trigger or self.trigger(position)
        digest = digest_of(value or b"", self.event_type)
        identity = trigger.id if self.event_id is msgspec.UNSET else plain_identity(self.event_id, digest)
        return CrmEvent(DEFAULT_TENANT, trigger, identity, digest, _NO_CAUSE, position.timestamp)


AnyEnvelope: TypeAlias = Envelope | UsualCloudEvent | UsualPlainEvent
Headers: TypeAlias = Sequence[tuple[str, bytes | None]]
_Usual: TypeAlias = UsualCloudEvent | UsualPlainEvent

_IN_CLOUD_EVENTS: Final = b'"specversion"'
_read_cloud_event: Final[Callable[[bytes], _Usual]] = msgspec.json.Decoder(UsualCloudEvent).decode
_read_plain_event: Final[Callable[[bytes], _Usual]] = msgspec.json.Decoder(UsualPlainEvent).decode


def read_envelopes(
    values: Sequence[bytes | None], headers: Iterable[Headers]
) -> Sequence[AnyEnvelope | UnreadableEvent]:
    """Return what `read_envelope` gives for the value and the headers of each message, or why it cannot be read."""
    headers = list(headers)
    usual = None if any(headers) else _read_usual(values)
    if usual is not None:
        return usual
    return [_read_alone(value, names) for value, names in zip(values, headers, strict=True)]


def _read_usual(values: Sequence[bytes | None]) -> Sequence[_Usual] | None:
    """Return the events; None where one of them is not as usual, or may be one that is refused."""
    present = [value for value in values if value]
    if not present or len(present) < len(values):
        return None
    longest = max(map(len, present))
    if longest > LONGEST_TOGETHER_BYTES:
        return None
    together = b"".join(present)
    if b"\\u0000" in together:
        return None
    if (longest > USUAL_BYTES or b"[" in together) and any(map(may_be_unusual, present)):
        return None
    read = _read_cloud_event if _IN_CLOUD_EVENTS in present[0] else _read_plain_event
    try:
        return list(map(read, present))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _read_alone(value: bytes | None, headers: Headers) -> AnyEnvelope | UnreadableEvent:
    try:
        return read_envelope(value, headers)
    except UnreadableEvent as error:
        return error
