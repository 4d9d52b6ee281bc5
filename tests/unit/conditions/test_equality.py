"""What equality means in a condition."""

import pytest

from automations.conditions import ALWAYS, Condition, compile_condition, parse_condition
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
