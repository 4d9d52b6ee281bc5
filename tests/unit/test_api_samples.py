"""What is kept of a stream of events, and what it says of their fields."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.samples.fields import MOST_EXAMPLES, MOST_FIELDS, render_fields
from api.samples.peek import peek_name
from api.samples.preview import read_preview
from api.samples.ring import KEPT_PER_SECOND, KEPT_PER_TYPE, LARGEST_BYTES, MOST_BYTES, MOST_TYPES, Ring
from automations.contracts.commands import TriggerEvent
from automations.contracts.events import UnreadableEvent, read_envelope


def added(ring: Ring[int], numbers: range, event_type: str = "case.created", size: int = 300) -> None:
    for number in numbers:
        ring.add("default", event_type, number, size)


def test_ring_gives_what_came_in_its_order() -> None:
    ring: Ring[int] = Ring()
    added(ring, range(3))
    added(ring, range(3, 5), "case.updated")
    taken = ring.take(1.0)
    assert [event for _, kind, event in taken if kind == "case.created"] == [0, 1, 2]
    assert [event for _, kind, event in taken if kind == "case.updated"] == [3, 4]
    assert ring.take(2.0) == []


def test_ring_gives_no_more_than_its_rate_however_fast_the_stream_is() -> None:
    """A minute of 5,000 events a second is at most a full ring and a minute of the rate."""
    ring: Ring[int] = Ring()
    taken = 0
    for second in range(60):
        added(ring, range(1_000))
        taken += len(ring.take(100.0 + second))
    assert taken <= KEPT_PER_TYPE + 60 * KEPT_PER_SECOND
    assert taken >= 59 * KEPT_PER_SECOND


def test_ring_gives_the_newest_events_once_the_stream_is_calm() -> None:
    ring: Ring[int] = Ring()
    taken: list[int] = []
    for second in range(20):
        added(ring, range(second * 1_000, (second + 1) * 1_000))
        taken += [event for *_, event in ring.take(float(second))]
    for second in range(20, 60):
        taken += [event for *_, event in ring.take(float(second))]
    assert taken[-KEPT_PER_TYPE:] == list(range(20_000 - KEPT_PER_TYPE, 20_000))


def test_one_busy_type_takes_nothing_from_a_rare_one() -> None:
    ring: Ring[int] = Ring()
    added(ring, range(1), "rare.thing")
    added(ring, range(10_000))
    assert ("default", "rare.thing", 0) in ring.take(0.0)


def test_ring_keeps_within_its_memory_and_leaves_large_events_out() -> None:
    ring: Ring[int] = Ring()
    added(ring, range(1), size=LARGEST_BYTES + 1)
    assert ring.take(0.0) == []
    for kind in range(20):
        added(ring, range(KEPT_PER_TYPE), f"t{kind}.created", LARGEST_BYTES)
    taken = ring.take(1.0)
    assert 0 < len(taken) * LARGEST_BYTES <= MOST_BYTES
    assert {kind for _, kind, _ in taken} == {f"t{kind}.created" for kind in range(20)}


def test_ring_forgets_types_beyond_its_most() -> None:
    ring: Ring[int] = Ring()
    for kind in range(MOST_TYPES + 50):
        added(ring, range(1), f"t{kind}")
    assert len(ring.take(1.0)) == MOST_TYPES + 50
    added(ring, range(1), "t0")
    assert [kind for _, kind, _ in ring.take(2.0)] == ["t0"]


PLAIN = [
    {"type": "case.created", "id": "1"},
    {"event": "case.created", "record": {"id": "1"}},
    {"event_type": "case.created"},
    {"type": "case.created", "tenantid": "acme"},
    {"specversion": "1.0", "type": "case.created", "tenantid": "acme", "data": {}},
    {"specversion": "1.0", "type": "case.created", "data": {}},
    {"type": 5},
    {"type": ""},
    {"type": {"a": 1}, "event": "case.created"},
    [],
    "x",
]


@pytest.mark.parametrize("body", PLAIN)
def test_peek_names_what_reading_names(body: Any) -> None:
    value = json.dumps(body).encode()
    try:
        envelope = read_envelope(value, ())
    except UnreadableEvent:
        return
    assert peek_name(value, ()) == (envelope.tenant_id, envelope.event_type)


def test_peek_reads_the_headers_of_a_binary_event() -> None:
    headers = [("ce_specversion", b"1.0"), ("ce_type", b"case.created"), ("ce_tenantid", b"acme")]
    assert peek_name(b"{}", headers) == ("acme", "case.created")
    assert peek_name(b"", ()) is None
    assert peek_name(None, headers) is None


@given(st.binary(max_size=60))
def test_peek_never_fails(value: bytes) -> None:
    peek_name(value, ())
    peek_name(value, [("ce_specversion", value), ("ce_type", value)])


def event(record: dict[str, Any], changes: dict[str, Any] | None = None) -> TriggerEvent:
    return TriggerEvent(
        id="e", type="case.created", time=datetime(2026, 3, 1, tzinfo=UTC), record=record, changes=changes
    )


def by_path(fields: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {field["path"]: field for field in fields}


def test_fields_say_how_often_and_with_what_values() -> None:
    fields = render_fields(
        [event({"priority": "critical"}), event({"priority": "critical"}), event({"priority": 1}), event({})]
    )
    assert fields == [
        {"path": "priority", "types": ["text", "number"], "share": 0.75, "examples": ["critical", 1]},
    ]


def test_fields_lead_through_objects_and_lists_as_conditions_do() -> None:
    record = {"account": {"country": "DE"}, "contacts": [{"mail": "a@b.c"}, {"mail": "d@e.f"}], "tags": ["vip"]}
    fields = by_path(render_fields([event(record)]))
    assert fields["account.country"]["examples"] == ["DE"]
    assert fields["contacts"]["types"] == ["list"]
    assert fields["contacts.mail"] == {
        "path": "contacts.mail",
        "types": ["text"],
        "share": 1.0,
        "examples": ["a@b.c", "d@e.f"],
    }
    assert fields["tags"] == {"path": "tags", "types": ["list"], "share": 1.0, "examples": ["vip"]}


def test_fields_name_what_changed_and_escape_the_languages_own_words() -> None:
    fields = by_path(
        render_fields([event({"event": "x", "any": 1, "gone": None}, {"stage": {"from": "a", "to": "b"}})])
    )
    assert set(fields) >= {"record.event", "record.any", "changes.stage"}
    assert "gone" not in fields


def test_fields_tell_true_from_one() -> None:
    fields = by_path(render_fields([event({"flag": True}), event({"flag": 1})]))
    assert fields["flag"]["types"] == ["boolean", "number"]
    assert [type(example) for example in fields["flag"]["examples"]] == [bool, int]


def test_fields_are_limited_and_keep_long_texts_out_of_the_examples() -> None:
    fields = render_fields([event({f"f{n}": n for n in range(MOST_FIELDS + 10)} | {"long": "x" * 500})] * 2)
    assert len(fields) == MOST_FIELDS
    [field] = render_fields([event({"f": n}) for n in range(40)])
    assert len(field["examples"]) == MOST_EXAMPLES
    assert render_fields([event({"long": "x" * 500})])[0]["examples"] == []


def test_preview_names_all_that_is_wrong() -> None:
    pointers = [problem.pointer for problem in read_preview({"trigger": {"event": "a b"}, "x": 1}).problems]
    assert pointers == ["/x", "/trigger/event"]
    assert [problem.pointer for problem in read_preview({}).problems] == ["/trigger"]
    broken = {"trigger": {"event": "case.created", "conditions": [1]}, "conditions": "x"}
    assert {problem.pointer.split("/")[1] for problem in read_preview(broken).problems} == {"trigger", "conditions"}
