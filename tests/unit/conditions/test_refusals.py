"""What conditions refuse, and how they say so."""

from typing import Any

import pytest

from automations.conditions import All, Comparison, ConditionRefused, compile_condition, parse_condition
from automations.conditions.operands import OPERATORS
from automations.paths import Scope


def refusal(raw: object, **more: Any) -> dict[str, tuple[str, str]]:
    """Return code and message of each problem by its pointer."""
    with pytest.raises(ConditionRefused) as refused:
        parse_condition(raw, "/trigger/conditions", **more)
    return {problem.pointer: (problem.code, problem.message) for problem in refused.value.problems}


def only_refusal(raw: object, **more: Any) -> tuple[str, str, str]:
    """Return pointer, code and message of the one problem."""
    ((pointer, (code, message)),) = refusal(raw, **more).items()
    return pointer.removeprefix("/trigger/conditions"), code, message


def test_all_problems_are_reported_at_once() -> None:
    """Each wrong clause is named by its own pointer, escaped as JSON pointers are."""
    raw = {
        "a/b": {"gte": [1]},
        "x~y": [{}],
        "b..c": 1,
        "fine": 1,
        "any": [],
        "not": {"all": [{"c": {"in": []}}, 5]},
        "d": {"gt": True, "lt": None, "oops": 1},
    }
    assert set(refusal(raw)) == {
        f"/trigger/conditions/{place}"
        for place in ("a~1b/gte", "x~0y", "b..c", "any", "not/all/0/c/in", "not/all/1", "d/gt", "d/lt", "d/oops")
    }


@pytest.mark.parametrize(("raw", "words"), [("priority", "not text"), (5, "not a number"), (True, "not true or false")])
def test_condition_that_is_no_mapping_is_refused(raw: object, words: str) -> None:
    """The message names what was given and shows what is wanted."""
    pointer, code, message = only_refusal(raw)
    assert (pointer, code, words in message) == ("", "type", True)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        ("gtt", "gt"),
        ("GTE", "gte"),
        ("equals", "eq"),
        ("!=", "ne"),
        (">=", "gte"),
        ("$in", "in"),
        ("nin", "not_in"),
        ("regex", "matches"),
        ("startswith", "starts_with"),
        ("begins-with", "starts_with"),
        ("changd_to", "changed_to"),
        ("newer_than", "within_last"),
        ("between", 'gte" and "lte'),
        ("within_net", "within_next"),
    ],
)
def test_unknown_operator_suggests_the_one_that_was_meant(word: str, meant: str) -> None:
    """By its spelling, or by what other products call it."""
    pointer, code, message = only_refusal({"amount": {word: 5}})
    assert (pointer, code) == (f"/amount/{word}", "operator")
    assert f'Did you mean "{meant}"?' in message
    for operator in OPERATORS:
        assert operator in message


def test_field_of_an_object_is_suggested_with_its_dot() -> None:
    """Known fields help: the nearest one is named."""
    assert '"owner.email"' in only_refusal({"owner": {"email": "a@b.c"}})[2]
    known = ("owner.email", "owner.name", "priority")
    assert 'Did you mean "owner.email"?' in only_refusal({"owner": {"emial": "a@b.c"}}, known_fields=known)[2]
    assert 'Did you mean "owner.email"?' in only_refusal({"owner..email": "a@b.c"}, known_fields=known)[2]
    assert "Did you mean" not in only_refusal({"zzz..zz": 1}, known_fields=known)[2]


def test_field_named_like_a_group_is_written_with_record() -> None:
    """The refusal says how such a field is meant, and that way works."""
    assert '"record.any"' in only_refusal({"any": "x"})[2]
    assert compile_condition(parse_condition({"record.any": "x"})).holds(Scope(record={"any": "x"}))


@pytest.mark.parametrize(
    ("clause", "code"),
    [
        ({"eq": ["a"]}, "type"),
        ({"eq": {"a": 1}}, "type"),
        ({"in": "a"}, "type"),
        ({"in": []}, "empty"),
        ({"not_in": [None]}, "type"),
        ({"in": [["a"]]}, "type"),
        ({"in": ["a"] * 1_001}, "too_many"),
        ({"gt": None}, "type"),
        ({"gte": False}, "type"),
        ({"lt": "2026-13-01"}, "value"),
        ({"lte": float("inf")}, "type"),
        ({"eq": float("nan")}, "type"),
        ({"eq": 10**400}, "type"),
        ({"eq": "x" * 10_001}, "too_large"),
        ({"contains": None}, "type"),
        ({"contains": ["a"]}, "type"),
        ({"starts_with": 5}, "type"),
        ({"ends_with": None}, "type"),
        ({"matches": 5}, "type"),
        ({"matches": "("}, "pattern"),
        ({"matches": r"(a)\1"}, "pattern"),
        ({"matches": "\ud800"}, "pattern"),
        ({"matches": "a" * 1_001}, "too_large"),
        ({"matches": r"\pL{1,500}"}, "too_large"),
        ({"exists": "yes"}, "type"),
        ({"is_empty": 1}, "type"),
        ({"changed": "won"}, "type"),
        ({"changed_to": []}, "empty"),
        ({"changed_from": {}}, "type"),
        ({"older_than": None}, "type"),
        ({"older_than": True}, "type"),
        ({"within_last": "soon"}, "value"),
        ({"within_next": "999999999w"}, "value"),
        ({"older_than": -5}, "value"),
    ],
)
def test_operand_of_the_wrong_kind_is_refused(clause: dict[str, Any], code: str) -> None:
    """What could never hold, or not mean what it seems to, is refused at its operator."""
    ((operator, _),) = clause.items()
    assert only_refusal({"field": clause})[:2] == (f"/field/{operator}", code)


@pytest.mark.parametrize("path", ["event.type", "changes.stage", "record", "steps.a.output"])
def test_change_of_something_else_than_a_records_field_is_refused(path: str) -> None:
    """Events tell changes of records only."""
    assert only_refusal({path: {"changed": True}})[:2] == (f"/{path}/changed", "path")


@pytest.mark.parametrize("raw", [{"a": object()}, {1: 2}, {"a": {1: 2}}, {"a": {"eq": object()}}, {"a": b"x"}])
def test_what_json_cannot_say_is_refused(raw: object) -> None:
    """Nothing but values of JSON is read."""
    assert refusal(raw)


def nested(depth: int) -> object:
    raw: object = {"a": 1}
    for _ in range(depth - 1):
        raw = {"not": raw}
    return raw


def test_limits_are_stated_and_kept() -> None:
    """At the limit conditions are taken, beyond it the message says the limit."""
    assert len(parse_condition({f"f{n}": n for n in range(200)}).parts) == 200
    assert "200" in only_refusal({f"f{n}": n for n in range(201)})[2]
    assert "200" in only_refusal({f"f{n}": {"gt": 1, "lt": 5} for n in range(101)})[2]
    assert "200" in only_refusal([{"a": 1}] * 201)[2]
    assert parse_condition([{}] * 499)
    assert "500" in only_refusal([{}] * 500)[2]
    assert parse_condition(nested(10))
    assert "10" in only_refusal(nested(11))[2]
    assert only_refusal(nested(900))[1] == "too_deep"
    assert parse_condition({"a": ["x" * 10_000] * 1_000, "b": {"matches": "a" * 1_000}})


def test_many_wrong_clauses_end_in_a_bounded_answer() -> None:
    """Whoever sends a hundred thousand wrong clauses hears of the first 200 and of the limit."""
    assert len(refusal({f"f{n}": {"oops": 1} for n in range(100_000)})) == 201


def test_normal_forms() -> None:
    """Short and long ways to say one thing give one clause, but for the place where it stands."""

    def clause(raw: object) -> tuple[str, object]:
        (part,) = parse_condition({"a": raw}).parts
        assert isinstance(part, Comparison)
        return part.operator, part.operand

    assert clause("x") == clause({"eq": "x"}) == ("eq", "x")
    assert clause(["x"]) == clause({"in": ["x"]}) == ("in", ("x",))
    assert clause(None) == clause({"eq": None}) == clause({"exists": False}) == ("exists", False)
    assert clause({"ne": None}) == clause({"exists": True}) == ("exists", True)
    (group,) = parse_condition({"a": {"gt": 1, "lt": 5}}).parts
    assert isinstance(group, All)
    assert [part.pointer for part in group.parts] == ["/a/gt", "/a/lt"]


@pytest.mark.parametrize(
    ("raw", "kind"),
    [
        ({"a": "x"}, "text"),
        ({"a": "5"}, "text"),
        ({"a": 5}, "number"),
        ({"a": True}, "boolean"),
        ({"a": ["x"]}, "list"),
        ({"a": "2026-03-01"}, "date"),
        ({"a": "2026-02-30"}, "text"),
        ({"a": {"starts_with": "2026-03-01"}}, "text"),
        ({"a": {"eq": "2026-03-01", "ignore_case": True}}, "text"),
        ({"a": {"older_than": "3d"}}, "duration"),
        ({"a": {"changed_to": None}}, "no value"),
    ],
)
def test_clause_says_how_its_operand_is_read(raw: dict[str, Any], kind: str) -> None:
    """An index and an explanation learn it from the clause."""
    (clause,) = parse_condition(raw).parts
    assert isinstance(clause, Comparison)
    assert clause.operand_kind == kind
