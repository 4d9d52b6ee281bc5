"""Events read many at a time are what they are when each is read alone, whatever they hold."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.contracts.event_json import MAX_DEPTH
from automations.contracts.events import Envelope, Position, UnreadableEvent, read_envelope
from automations.contracts.events_together import (
    LONGEST_TOGETHER_BYTES,
    UsualCloudEvent,
    UsualPlainEvent,
    read_envelopes,
)

POSITION = Position("crm.events", 3, 41, datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
CLOUD_EVENT = {
    "specversion": "1.0",
    "type": "case.created",
    "source": "/crm",
    "id": "e-1",
    "time": "2026-03-01T11:59:00Z",
    "data": {"record": {"id": "500A", "priority": "high"}, "changes": {"priority": {"from": "low", "to": "high"}}},
}
PLAIN = {"type": "case.created", "event_id": "e-1", "record": {"id": "500A", "tags": ["a"]}, "source": "crm"}

NAMES = [
    "specversion",
    "type",
    "event",
    "event_type",
    "source",
    "id",
    "event_id",
    "subject",
    "tenantid",
    "time",
    "timestamp",
    "datacontenttype",
    "data",
    "data_base64",
    "record",
    "payload",
    "object",
    "changes",
    "actor",
    "causerun",
    "causedepth",
    "region",
]
VALUES = st.one_of(
    st.sampled_from(["", "e-1", "case.created", "2026-03-01T12:00:00Z", "1.0"]),
    st.none(),
    st.booleans(),
    st.integers(-2, 2),
    st.dictionaries(
        st.sampled_from([*NAMES, "x"]), st.one_of(st.none(), st.text(max_size=3), st.integers()), max_size=3
    ),
    st.lists(st.integers(), max_size=2),
)
ODD_BYTES = (
    b'{"type": "a", "record": {"x": ' + b"9" * 400 + b"}}",
    b'{"type": "a", "record": {"x": 1e999}}',
    b'{"type": "a", "record": {"x": "\\u0000"}}',
    b'{"type": "a", "record": {"x": "\\ud800"}}',
    b'{"type": "a", "record": {"x": "\\\\u0000"}}',
    b'{"type": "a", "record": {"x": "\xff"}}',
    b'{"type": "a", "record": {"x": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}}",
    b'{"type": "a", "record": {"x": ' + b'{"y":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH + b"}}",
    b'{"type": "a", "record": {}, "record": {"id": 1}}',
    b'{"type": "a", "record": {"x": 1}} ',
    b'{"type": "a", "record": {"x": 1}} {}',
    b"[" * 5_000,
    b'{"type"',
    b"",
    None,
)


def changed(usual: dict[str, Any], left_out: list[str], more: dict[str, Any]) -> bytes:
    return json.dumps({name: value for name, value in usual.items() if name not in left_out} | more).encode()


EVENTS = st.one_of(
    st.builds(
        changed,
        st.sampled_from([CLOUD_EVENT, PLAIN]),
        st.lists(st.sampled_from(NAMES), max_size=2),
        st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=2),
    ),
    st.sampled_from(ODD_BYTES),
)


def alone(value: bytes | None) -> object:
    try:
        envelope = read_envelope(value, ())
    except UnreadableEvent as error:
        return error.code, str(error)
    return seen(envelope, value)


def seen(read: Any, value: bytes | None) -> object:
    if isinstance(read, UnreadableEvent):
        return read.code, str(read)
    return read.tenant_id, read.event_type, read.record, read.changes, read.event(POSITION, value)


def together(values: Sequence[bytes | None]) -> list[object]:
    return [seen(*pair) for pair in zip(read_envelopes(values, [()] * len(values)), values, strict=True)]


@given(st.lists(EVENTS, min_size=1, max_size=3))
@settings(max_examples=1_500)
def test_reading_together_is_reading_alone(values: list[bytes | None]) -> None:
    assert together(values) == [alone(value) for value in values]


@pytest.mark.parametrize("value", ODD_BYTES)
def test_odd_event_is_what_it_is_alone(value: bytes | None) -> None:
    usual = json.dumps(PLAIN).encode()
    assert together([value]) == [alone(value)]
    assert together([usual, value, usual]) == [alone(usual), alone(value), alone(usual)]


@pytest.mark.parametrize(("usual", "form"), [(CLOUD_EVENT, UsualCloudEvent), (PLAIN, UsualPlainEvent)])
def test_usual_events_are_decoded_at_once(usual: dict[str, Any], form: type) -> None:
    values = [json.dumps(usual | {"type": f"case.{number}"}).encode() for number in range(3)]
    assert {type(one) for one in read_envelopes(values, [()] * 3)} == {form}
    assert together(values) == [alone(value) for value in values]


def test_one_that_has_headers_or_is_large_is_read_alone() -> None:
    usual, headers = json.dumps(PLAIN).encode(), [("ce_type", b"case.created"), ("ce_specversion", b"1.0")]
    large = json.dumps(PLAIN | {"record": {"text": "x" * LONGEST_TOGETHER_BYTES}}).encode()
    assert together([usual, large]) == [alone(usual), alone(large)]
    first, second = read_envelopes([usual, b'{"record": {"id": "1"}}'], [(), headers])
    assert seen(first, usual) == alone(usual)
    assert isinstance(second, Envelope)
    assert second.record == {"id": "1"}
