"""What a condition of this version refuses, and how it says so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.conditions import ConditionRefused, compile_condition, parse_condition
from automations.paths import Scope


def refusal(raw: object) -> dict[str, tuple[str, str]]:
    """Return code and message of each problem by its pointer."""
    with pytest.raises(ConditionRefused) as refused:
        parse_condition(raw, "/trigger/conditions")
    return {problem.pointer: (problem.code, problem.message) for problem in refused.value.problems}


@pytest.mark.parametrize(
    "raw",
    [
        {"amount": {"gte": 1}},
        {"amount": {}},
        {"region": ["EMEA", "APAC"]},
        {"region": []},
        {"any": [{"a": 1}]},
        {"all": []},
        {"not": {"a": 1}},
        [{"a": 1}],
    ],
)
def test_condition_beyond_equality_is_refused_not_misread(raw: object) -> None:
    """Operators, lists and groups are refused with the words that this version does not have them."""
    ((code, _),) = refusal(raw).values()
    assert code == "not_available"


def test_condition_reports_all_problems_at_once() -> None:
    """Each wrong clause is named by its own pointer, escaped as JSON pointers are."""
    found = refusal({"a/b": {"gte": 1}, "x~y": [1], "b..c": 1, "fine": 1, "any": []})
    assert set(found) == {f"/trigger/conditions/{name}" for name in ("a~1b", "x~0y", "b..c", "any")}


@pytest.mark.parametrize(("raw", "words"), [("priority", "not text"), (5, "not a number"), (True, "not true or false")])
def test_condition_that_is_no_mapping_is_refused(raw: object, words: str) -> None:
    """The message names what was given and shows what is wanted."""
    code, message = refusal(raw)["/trigger/conditions"]
    assert (code, words in message) == ("type", True)


def test_field_named_like_a_group_is_written_with_record() -> None:
    """The refusal says how such a field is meant, and that way works."""
    assert '"record.any"' in refusal({"any": "x"})["/trigger/conditions/any"][1]
    assert compile_condition(parse_condition({"record.any": "x"})).holds(Scope(record={"any": "x"}))


@pytest.mark.parametrize("raw", [{"a": float("nan")}, {"a": object()}, {1: 2}, {"a": "x" * 10_001}])
def test_value_that_is_no_operand_is_refused(raw: object) -> None:
    """What JSON cannot say, and what is too long to compare, is refused."""
    assert refusal(raw)


def test_condition_with_too_many_clauses_is_refused() -> None:
    """The limit is stated in the message."""
    assert "200" in refusal({f"f{n}": n for n in range(201)})["/trigger/conditions"][1]
    assert len(parse_condition({f"f{n}": n for n in range(200)}).parts) == 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)


@given(raw=JSON, record=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_condition_is_refused_or_evaluates(raw: object, record: dict[str, object]) -> None:
    """Whatever is written and whatever arrives, only the stated error is raised."""
    try:
        tree = parse_condition(raw)
    except ConditionRefused:
        return
    assert compile_condition(tree).holds(Scope(record=record)) in (True, False)
