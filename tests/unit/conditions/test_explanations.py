"""What an explanation shows of each clause, and what it says."""

from datetime import UTC, datetime
from typing import Any

import pytest

from automations.conditions import explain_condition, parse_condition
from automations.paths import Scope

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def explain(raw: object, changes: dict[str, Any] | None = None, **record: object) -> dict[str, Any]:
    scope = Scope(record=record, changes=changes, event={"time": NOW}, now=NOW)
    return explain_condition(parse_condition(raw, "/trigger/conditions"), scope).as_json()


def sentence(raw: object, changes: dict[str, Any] | None = None, **record: object) -> str:
    scope = Scope(record=record, changes=changes, event={"time": NOW}, now=NOW)
    return explain_condition(parse_condition(raw), scope).sentence


def test_trace_shows_every_clause_also_after_a_false_one() -> None:
    """Path, operator, what was expected and what stood there with their types, the verdict and a sentence."""
    raw = {"priority": "critical", "amount": {"gte": 10, "lt": 50}, "any": [{"source": "web"}], "not": {"vip": True}}
    assert explain(raw, priority="high", amount=12, vip=True) == {
        "kind": "all",
        "pointer": "/trigger/conditions",
        "holds": False,
        "parts": [
            {
                "kind": "clause",
                "pointer": "/trigger/conditions/priority",
                "path": "priority",
                "operator": "eq",
                "expected": "critical",
                "expected_type": "text",
                "actual": "high",
                "actual_type": "text",
                "holds": False,
                "sentence": "priority is high, expected critical",
            },
            {
                "kind": "all",
                "pointer": "/trigger/conditions/amount",
                "holds": True,
                "parts": [
                    {
                        "kind": "clause",
                        "pointer": "/trigger/conditions/amount/gte",
                        "path": "amount",
                        "operator": "gte",
                        "expected": 10,
                        "expected_type": "number",
                        "actual": 12,
                        "actual_type": "number",
                        "holds": True,
                        "sentence": "amount is 12, which is at least 10",
                    },
                    {
                        "kind": "clause",
                        "pointer": "/trigger/conditions/amount/lt",
                        "path": "amount",
                        "operator": "lt",
                        "expected": 50,
                        "expected_type": "number",
                        "actual": 12,
                        "actual_type": "number",
                        "holds": True,
                        "sentence": "amount is 12, which is less than 50",
                    },
                ],
            },
            {
                "kind": "any",
                "pointer": "/trigger/conditions/any",
                "holds": False,
                "parts": [
                    {
                        "kind": "all",
                        "pointer": "/trigger/conditions/any/0",
                        "holds": False,
                        "parts": [
                            {
                                "kind": "clause",
                                "pointer": "/trigger/conditions/any/0/source",
                                "path": "source",
                                "operator": "eq",
                                "expected": "web",
                                "expected_type": "text",
                                "actual": None,
                                "actual_type": "no value",
                                "holds": False,
                                "sentence": "source has no value, expected web",
                            }
                        ],
                    }
                ],
            },
            {
                "kind": "not",
                "pointer": "/trigger/conditions/not",
                "holds": False,
                "parts": [
                    {
                        "kind": "clause",
                        "pointer": "/trigger/conditions/not/vip",
                        "path": "vip",
                        "operator": "eq",
                        "expected": True,
                        "expected_type": "true or false",
                        "actual": True,
                        "actual_type": "true or false",
                        "holds": True,
                        "sentence": "vip is true",
                    }
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    ("clause", "value", "expected", "actual"),
    [
        ({"eq": "5"}, 5, ("5", "text"), (5, "number")),
        ({"in": ["a", 5]}, ["a"], (["a", 5], "list"), (["a"], "list")),
        ({"gt": "2026-03-01"}, "2026-03-02", ("2026-03-01", "date"), ("2026-03-02", "date")),
        ({"older_than": "3d"}, "2026-03-02", ("3d", "duration"), ("2026-03-02", "date")),
        ({"matches": "^a"}, "b", ("^a", "pattern"), ("b", "text")),
        ({"exists": True}, {"a": 1}, (True, "true or false"), ({"a": 1}, "object")),
        ({"changed_to": None}, "b", (None, "no value"), (None, "no value")),
    ],
)
def test_trace_shows_both_types(clause: dict[str, Any], value: object, expected: Any, actual: Any) -> None:
    """A number and the text of one look alike; their types tell them apart."""
    (shown,) = explain({"field": clause}, field=value)["parts"]
    assert (shown["expected"], shown["expected_type"]) == expected
    assert (shown["actual"], shown["actual_type"]) == actual


def test_trace_shows_all_values_of_a_path_through_a_list() -> None:
    """And says that one is enough."""
    (shown,) = explain({"contacts.role": "b"}, contacts=[{"role": "a"}, {}, {"role": "b"}])["parts"]
    assert (shown["actual"], shown["actual_type"]) == (["a", "b"], "values of a list")
    assert "one is enough" in shown["note"]


def test_trace_shows_a_moment_as_text() -> None:
    """An answer is JSON: the event's own time is written as a date."""
    (shown,) = explain({"event.time": {"within_last": "1h"}})["parts"]
    assert (shown["actual"], shown["actual_type"], shown["holds"]) == ("2026-03-01T12:00:00+00:00", "date", True)


def test_trace_is_bounded() -> None:
    """A large record does not make a large answer."""
    deep: Any = "x"
    for _ in range(50):
        deep = [deep]
    raw = {"text": "a", "list": "a", "object": "a", "deep": "a", "list.x": "a"}
    record = {"text": "x" * 100_000, "list": [{"x": n} for n in range(10_000)], "deep": deep}
    shown = explain(raw, object={f"f{n}": ["x" * 5_000] * 50 for n in range(500)}, **record)
    assert len(repr(shown)) < 1_000_000
    assert all(len(part["sentence"]) < 1_000 for part in shown["parts"])


@pytest.mark.parametrize(
    ("raw", "changes", "record", "reason"),
    [
        (None, None, {}, "there are no conditions"),
        ({"a": 1, "b": 2}, None, {"a": 1, "b": 2}, "a is 1 and b is 2"),
        ({"a": 1, "b": 2, "c": 3}, None, {"a": 0, "b": 2}, "a is 0, expected 1 (and 1 more)"),
        ({"any": [{"a": 1}, {"b": 2}]}, None, {"b": 2}, "b is 2"),
        ({"a": {"ne": 1}}, None, {}, "a has no value, so it is not 1"),
        ({"a": {"ne": 1}}, None, {"a": 1}, "a is 1, expected not 1"),
        ({"l.a": {"ne": 1}}, None, {"l": [{"a": 2}, {"a": 3}]}, "l.a has the values 2 and 3, of which none is 1"),
        ({"a": {"exists": True}}, None, {"a": 1}, "a is 1"),
        ({"a": {"exists": False}}, None, {}, "a has no value"),
        ({"a": {"is_empty": True}}, None, {"a": "x"}, "a is x, expected nothing in it"),
        ({"a": {"contains": "v"}}, None, {"a": ["w"]}, "a is w, expected to contain v"),
        ({"a": {"changed_to": "x"}}, {"a": {"from": "w", "to": "x"}}, {}, "a changed from w to x"),
        ({"a": {"changed_to": "x"}}, {"a": {"from": "w"}}, {}, "a changed from w to no value, expected a change to x"),
        ({"a": {"changed": True}}, {}, {}, "a did not change, expected a change"),
        ({"a": {"changed": True}}, {"a": 1}, {}, "a changed, the event does not tell from what to what"),
        ({"a": {"within_next": "2h"}}, None, {"a": "2026-03-05"}, "a is 2026-03-05, expected within the next 2h"),
    ],
)
def test_sentence_says_the_reason(raw: object, changes: Any, record: dict[str, object], reason: str) -> None:
    """One sentence: what stood there, and what was expected of it."""
    assert sentence(raw, changes, **record) == reason


def note_on(raw: dict[str, Any], value: object) -> str | None:
    note: str | None = explain({"a": raw}, a=value)["parts"][0].get("note")
    return note


def test_note_says_what_surprises() -> None:
    """How text was read, what differs only in case or spaces, and which types do not meet."""
    assert "read as the number 5" in str(note_on({"eq": 5}, "5.0"))
    assert "not a number" in str(note_on({"gt": 5}, "05"))
    assert "not a date" in str(note_on({"gt": "2026-03-01"}, "soon"))
    assert "no zone" in str(note_on({"gt": "2026-03-01"}, "2026-03-02T09:00"))
    assert note_on({"gt": "2026-03-01"}, "2026-03-02T09:00Z") is None
    assert "spaces" in str(note_on({"eq": "a"}, "a "))
    assert "ignore_case" in str(note_on({"in": ["a", "b"]}, "B"))
    assert "true or false itself" in str(note_on({"eq": True}, "true"))
    assert "contains" in str(note_on({"eq": "a"}, ["a"]))
    assert "another type" in str(note_on({"eq": "5"}, 5))
    assert note_on({"eq": "a"}, "b") is note_on({"eq": "a"}, None) is note_on({"contains": "a"}, ["b"]) is None
