"""Whatever is written and whatever arrives: only stated errors, and work that grows no faster than the input."""

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.conditions import (
    OPERATORS,
    ConditionRefused,
    compile_condition,
    describe_condition,
    explain_condition,
    parse_condition,
)
from automations.definition import ReadError, read_json
from automations.paths import Scope
from automations.problems import Problem
from tests.support.random_conditions import NOW, conditions, scopes

words = st.sampled_from(["all", "any", "not", "a", "a.b", "record.a", "ignore_case", "", "a..b", *OPERATORS])
anything = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["(", "3d", "9" * 500])
)
wild = st.recursive(
    anything,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words | st.text(max_size=5), inner, max_size=4),
    max_leaves=15,
)
"""What a careless or a hostile hand may send: half surrogates, infinities, operators where none belong."""
wild_records = st.dictionaries(st.sampled_from(["a", "a.b", "b"]) | st.text(max_size=3), wild, max_size=4)


@settings(max_examples=300)
@given(raw=wild, record=wild_records, changes=st.none() | wild_records)
def test_anything_is_refused_or_has_a_verdict(
    raw: object, record: dict[str, Any], changes: dict[str, Any] | None
) -> None:
    """The refusal names its places; what is taken evaluates, is explained and is said in words."""
    scope = Scope(record=record, changes=changes, now=NOW)
    problems: tuple[Problem, ...] = ()
    try:
        tree = parse_condition(raw, "/conditions")
    except ConditionRefused as refused:
        tree, problems = parse_condition(None), refused.problems
        assert problems
    assert all(problem.pointer.startswith("/conditions") and problem.message for problem in problems)
    assert compile_condition(tree).holds(scope) is explain_condition(tree, scope).holds
    assert describe_condition(tree)


@settings(max_examples=300)
@given(raw=conditions, record=wild_records, scope=scopes)
def test_any_event_has_a_verdict(raw: object, record: dict[str, Any], scope: Scope) -> None:
    """Well-formed conditions and a record of anything at all."""
    tree = parse_condition(raw)
    scope = Scope(record=record, changes=record, event=record, now=scope.now, zone=scope.zone)
    assert compile_condition(tree).holds(scope) is explain_condition(tree, scope).holds


@settings(max_examples=300)
@given(
    text=st.binary(max_size=60)
    | wild.map(repr).map(str.encode)
    | st.text('{}[]":,a.1etrufalsn \\u0d8', max_size=40).map(str.encode)
)
def test_random_bytes_are_no_json_or_refused_or_taken(text: bytes) -> None:
    """The way of a request: bytes, value, tree."""
    with suppress(ReadError, ConditionRefused):
        parse_condition(read_json(text))


def work_of(action: Callable[[], object]) -> int:
    """Return how many calls an action makes, those into C included."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


EVALUATIONS: dict[str, tuple[object, Callable[[int], dict[str, Any]]]] = {
    "a list looked through": ({"list.a": "z"}, lambda n: {"list": [{"a": "x"}] * n}),
    "lists in lists": ({"list.list.a": {"gt": 5}}, lambda n: {"list": [{"list": [{"a": 1}] * 10}] * n}),
    "a list looked into": ({"tags": {"contains": 5}}, lambda n: {"tags": ["x"] * n}),
    "a list without regard to case": ({"tags": {"contains": "Z", "ignore_case": True}}, lambda n: {"tags": ["x"] * n}),
    "one of many, for many": ({"list.a": [f"v{n}" for n in range(1_000)]}, lambda n: {"list": [{"a": "x"}] * n}),
    "numbers as text": ({"list.a": {"gt": 5}}, lambda n: {"list": [{"a": "1e1"[:2]}] * n}),
    "dates": ({"list.a": {"older_than": "3d"}}, lambda n: {"list": [{"a": "2027-01-01"}] * n}),
    "patterns": ({"list.a": {"matches": "(x+x+)+y"}}, lambda n: {"list": [{"a": "x" * 20}] * n}),
    "many fields": ({"list.a": "z"}, lambda n: {"list": {f"f{k}": k for k in range(n)}}),
}


@pytest.mark.parametrize("name", EVALUATIONS)
def test_evaluation_grows_no_faster_than_the_event(name: str) -> None:
    """Twice the event is at most twice the calls, and a little."""
    raw, record_of = EVALUATIONS[name]
    holds = compile_condition(parse_condition(raw)).holds
    one, two = (Scope(record=record_of(size), now=NOW) for size in (500, 1_000))
    assert not holds(one)
    assert work_of(lambda: holds(two)) <= 2 * work_of(lambda: holds(one)) + 50


def test_path_visits_no_part_of_a_record_twice() -> None:
    """Names that can be read in many ways, split and whole, lead to each part of a record once."""

    def branching(depth: int) -> dict[str, Any]:
        if depth == 0:
            return {"leaf": 1}
        return {"a": branching(depth - 1), "a.a": branching(depth - 2) if depth > 1 else {}}

    def size(value: Any) -> int:
        return 1 + sum(map(size, value.values())) if isinstance(value, dict) else 1

    holds = compile_condition(parse_condition({".".join(["a"] * 12 + ["none"]): 1})).holds
    record = branching(12)
    assert not holds(Scope(record=record))
    assert work_of(lambda: holds(Scope(record=record))) <= 20 * size(record)


PARSINGS: dict[str, Callable[[int], object]] = {
    "clauses": lambda n: {f"f{k}": k for k in range(n)},
    "operators": lambda n: {f"f{k}": {"gt": 1, "oops": 5} for k in range(n // 2)},
    "a list": lambda n: {"a": {"in": [f"v{k}" for k in range(n * 5)]}},
    "groups": lambda n: {"any": [{"all": []} for _ in range(n)]},
    "changes": lambda n: {f"f{k}": {"changed_to": ["a", 5]} for k in range(n)},
}


def parsed(raw: object) -> None:
    with suppress(ConditionRefused):
        compile_condition(parse_condition(raw, known_fields=("a.b", "priority")))


@pytest.mark.parametrize("name", PARSINGS)
def test_parsing_grows_no_faster_than_the_document(name: str) -> None:
    """Twice the document is at most twice the calls, and a little."""
    one, two = (PARSINGS[name](size) for size in (90, 180))
    parsed(one), parsed(two)  # what is remembered between documents is filled
    assert work_of(lambda: parsed(two)) <= 2.2 * work_of(lambda: parsed(one)) + 500


@pytest.mark.parametrize("name", PARSINGS)
def test_parsing_beyond_the_limits_ends_early(name: str) -> None:
    """A hundred times the limit costs hardly more than the limit."""
    at_limit, far_beyond = (PARSINGS[name](size) for size in (600, 60_000))
    parsed(at_limit)
    assert work_of(lambda: parsed(far_beyond)) <= 1.5 * work_of(lambda: parsed(at_limit)) + 500


def test_pattern_that_would_blow_up_elsewhere_ends() -> None:
    """Repetition of repetition over a long text: a search that backtracks would outlast the test's time limit."""
    holds = compile_condition(parse_condition({"a": {"matches": "^(a+)+$"}})).holds
    assert not holds(Scope(record={"a": "a" * 1_000_000 + "!"}))
