"""What equality means in a condition."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.conditions import ALWAYS, Condition, compile_condition, index_keys, parse_condition
from automations.paths import Scope


def condition(raw: object) -> Condition:
    return compile_condition(parse_condition(raw))


def holds(raw: object, **record: object) -> bool:
    return condition(raw).holds(Scope(record=record))


@pytest.mark.parametrize("raw", [None, {}])
def test_no_conditions_always_hold(raw: object) -> None:
    """Nothing and an empty mapping hold for every event."""
    assert holds(raw)
    assert holds(raw, priority="low")
    assert ALWAYS.holds(Scope())


def test_mapping_is_a_conjunction() -> None:
    """Every clause must hold, however many there are."""
    raw = {"a": 1, "b": 2, "c": 3, "d": 4}
    assert holds(raw, a=1, b=2, c=3, d=4)
    for field in raw:
        assert not holds(raw, **(raw | {field: 0}))
        assert holds({field: raw[field]}, **raw)


@pytest.mark.parametrize(
    ("operand", "value", "verdict"),
    [
        ("critical", "critical", True),
        ("critical", "Critical", False),
        ("critical", None, False),
        ("critical", ["critical"], False),
        ("5", 5, False),
        ("true", True, False),
        (5, 5, True),
        (5, 5.0, True),
        (5, "5", True),
        (5, "5.0", True),
        (5, "5e0", True),
        (5, " 5", False),
        (5, "05", False),
        (5, "5.", False),
        (5, "0x5", False),
        (5, "five", False),
        (5, "٥", False),
        (-0.5, "-0.5", True),
        (10**30, str(10**30), True),
        (1, True, False),
        (0, False, False),
        (True, True, True),
        (True, 1, False),
        (True, "true", False),
        (False, None, False),
        (None, None, True),
        (None, "", False),
        (None, False, False),
        (None, [], False),
        ("", "", True),
        ("ä", "a\u0308", False),
    ],
)
def test_equality_goes_by_the_operands_type(operand: object, value: object, verdict: bool) -> None:
    """Text of a number equals that number; nothing else is converted, and true is not 1."""
    assert holds({"field": operand}, field=value) is verdict


def test_missing_and_null_are_one_thing() -> None:
    """Null in a condition means no value, and a field that is absent has none."""
    assert holds({"field": None})
    assert holds({"field": None}, field=None)
    assert not holds({"field": "x"})


def test_path_through_a_list_holds_for_one_element() -> None:
    """One element that is equal is enough; no element at all is no value."""
    contacts = [{"role": "buyer"}, {"role": "owner"}, {}]
    assert holds({"contacts.role": "owner"}, contacts=contacts)
    assert not holds({"contacts.role": "guest"}, contacts=contacts)
    assert holds({"contacts.role": None}, contacts=[{}])


def test_condition_reads_event_and_changes() -> None:
    """The event and its changes are as near as the record."""
    scope = Scope(event={"source": "web"}, changes={"stage": {"to": "won"}})
    assert condition({"event.source": "web", "changes.stage.to": "won"}).holds(scope)
    assert not condition({"changes.stage.to": "won"}).holds(Scope(event={"source": "web"}))


NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.0, 1.0, -0.5, 1e300])
    | st.sampled_from(["", "1", "1.0", "-0.5", "01", "true", "critical", "1e300"])
)
VALUES = SCALARS | st.lists(SCALARS, max_size=2)


def naive_equality(operand: object, value: object) -> bool:
    """Say slowly what the specification says."""
    if operand is None or value is None:
        return operand is None and value is None
    if isinstance(operand, bool) or isinstance(value, bool):
        return isinstance(operand, bool) and isinstance(value, bool) and operand == value
    if isinstance(operand, int | float) and isinstance(value, str) and NUMBER.fullmatch(value):
        value = json.loads(value)
    if isinstance(operand, str) != isinstance(value, str) or isinstance(value, list):
        return False
    return operand == value


FIELDS = st.sampled_from(["a", "b", "c"])


@given(raw=st.dictionaries(FIELDS, SCALARS), record=st.dictionaries(FIELDS, VALUES))
def test_condition_agrees_with_a_naive_reading(raw: dict[str, object], record: dict[str, object]) -> None:
    """The compiled condition and the plain reading of its rules give one verdict."""
    expected = all(naive_equality(operand, record.get(field)) for field, operand in raw.items())
    assert condition(raw).holds(Scope(record=record)) is expected


PATHS = st.sampled_from(["a", "a.b", "record.a", "event.a", "list.a"])
RECORDS = st.fixed_dictionaries(
    {},
    optional={
        "a": VALUES | st.dictionaries(st.just("b"), VALUES),
        "a.b": VALUES,
        "list": st.lists(st.dictionaries(st.just("a"), VALUES), max_size=3),
    },
)


@given(raw=st.dictionaries(PATHS, SCALARS), record=RECORDS)
def test_condition_holds_exactly_when_its_equalities_do(raw: dict[str, object], record: dict[str, object]) -> None:
    """An index that knows the equalities alone misses no event, and no condition without null needs more."""
    compiled = condition(raw)
    scope = Scope(record=record, event={"a": 1})
    by_index = all(each.key in each.keys_of(scope) for each in compiled.equalities)
    if compiled.holds(scope):
        assert by_index
    if None not in raw.values():
        assert by_index is compiled.holds(scope)


def test_index_keys_keep_types_apart() -> None:
    """True and 1 are equal to Python, and not to a condition; text of a number is looked up both ways."""
    assert not set(index_keys(True)) & set(index_keys(1))
    assert index_keys("1.0") == (("text", "1.0"), ("number", 1.0))
    assert set(index_keys("1")) & set(index_keys(1.0))
    assert index_keys(None) == index_keys([1]) == ()
