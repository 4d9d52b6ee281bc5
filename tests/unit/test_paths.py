"""How a path finds its value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.paths import ROOTS, PathError, Scope, compile_path, compile_values, parse_path, resolve_segments

SCOPE = Scope(
    record={
        "priority": "high",
        "event": "a field of that name",
        "owner": {"email": "a@b.c", "manager": {"email": "m@b.c"}},
        "owner.email": "whole",
        "contacts": [{"email": "x"}, {"email": None}, {"phone": "1"}, {"email": "y"}],
        "tags": ["vip", "new"],
        "gone": None,
    },
    event={"type": "case.created"},
    changes={"stage": {"from": "a", "to": "b"}},
    steps={"ask": {"output": {"approved": True}}},
)


def value_at(text: str) -> object:
    return compile_path(parse_path(text))(SCOPE)


def values_at(text: str) -> list[object]:
    return list(compile_values(parse_path(text))(SCOPE))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("priority", "high"),
        ("record.priority", "high"),
        ("event.type", "case.created"),
        ("changes.stage.to", "b"),
        ("steps.ask.output.approved", True),
        ("record.event", "a field of that name"),
        ("owner.manager.email", "m@b.c"),
        ("gone", None),
        ("nowhere.at.all", None),
        ("priority.of.text", None),
    ],
)
def test_path_starts_at_its_root_and_else_in_the_record(text: str, value: object) -> None:
    """A path whose first segment is a root starts there; every other one starts in the record."""
    assert value_at(text) == value


def test_path_tries_a_dotted_name_whole_before_it_splits_it() -> None:
    """A field whose name holds a dot hides the field inside of an object."""
    assert value_at("owner.email") == "whole"
    assert values_at("owner.email") == ["whole"]


def test_path_splits_a_dotted_name_that_leads_nowhere() -> None:
    """A dotted name without the rest of the path does not hide the path through the object."""
    scope = Scope(record={"a.b": {"x": 1}, "a": {"b": {"c": 2}, "b.c": None}})
    assert compile_path(parse_path("a.b.c"))(scope) == 2
    assert list(compile_values(parse_path("a.b.c"))(scope)) == [2]


def test_path_through_a_list_gives_each_elements_value() -> None:
    """A list before the path's end is looked through, a list at its end is one value."""
    assert values_at("contacts.email") == ["x", "y"]
    assert values_at("tags") == [["vip", "new"]]
    assert values_at("gone") == []


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a..b", "a." * 16 + "a", "x" * 513])
def test_path_refuses_what_is_none(text: str) -> None:
    """An empty segment, too many segments and too many characters are refused with a reason."""
    with pytest.raises(PathError):
        parse_path(text)


@pytest.mark.parametrize(
    ("segments", "value"),
    [
        (["contacts", 0, "email"], "x"),
        (["contacts", -1, "email"], "y"),
        (["contacts", "first", "email"], "x"),
        (["tags", "last"], "new"),
        (["tags", "size"], 2),
        (["contacts", 9], None),
        (["contacts", "email"], None),
    ],
)
def test_text_enters_a_list_by_place(segments: list[str | int], value: object) -> None:
    """Texts take one element by its number, `first` or `last`, and the length by `size`."""
    assert resolve_segments(SCOPE.record, segments) == value


NAMES = st.sampled_from(["a", "b", "a.b", "b.a", "event"])
TREES = st.recursive(
    st.none() | st.integers(0, 3),
    lambda inner: st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(record=st.dictionaries(NAMES, TREES, max_size=4), names=st.lists(NAMES, min_size=1, max_size=4))
def test_path_without_lists_has_one_value_or_none(record: dict[str, object], names: list[str]) -> None:
    """Where no list is met, all values of a path are its one value."""
    path = parse_path(".".join(["record", *names]))
    one = compile_path(path)(Scope(record=record))
    assert list(compile_values(path)(Scope(record=record))) == ([] if one is None else [one])


def test_every_root_is_a_part_of_the_scope() -> None:
    """No root is without a place to start from."""
    assert set(Scope.__struct_fields__) - {"now", "zone"} == ROOTS
