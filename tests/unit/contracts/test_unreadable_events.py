"""What cannot be read as a CRM event, the reason that is given, and that nothing else is ever raised."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.events import MAX_DEPTH, MAX_EVENT_BYTES, Position, UnreadableEvent, read_event
from automations.contracts.wire import encode

POSITION = Position("crm.events", 3, 41, datetime(2026, 3, 1, 12, 0, tzinfo=UTC))
BINARY = [("ce_specversion", b"1.0"), ("ce_type", b"case.created"), ("ce_id", b"1"), ("ce_source", b"/crm")]


def code_of(value: bytes | None, headers: list[tuple[str, bytes | None]] | None = None) -> str | None:
    """Return the code of the refusal; None where the event is read."""
    refusal: UnreadableEvent | None = None
    try:
        encode(read_event(value, headers or [], POSITION).trigger)
    except UnreadableEvent as error:
        refusal = error
    assert len(str(refusal)) < 400
    return None if refusal is None else refusal.code


def with_value(inner: bytes) -> bytes:
    return b'{"type": "case.created", "record": {"x": ' + inner + b"}}"


def nested(levels: int) -> bytes:
    """Return an event whose deepest object lies `levels` deep."""
    return with_value(b"[" * (levels - 2) + b"]" * (levels - 2))


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (None, "not_json"),
        (b"", "not_json"),
        (b"hello", "not_json"),
        (b'{"type": "a"', "not_json"),
        (b'{"type": NaN}', "not_json"),
        (b'{"type": "a"} {}', "not_json"),
        (b'{"type": "a", "x": "\x00"}', "not_json"),
        (b"\xff\xfe", "not_json"),
        (b'{"type": "\xff"}', "not_utf8"),
        (b'{"type": "\xed\xa0\x80"}', "not_utf8"),
        (b"[]", "not_an_object"),
        (b'"case.created"', "not_an_object"),
        (b"5", "not_an_object"),
        (b"null", "not_an_object"),
        (b"{}", "no_type"),
        (b'{"type": ""}', "no_type"),
        (b'{"type": 5}', "no_type"),
        (b'{"specversion": "1.0", "event": "a"}', "no_type"),
        (b'{"type": "a", "event": "b"}', "conflicting_types"),
        (b'{"type": "' + b"a" * 9999 + b'", "event": "b"}', "conflicting_types"),
        (b'{"specversion": "1.0", "type": "a", "data": [1]}', "not_an_object"),
        (b'{"specversion": "1.0", "type": "a", "data": "text"}', "not_an_object"),
        (b'{"specversion": "1.0", "type": "a", "data_base64": "%%%"}', "not_json"),
        (b'{"specversion": "1.0", "type": "a", "data_base64": "/////w=="}', "not_json"),
        (b'{"specversion": "1.0", "type": "a", "data_base64": 5}', "not_json"),
        (with_value(rb'"a\u0000b"'), "nul_character"),
        (with_value(rb'"\\\u0000"'), "nul_character"),
        (rb'{"type": "a", "\u0000": 1}', "nul_character"),
        (with_value(rb'"\ud800"'), "lone_surrogate"),
        (with_value(rb'"\uD83Dxxxxxxxxxxxx"'), "lone_surrogate"),
        (with_value(rb'"\udc00"'), "lone_surrogate"),
        (with_value(b"1e400"), "number_too_large"),
        (with_value(b"-1e309"), "number_too_large"),
        (with_value(b"1" + b"0" * 309), "number_too_large"),
        (with_value(b"[[" + b"9" * 400 + b"]]"), "number_too_large"),
        (with_value(b"1" * 5000), "number_too_large"),
        (with_value(b"9" * 400 + b".5"), "number_too_large"),
        (nested(MAX_DEPTH + 1), "too_deep"),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep"),
        (with_value(b'"' + b"x" * MAX_EVENT_BYTES + b'"'), "too_large"),
    ],
)
def test_garbage_is_refused_with_its_reason(value: bytes | None, code: str) -> None:
    assert code_of(value) == code


@pytest.mark.parametrize(
    "value",
    [
        with_value(rb'"\\u0000"'),
        with_value(rb'"\\ud800"'),
        with_value(rb'"\ud83d\ude00"'),
        with_value(b"1.7976931348623157e308"),
        with_value(b"1" + b"0" * 308),
        with_value(b"-" + b"9" * 308),
        with_value(b"0." + b"0" * 400 + b"1"),
        with_value(b'"' + b"9" * 400 + b'"'),
        nested(MAX_DEPTH),
        with_value(b"[" + b"[]," * 5_000 + b"[]]"),
        b'{"type": "a", "specversion_": 1, "\\u00e4": null}',
    ],
)
def test_what_only_looks_like_garbage_is_read(value: bytes) -> None:
    assert code_of(value) is None


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (("ce_subject", b"\xff"), "not_utf8"),
        (("ce_subject", b"a\x00"), "nul_character"),
        (("ce_\x00", b"a"), "nul_character"),
        (("ce_type", b"case.closed"), "conflicting_types"),
    ],
)
def test_attributes_in_headers_are_held_to_the_same_rules(header: tuple[str, bytes], code: str) -> None:
    assert code_of(b"{}", [*BINARY, header]) == code
    assert code_of(b"{}", [*BINARY, ("trace", b"\xff\x00"), ("ce_type", b"case.created")]) is None


@pytest.mark.parametrize("value", [b"hello", b"[]", b"5"])
def test_data_of_a_binary_cloud_event_is_a_json_object(value: bytes) -> None:
    assert code_of(value, list(BINARY)) in ("not_json", "not_an_object")


@pytest.mark.parametrize("piece", [rb"\\u0000", rb"\\ud800", b"\\\\", b"9", b"[[", b"{", rb"\ud83d"])
def test_reading_takes_time_in_proportion_to_size_whatever_is_repeated(piece: bytes) -> None:
    """A full-size event of one repeated piece is judged in a small part of a second."""
    count = (MAX_EVENT_BYTES - 100) // len(piece)
    for value in (with_value(b'"' + piece * count + b'"'), with_value(piece * count)):
        started = time.process_time()
        code_of(value)
        assert time.process_time() - started < 1.0


ENVELOPE = [
    *("type", "event", "event_type", "record", "data", "payload", "id", "event_id", "object", "changes", "actor"),
    *("time", "timestamp", "occurred_at", "source", "subject", "specversion", "tenantid", "data_base64"),
    *("causerun", "causechain", "causedepth"),
]
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
names = st.one_of(
    st.sampled_from(
        [
            "type",
            "event",
            "event_type",
            "record",
            "data",
            "payload",
            "id",
            "event_id",
            "object",
            "changes",
            "actor",
            "time",
            "timestamp",
            "occurred_at",
            "source",
            "subject",
            "specversion",
            "tenantid",
            "data_base64",
            "causerun",
            "causechain",
            "causedepth",
        ]
    ),
    texts,
)
scalars = st.one_of(
    st.none(), st.booleans(), texts, st.integers(-(10**307), 10**307), st.floats(allow_nan=False, allow_infinity=False)
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=5), max_leaves=20
)
events = st.dictionaries(names, values, max_size=10)
headers = st.lists(st.tuples(st.one_of(st.sampled_from(["ce_type", "ce_specversion"]), texts), st.binary(max_size=8)))


@given(events, headers)
def test_any_json_object_is_read_or_refused_with_a_reason(event: dict[str, Any], more: list[tuple[str, bytes]]) -> None:
    code_of(json.dumps(event).encode(), list(more))


@given(st.binary(max_size=200), headers)
def test_any_bytes_are_read_or_refused_with_a_reason(value: bytes, more: list[tuple[str, bytes]]) -> None:
    code_of(value, list(more))


@given(events, st.sampled_from(ENVELOPE[:3]))
def test_object_with_one_type_is_always_read(event: dict[str, Any], name: str) -> None:
    """Whatever else an object holds, one type makes it an event."""
    others = {"type", "event", "event_type", "specversion", "data_base64"} - {name}
    body = {key: field for key, field in event.items() if key not in others} | {name: "case.created"}
    assert code_of(json.dumps(body).encode()) is None


@given(st.dictionaries(texts, values, max_size=8))
def test_no_field_of_a_record_is_lost(record: dict[str, Any]) -> None:
    value = json.dumps({"type": "case.created", "record": record}).encode()
    assert read_event(value, [], POSITION).trigger.record == record


@given(events)
def test_reading_the_same_message_again_gives_the_same_event(event: dict[str, Any]) -> None:
    value = json.dumps(
        {**event, "type": "case.created", "event": "case.created", "event_type": "case.created"}
    ).encode()
    try:
        first = read_event(value, [], POSITION)
    except UnreadableEvent:
        return
    assert read_event(value, [], POSITION) == first
