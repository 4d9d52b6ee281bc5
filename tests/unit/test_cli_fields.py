"""Fields, durations and events as they are typed after a command."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations_cli.commands.publish import read_events
from automations_cli.failures import WrongUsage
from automations_cli.fields import read_fields, read_object
from automations_cli.publishing import make_event, render_event, render_key
from automations_cli.streaming import Pace, read_duration


def test_fields_read_json_values_and_text() -> None:
    """A value that is JSON is that value; everything else is text as it was typed."""
    assert read_fields(
        ["amount=3", "vip=true", "name=Ada Lovelace", 'zip="017"', "note=a=b", "tags=[1]", "empty="]
    ) == {
        "amount": 3,
        "vip": True,
        "name": "Ada Lovelace",
        "zip": "017",
        "note": "a=b",
        "tags": [1],
        "empty": "",
    }


def test_fields_with_dots_make_objects() -> None:
    assert read_fields(["owner.id=7", "owner.name=Ada", "id=1"]) == {"owner": {"id": 7, "name": "Ada"}, "id": 1}


@pytest.mark.parametrize("arguments", [["priority"], ["=3"], ["a..b=1"], ["a=1", "a=2"], ["a=1", "a.b=2"], [".=1"]])
def test_fields_that_cannot_be_meant_are_refused(arguments: list[str]) -> None:
    """Each refusal quotes what was typed."""
    with pytest.raises(WrongUsage) as refused:
        read_fields(arguments)
    assert repr(arguments[-1]) in refused.value.reason


@given(
    st.dictionaries(st.text(st.characters(codec="ascii", categories=["L"]), min_size=1), st.integers() | st.booleans())
)
def test_fields_give_back_every_number_and_truth(record: dict[str, object]) -> None:
    assert read_fields([f"{name}={json.dumps(field)}" for name, field in record.items()]) == record


@pytest.mark.parametrize("text", ["3", "[1]", "{", "nope"])
def test_output_that_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="--output"):
        read_object(text, "--output")


@pytest.mark.parametrize(
    ("text", "types"),
    [
        ('{"type": "a"}', ["a"]),
        ('[{"type": "a"}, {"type": "b"}]', ["a", "b"]),
        ('{"type": "a"}\n\n{"type": "b"}\n', ["a", "b"]),
        ('{\n  "type": "a"\n}\n', ["a"]),
    ],
)
def test_events_are_read_as_object_list_or_lines(text: str, types: list[str]) -> None:
    assert [event["type"] for event in read_events(text)] == types


@pytest.mark.parametrize(
    ("text", "place"), [("", "no event"), ("[]", "no event"), ('{"a": 1}\nnope', "line 2"), ("[1]", "event 1")]
)
def test_events_that_are_none_are_refused_with_their_place(text: str, place: str) -> None:
    with pytest.raises(WrongUsage, match=place):
        read_events(text)


def test_events_made_are_those_of_a_plain_crm() -> None:
    """An event has an id of its own, and its key keeps the record's events in order."""
    one, other = make_event("case.created", {"id": 7}), make_event("case.created", {"id": 7})
    assert one["event_id"] != other["event_id"]
    assert render_key(one) == b"default|case/7"
    assert render_key(make_event("ping", {})) is None
    assert json.loads(render_event(one)) == one


@pytest.mark.parametrize(("text", "seconds"), [("30", 30), ("30s", 30), ("5min", 300), ("1.5 h", 5400), ("2m", 120)])
def test_durations_are_read_with_their_unit(text: str, seconds: float) -> None:
    assert read_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "0s", "soon", "-3s", "3 days"])
def test_durations_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(WrongUsage, match="duration"):
        read_duration(text)


@given(rate=st.floats(0.01, 1000), seconds=st.floats(0, 100))
def test_pace_never_exceeds_its_rate_or_its_total(rate: float, seconds: float) -> None:
    """The first event is due at once; from then on no more than the rate allows, and never beyond the total."""
    due = Pace(rate, 50, None).due(seconds)
    assert 1 <= due <= 50
    assert due <= rate * seconds + 1


def test_pace_ends_with_whichever_end_comes_first() -> None:
    assert Pace(10, 5, 60).total == 5
    assert Pace(10, 500, 3).total == 30
    assert Pace(10, None, None).total is None
