"""What a write changes, and the events that tell of it."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.events import Position, read_event
from demo_crm.changes import Cause, Change, count_events, decide_change, decide_creation, render_events

NOW = "2026-03-01T09:30:00.000Z"
LATER = "2026-03-01T09:31:00.000Z"
PERSON = Cause("user", "user-ines")
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
FIELDS = st.dictionaries(TEXT.filter(lambda name: name not in ("id", "created_at", "updated_at")), VALUES, max_size=5)


def test_change_names_only_what_differs() -> None:
    """A field that already holds its value is no difference; one that was missing came from no value."""
    before = {"id": "1", "priority": "low", "status": "new", "created_at": NOW, "updated_at": NOW}
    change = decide_change("case", before, {"priority": "high", "status": "new", "owner": "ines"}, LATER)
    assert change is not None
    assert change.differences == {
        "priority": {"from": "low", "to": "high"},
        "owner": {"from": None, "to": "ines"},
    }
    assert change.record == {**before, "priority": "high", "owner": "ines", "updated_at": LATER}


def test_change_tells_true_from_one() -> None:
    """`true` and 1 are different values."""
    change = decide_change("case", {"id": "1", "vip": 1}, {"vip": True}, NOW)
    assert change is not None
    assert change.differences == {"vip": {"from": 1, "to": True}}


@given(before=FIELDS, fields=FIELDS)
def test_change_made_twice_is_none(before: dict[str, object], fields: dict[str, object]) -> None:
    """The same change again differs in nothing, whatever the fields hold."""
    record = decide_creation("case", "1", before, NOW).record
    first = decide_change("case", record, fields, LATER)
    after = record if first is None else first.record
    assert decide_change("case", after, fields, LATER) is None


def test_creation_has_one_event_without_changes() -> None:
    """A new record is told of once, whole."""
    change = decide_creation("opportunity", "7", {"stage": "proposal"}, NOW)
    (event,) = render_events(change, PERSON, "/demo-crm", ["e1"])
    assert event.attributes["type"] == "opportunity.created"
    assert event.data == {"record": change.record, "actor": {"type": "user", "id": "user-ines"}}


def test_change_of_stage_and_status_has_events_of_its_own() -> None:
    """`updated` comes first, then an event for stage and for status, all with the same data and key."""
    change = Change(
        "opportunity",
        {"id": "7", "updated_at": NOW},
        {"status": {"from": None, "to": "open"}, "stage": {"from": "proposal", "to": "negotiation"}},
    )
    assert count_events(change) == 3
    events = render_events(change, PERSON, "/demo-crm", ["e1", "e2", "e3"])
    assert [event.attributes["type"] for event in events] == [
        "opportunity.updated",
        "opportunity.stage_changed",
        "opportunity.status_changed",
    ]
    assert len({event.key for event in events}) == 1
    assert all(event.data == events[0].data for event in events)


def test_events_of_a_person_carry_no_cause() -> None:
    """Only what a run brought about names a run, a chain and a depth."""
    (event,) = render_events(decide_creation("case", "1", {}, NOW), PERSON, "/demo-crm", ["e1"])
    assert not {"causerun", "causechain", "causedepth"} & event.attributes.keys()


@given(record_id=TEXT.filter(bool), fields=FIELDS, depth=st.integers(0, 1000))
def test_events_are_read_as_they_were_meant(record_id: str, fields: dict[str, object], depth: int) -> None:
    """What the demo CRM publishes, the product reads: type, record, changes, actor, tenant and cause."""
    cause = Cause("automation", "run-1", run="run-1", chain="chain-1", depth=depth)
    change = Change("case", {"id": record_id, **fields, "updated_at": NOW}, {"stage": {"from": None, "to": "x"}})
    published = render_events(change, cause, "/demo-crm", ["e1", "e2"])[1]
    position = Position("crm.events", 0, 0, datetime(2026, 3, 1, tzinfo=UTC))
    read = read_event(published.value(), published.headers(), position)
    assert read.tenant_id == "default"
    assert read.identity == "/demo-crm:e2"
    assert read.trigger.type == "case.stage_changed"
    assert read.trigger.object == "case"
    assert read.trigger.record == change.record
    assert read.trigger.record_id == record_id
    assert read.trigger.changes == {"stage": {"from": None, "to": "x"}}
    assert read.trigger.actor == {"type": "automation", "id": "run-1"}
    assert (read.caused_by.run_id, read.caused_by.chain_id, read.caused_by.depth) == ("run-1", "chain-1", depth)
    assert read.record_key is not None
    assert published.key == f"default|{read.record_key}".encode()
