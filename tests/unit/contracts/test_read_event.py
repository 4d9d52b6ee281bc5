"""What a CRM event is read as, in each form that it may come in."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from automations.contracts.commands import Cause
from automations.contracts.events import CrmEvent, Position, event_names, read_event

APPENDED = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POSITION = Position("crm.events", 3, 41, APPENDED)
CRITICAL = {"id": "500A", "priority": "critical"}
BINARY = [
    ("ce_specversion", b"1.0"),
    ("ce_type", b"case.created"),
    ("ce_source", b"/crm/eu"),
    ("ce_id", b"e-1"),
    ("content-type", b"application/json"),
]


def read(
    value: object, headers: list[tuple[str, bytes | None]] | None = None, position: Position = POSITION
) -> CrmEvent:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return read_event(raw, headers or [], position)


def structured(**more: Any) -> dict[str, Any]:
    event = {"specversion": "1.0", "type": "case.created", "source": "/crm/eu", "id": "e-1"}
    return {**event, "data": {"record": CRITICAL}, **more}


@pytest.mark.parametrize("name", ["type", "event", "event_type"])
def test_plain_event_takes_its_type_from_any_of_three_names(name: str) -> None:
    event = read({name: "case.created", "record": CRITICAL})
    assert (event.trigger.type, event.trigger.record, event.tenant_id) == ("case.created", CRITICAL, "default")


def test_plain_event_may_say_the_same_type_twice() -> None:
    assert read({"type": "case.created", "event": "case.created", "id": 1}).trigger.record == {"id": 1}


@pytest.mark.parametrize("name", ["record", "data", "payload"])
def test_plain_event_takes_its_record_from_any_of_three_names(name: str) -> None:
    assert read({"type": "case.created", name: CRITICAL}).trigger.record == CRITICAL


def test_plain_event_prefers_the_record_inside_data() -> None:
    event = read(
        {"type": "case.created", "data": {"record": CRITICAL, "changes": {"a": 1}, "actor": "u1"}, "payload": {}}
    )
    assert event.trigger.record == CRITICAL
    assert (event.trigger.changes, event.trigger.actor) == ({"a": 1}, "u1")
    assert event.trigger.extra == {"payload": {}}


def test_flat_event_keeps_all_remaining_fields_as_its_record() -> None:
    event = read(
        {
            "type": "case.created",
            "time": "2026-02-01T08:00:00Z",
            "event_id": "e-9",
            "object": "case",
            "changes": {"priority": {"to": "critical"}},
            "id": "500A",
            "source": "web",
            "subject": "Printer on fire",
            "timestamp": "2026-01-01T00:00:00Z",
        }
    )
    assert event.trigger.record == {
        "id": "500A",
        "source": "web",
        "subject": "Printer on fire",
        "timestamp": "2026-01-01T00:00:00Z",
    }
    assert event.trigger.changes == {"priority": {"to": "critical"}}
    assert event.trigger.id == "e-9"
    assert event.record_key == "case/500A"


def test_flat_event_keeps_fields_that_only_look_like_the_envelope() -> None:
    """A field with an envelope's name and another meaning belongs to the record."""
    event = read({"event": "case.created", "type": 7, "time": "morning", "object": {"a": 1}, "changes": [1], "data": 5})
    assert event.trigger.record == {"type": 7, "time": "morning", "object": {"a": 1}, "changes": [1], "data": 5}
    assert event.trigger.time == APPENDED


def test_event_around_its_own_record_keeps_unknown_fields_for_conditions() -> None:
    event = read({"type": "case.created", "record": CRITICAL, "region": "EMEA", "source": "crm-eu", "id": "e-1"})
    assert event.trigger.extra == {"region": "EMEA"}
    names = event_names(event.trigger)
    assert (names["region"], names["source"], names["id"]) == ("EMEA", "crm-eu", "e-1")


def test_object_comes_from_the_types_first_segment_when_absent() -> None:
    assert read({"type": "opportunity.stage_changed", "id": 5}).record_key == "opportunity/5"
    assert read({"type": "created", "id": 5, "object": "lead"}).record_key == "lead/5"


def test_event_without_a_record_id_has_no_record_key() -> None:
    assert read({"type": "case.created", "record": {"name": "x"}}).record_key is None


def test_record_key_stays_short_whatever_the_id_is() -> None:
    long, other = (read({"type": "case.created", "id": "x" * 100_000 + end}).record_key for end in ("a", "b"))
    assert long is not None
    assert len(long) < 100
    assert long != other


def test_id_of_a_flat_event_is_the_records_and_of_another_the_events() -> None:
    assert read({"type": "case.created", "id": "500A"}).trigger.id != "500A"
    assert read({"type": "case.created", "id": "e-1", "record": CRITICAL}).trigger.id == "e-1"
    assert read({"type": "case.created", "id": "e-1", "event_id": "e-2", "record": CRITICAL}).trigger.id == "e-2"


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ({"time": "2026-02-01T10:00:00+02:00"}, datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ({"timestamp": 1_769_932_800}, datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ({"timestamp": 1_769_932_800_000}, datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ({"occurred_at": "2026-02-01T08:00:00"}, datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ({"time": "soon", "timestamp": "2026-02-01T08:00:00Z"}, datetime(2026, 2, 1, 8, tzinfo=UTC)),
        ({"time": 10**40}, APPENDED),
        ({"time": True}, APPENDED),
        ({}, APPENDED),
    ],
)
def test_time_is_read_in_several_notations_and_else_is_the_brokers(said: dict[str, Any], meant: datetime) -> None:
    assert read({"type": "case.created", "record": CRITICAL, **said}).trigger.time == meant


def test_plain_event_with_an_id_is_identified_by_it_and_its_bytes() -> None:
    one = {"type": "case.created", "event_id": "e-1", "record": CRITICAL}
    elsewhere = Position("crm.events", 0, 7, APPENDED)
    assert read(one).cause == read(one, position=elsewhere).cause
    assert read(one).cause != read({**one, "note": 1}).cause


def test_plain_event_without_an_id_is_identified_by_where_it_lies() -> None:
    one = {"type": "case.created", "id": "500A"}
    again = Position("crm.events", 3, 42, APPENDED)
    assert read(one).identity == f"crm.events/3/41/{int(APPENDED.timestamp() * 1000)}"
    assert read(one).cause != read(one, position=again).cause


def test_structured_cloud_event_is_read() -> None:
    event = read(
        structured(
            time="2026-02-01T08:00:00Z",
            subject="500A",
            tenantid="acme",
            region="EMEA",
            data={
                "record": CRITICAL,
                "changes": {"priority": {"from": "low"}},
                "actor": {"id": "u1"},
                "object": "ticket",
            },
        )
    )
    assert (event.tenant_id, event.identity) == ("acme", "/crm/eu:e-1")
    assert event.trigger.record == CRITICAL
    assert event.trigger.changes == {"priority": {"from": "low"}}
    assert event.trigger.actor == {"id": "u1"}
    assert event.trigger.subject == "500A"
    assert event.trigger.time == datetime(2026, 2, 1, 8, tzinfo=UTC)
    assert event.trigger.extra == {"region": "EMEA"}
    assert event.record_key == "ticket/500A"


def test_data_of_a_cloud_event_without_a_record_is_the_record() -> None:
    event = read(structured(data={"id": 5, "priority": "low", "changes": {"a": 1}, "actor": "u1", "object": "x"}))
    assert event.trigger.record == {"id": 5, "priority": "low", "object": "x"}
    assert (event.trigger.changes, event.trigger.actor, event.trigger.object) == ({"a": 1}, "u1", "case")


def test_fields_beside_the_record_in_data_are_kept() -> None:
    event = read(structured(data={"record": CRITICAL, "reason": "import", "region": "a"}, region="b"))
    assert event.trigger.extra == {"reason": "import", "region": "b"}


def test_subject_names_the_record_of_a_cloud_event_whose_record_has_no_id() -> None:
    assert read(structured(subject="500A", data={"record": {"priority": "low"}})).record_key == "case/500A"


def test_cloud_event_may_come_without_data() -> None:
    bare = {"specversion": "1.0", "type": "case.created", "source": "/crm/eu", "id": "e-1"}
    assert read(bare).trigger.record == {}
    assert read(b"", BINARY).trigger.record == {}


def test_cloud_event_data_may_be_base64() -> None:
    bare = {"specversion": "1.0", "type": "case.created", "source": "/crm/eu", "id": "e-1"}
    packed = base64.b64encode(json.dumps({"record": CRITICAL}).encode()).decode()
    assert read({**bare, "data_base64": packed}).trigger.record == CRITICAL


def test_binary_cloud_event_is_read_from_its_headers() -> None:
    headers = [*BINARY, ("ce_region", b"EMEA"), ("ce_subject", "Zürich".encode()), ("other", b"\xff"), ("ce_x", None)]
    event = read({"priority": "critical"}, headers)
    assert (event.identity, event.trigger.type) == ("/crm/eu:e-1", "case.created")
    assert event.trigger.record == {"priority": "critical"}
    assert event.trigger.extra == {"region": "EMEA"}
    assert event.record_key == "case/Zürich"


def test_binary_and_structured_form_of_one_event_are_one_event() -> None:
    assert read({"record": CRITICAL}, BINARY).cause == read(structured()).cause


def test_content_type_of_the_structured_form_wins_over_headers() -> None:
    headers = [*BINARY[:4], ("content-type", b"application/cloudevents+json; charset=utf-8")]
    assert read(structured(type="case.closed"), headers).trigger.type == "case.closed"


def test_cloud_event_without_an_id_is_identified_by_where_it_lies() -> None:
    assert read(structured(id=None)).identity.startswith("crm.events/3/41/")


def test_same_identity_with_other_content_has_another_digest() -> None:
    one, other = read(structured()), read(structured(data={"record": {"id": 1}}))
    assert one.cause == other.cause
    assert one.digest != other.digest


def test_digest_tells_types_in_headers_apart() -> None:
    closed = [("ce_type", b"case.closed") if name == "ce_type" else (name, raw) for name, raw in BINARY]
    assert read(CRITICAL, BINARY).digest != read(CRITICAL, closed).digest


def test_cause_of_an_event_is_read_and_never_trusted_beyond_reason() -> None:
    said = {"causerun": "r-1", "causechain": "r-0", "causedepth": "3"}
    assert read(structured(**said)).caused_by == Cause(run_id="r-1", chain_id="r-0", depth=3)
    assert read({"type": "case.created", "id": 1, **said}).trigger.record == {"id": 1}
    assert read(structured(causedepth=-5)).caused_by.depth == 0
    assert read(structured(causedepth="many")).caused_by.depth == 0
    assert read(structured(causedepth=10**100)).caused_by.depth == 1_000_000
    assert read(structured()).caused_by == Cause()
