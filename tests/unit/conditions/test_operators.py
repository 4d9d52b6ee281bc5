"""What each operator promises beyond its examples in the specification."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.conditions import OPERATORS, compile_condition, parse_condition
from automations.conditions.compiled import compile_clause
from automations.conditions.operands import NEGATIONS
from automations.conditions.syntax import Comparison
from automations.conditions.values import read_date
from automations.paths import Scope
from tests.support.random_conditions import NOW, scalars, scopes, texts, values

OPERANDS: dict[str, Any] = {
    "in": ["a"],
    "not_in": ["a"],
    "exists": True,
    "is_empty": False,
    "changed": True,
    "older_than": "0s",
    "within_last": "3d",
    "within_next": "3d",
}
"""For each operator an operand with which it is false on no value, or the negation of one that is."""


def holds(raw: object, scope: Scope | None = None, **record: object) -> bool:
    return compile_condition(parse_condition(raw)).holds(scope or Scope(record=record, now=NOW))


@pytest.mark.parametrize("operator", OPERATORS)
def test_operator_is_false_on_no_value_and_its_negation_true(operator: str) -> None:
    """Missing, null and a path into nothing are alike."""
    raw = {operator: OPERANDS.get(operator, "a")}
    for path, record in (("a", {}), ("a", {"a": None}), ("a.b.c", {"a": {"b": "x"}}), ("list.a", {"list": []})):
        assert holds({path: raw}, **record) is (operator in NEGATIONS)


@given(operator=st.sampled_from(sorted(NEGATIONS)), operand=scalars, scope=scopes)
def test_negation_is_exactly_the_opposite(operator: str, operand: object, scope: Scope) -> None:
    """Whatever stands there, lists and nothing included; `not` around the positive says the same."""
    raw = [operand] if operator == "not_in" else operand
    for path in ("a", "list.a", "event.a"):
        positive = {path: {NEGATIONS[operator]: raw}}
        assert holds({path: {operator: raw}}, scope) is not holds(positive, scope)
        assert holds({"not": positive}, scope) is not holds(positive, scope)


@given(operands=st.lists(scalars, min_size=1, max_size=5), value=values)
def test_in_is_equality_with_one_of_several(operands: list[object], value: object) -> None:
    """Also among texts, numbers, dates and truth values mixed."""
    one_of = {"any": [{"a": operand} for operand in operands]}
    assert holds({"a": operands}, a=value) is holds(one_of, a=value)


@given(operand=texts, value=texts)
def test_ignored_case_makes_no_more_than_case_equal(operand: str, value: str) -> None:
    """What holds exactly holds without regard to case, and both sides are folded alike."""
    for operator in ("eq", "contains", "starts_with", "ends_with"):
        folded = holds({"a": {operator: operand, "ignore_case": True}}, a=value)
        assert folded is holds({"a": {operator: operand.casefold(), "ignore_case": True}}, a=value.casefold())
        if operator != "eq" and holds({"a": {operator: operand}}, a=value):
            assert folded


def test_case_is_ignored_only_where_text_is_compared() -> None:
    """`ignore_case` beside `gt` leaves `gt` as it is."""
    raw = {"a": {"gt": "B", "starts_with": "A", "ignore_case": True}}
    assert not holds(raw, a="Axx")
    assert holds(raw, a="axx")


def test_true_and_one_never_share_a_test() -> None:
    """Python takes them for one key; clauses that differ only in this are compiled apart."""
    for operand in (True, 1, 1.0):
        for value in (True, 1, 1.0, "1"):
            expected = isinstance(operand, bool) is isinstance(value, bool)
            assert holds({"a": operand}, a=value) is expected
            assert holds({"a": [operand]}, a=value) is expected


def test_equal_clauses_share_one_test() -> None:
    """Thousands of automations that ask the same cost one test; large operands are not kept."""

    def clause(raw: object, pointer: str) -> Comparison:
        (part,) = parse_condition({"a": raw}, pointer).parts
        assert isinstance(part, Comparison)
        return part

    assert compile_clause(clause("critical", "/x")) is compile_clause(clause("critical", "/y"))
    assert compile_clause(clause("c" * 1_000, "/x")) is not compile_clause(clause("c" * 1_000, "/y"))


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("2026-03-01T12:30", datetime(2026, 3, 1, 12, 30, tzinfo=UTC)),
        ("2026-03-01T12:30:15.5Z", datetime(2026, 3, 1, 12, 30, 15, 500_000, tzinfo=UTC)),
        ("2026-03-01T12:30:15.123456789+01", datetime(2026, 3, 1, 11, 30, 15, 123_456, tzinfo=UTC)),
        ("2026-03-01T12:30:15-0330", datetime(2026, 3, 1, 16, 0, 15, tzinfo=UTC)),
        ("2026-02-29", None),
        ("2026-03-01T24:00", None),
        ("2026-03-01T12:30:60Z", None),
        ("2026-03-01 12:30", None),
        ("2026-03-01t12:30", None),
        ("2026-03-01T12:30z", None),
        ("2026-03-01T12", None),
        ("20260301", None),
        ("2026-W09", None),
        ("2026-060", None),
        ("٢٠٢٦-03-01", None),
        (" 2026-03-01", None),
        ("2026-03-01\n", None),
        ("0001-01-01T00:00:00+14:00", None),
        (20260301, None),
    ],
)
def test_date_is_iso_8601_and_nothing_else(text: object, moment: datetime | None) -> None:
    """A day or a day and a time, of the calendar, within the years 1 to 9999 of UTC."""
    assert read_date(text, UTC) == moment


@given(seconds=st.integers(-400_000, 400_000), days=st.integers(0, 4))
def test_past_is_either_recent_or_older(seconds: int, days: int) -> None:
    """A moment up to now is within the last days or older than them, never both; one ahead is neither."""
    raw = {"at": (NOW + timedelta(seconds=seconds)).isoformat()}
    recent, older = ({"at": {word: f"{days}d"}} for word in ("within_last", "older_than"))
    assert (holds(recent, **raw) or holds(older, **raw)) is (seconds <= 0)
    assert not (holds(recent, **raw) and holds(older, **raw))
    assert holds({"at": {"within_next": f"{days}d"}}, **raw) is (0 <= seconds <= days * 86_400)


def test_date_beside_a_moment_of_the_event() -> None:
    """The event's own time is a moment, not text, and is compared as one."""
    scope = Scope(event={"time": NOW}, now=NOW)
    assert holds({"event.time": NOW.isoformat()}, scope)
    assert holds({"event.time": {"within_last": "1h"}}, scope)
    assert not holds({"event.time": {"gt": "a"}}, scope)
    assert not holds({"event.time": {"starts_with": "2026"}}, scope)


def test_pattern_is_searched_in_any_text() -> None:
    """Half a character in a value is no reason to fail."""
    assert holds({"a": {"matches": "^.b$"}}, a="\u00e4b")
    assert holds({"a": {"matches": "b"}}, a="\ud800b")
    assert holds({"a": {"matches": "STRASSE", "ignore_case": True}}, a="strasse")
    assert not holds({"a": {"matches": "STRASSE", "ignore_case": True}}, a="straße")
