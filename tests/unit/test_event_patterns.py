"""Which events a trigger names, and what is said about one that cannot be understood."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.definition.event_patterns import (
    covering_patterns,
    events_match,
    events_problems,
    narrowed,
    parse_events,
)

names = st.text("ab.", min_size=1, max_size=8)
patterns = names.map(lambda name: name.removesuffix(".") + ".*").filter(lambda name: name != ".*") | st.just("*")


@pytest.mark.parametrize(
    ("pattern", "event_type", "matches"),
    [
        ("case.created", "case.created", True),
        ("case.created", "case.closed", False),
        ("case.created", "case.created.late", False),
        ("case.*", "case.created", True),
        ("case.*", "case.task.created", True),
        ("case.task.*", "case.task.created", True),
        ("case.task.*", "case.created", False),
        ("case.*", "case", False),
        ("case.*", "case.", False),
        ("case.*", "cases.created", False),
        ("case.*", "Case.created", False),
        ("*", "case", True),
        ("*", "case.created", True),
        ("case.*", "case.*", True),
        ("case.*", "case..", True),
        ("..*", "...", True),
    ],
)
def test_star_stands_for_the_rest_of_the_type(pattern: str, event_type: str, matches: bool) -> None:
    assert events_match((pattern,), event_type) is matches
    assert events_match(("other", pattern), event_type) is matches


@pytest.mark.parametrize(
    ("raw", "events"),
    [
        ("case.created", ("case.created",)),
        ("*", ("*",)),
        (["case.created", "account.*"], ("case.created", "account.*")),
    ],
)
def test_events_are_one_text_or_a_list(raw: Any, events: tuple[str, ...]) -> None:
    assert events_problems(raw) == []
    assert parse_events(raw) == events


@pytest.mark.parametrize(
    ("raw", "place", "code", "word"),
    [
        (None, "", "type", "text"),
        (5, "", "type", "list"),
        ({"event": "a"}, "", "type", "text"),
        ("", "", "empty", "case.created"),
        ("case created", "", "pattern", "spaces"),
        ("x" * 201, "", "too_long", "200"),
        ("case*", "", "pattern", "after a dot"),
        ("*.created", "", "pattern", "after a dot"),
        ("case.*.created", "", "pattern", "after a dot"),
        ("**", "", "pattern", "after a dot"),
        (".*", "", "pattern", '"*"'),
        ([], "", "empty", "at least one"),
        (["a"] * 21, "", "too_many", "20"),
        (["a", "b", "a"], "/2", "duplicate", "twice"),
        (["a", 5], "/1", "type", "text"),
        (["a", ["b"]], "/1", "type", "text"),
        (["a", "b*"], "/1", "pattern", "after a dot"),
    ],
)
def test_what_cannot_be_understood_is_named_with_its_place(raw: Any, place: str, code: str, word: str) -> None:
    (problem,) = events_problems(raw)
    assert (problem.pointer, problem.code) == (f"/trigger/event{place}", code)
    assert word in problem.message
    with pytest.raises(ValueError, match="/trigger/event"):
        parse_events(raw)


@given(patterns, names)
def test_covering_patterns_are_all_that_match(pattern: str, event_type: str) -> None:
    starts = event_type.startswith(pattern[:-1]) and len(event_type) >= len(pattern)
    assert (pattern in covering_patterns(event_type)) is starts


@given(st.lists(patterns | names, min_size=1, max_size=6, unique=True), names)
def test_narrowed_events_hold_each_type_under_exactly_one(events: list[str], event_type: str) -> None:
    kept = narrowed(events)
    assert events_match(kept, event_type) == events_match(events, event_type)
    assert sum(events_match((one,), event_type) for one in kept) <= 1
    assert set(kept) <= set(events)
