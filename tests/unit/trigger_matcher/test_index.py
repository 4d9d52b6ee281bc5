"""The index of listeners: it agrees with a plain loop, meets few, and is the same however it came about."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from automations.contracts.events import Envelope
from automations.listening import Listener, scope_of
from tests.support.matching import POSITION, conditions, envelope, events, index_of, listener, matches_of, patterns
from trigger_matcher.matching import EMPTY, Events, Index, TooMany, match_events
from trigger_matcher.matching.buckets import Bucket, Candidate, Node, find_candidates

BOUNDED = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
EVENTS_EACH = 20

listeners = st.lists(st.tuples(conditions, patterns), max_size=16).map(
    lambda written: [listener(f"a{number:03}", one, events=on) for number, (one, on) in enumerate(written)]
)


def matches(index: Index, event: Envelope) -> list[str]:
    [candidates] = matches_of(index, event)
    return sorted(one.automation_id for one in candidates)


def matches_by_loop(everybody: Iterable[Listener], event: Envelope) -> list[str]:
    scope = scope_of(event.event(POSITION, b""))
    return [one.automation_id for one in everybody if one.hears(event.event_type) and one.condition.holds(scope)]


def met(index: Index, event: Envelope) -> list[str]:
    """Return who is asked whether their conditions hold."""
    found: list[Candidate] = []
    for bucket in index.heard("default", event.event_type):
        find_candidates(bucket, Events([event], lambda _: POSITION).reading(0), found)
    return sorted({one.automation_id for one in found})


def test_index_agrees_with_a_plain_loop_in_10_000_cases() -> None:
    """Random automations, random events, alone and side by side: who matches is who a plain loop finds."""
    compared = {"cases": 0, "matches": 0}

    @BOUNDED
    @given(listeners, st.lists(events, min_size=EVENTS_EACH, max_size=EVENTS_EACH))
    def agrees(everybody: list[Listener], happened: list[Envelope]) -> None:
        index = index_of(*everybody)
        together = matches_of(index, *happened)
        assert matches_of(index, happened[0]) == together[:1]
        for event, candidates in zip(happened, together, strict=True):
            expected = matches_by_loop(everybody, event)
            assert sorted(one.automation_id for one in candidates) == expected
            compared["cases"] += 1
            compared["matches"] += len(expected)

    agrees()
    print(f"{compared['cases']} events compared, {compared['matches']} matches")
    assert compared["cases"] >= 10_000
    assert compared["matches"] >= 1_000


edits = st.lists(
    st.tuples(st.sampled_from([f"a{number:03}" for number in range(12)]), st.none() | st.tuples(conditions, patterns)),
    max_size=40,
)


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(edits, st.data())
def test_any_order_of_edits_ends_in_the_index_built_afresh(history: list[tuple[str, Any]], data: st.DataObject) -> None:
    """Adding, changing and removing, one by one or several at once, leaves no trace but the last state."""
    index, held = EMPTY, dict[str, Listener]()
    while history:
        several = data.draw(st.integers(1, 5))
        gone, new = dict[str, Listener](), dict[str, Listener]()
        for name, written in history[:several]:
            if name in held and name not in gone:
                gone[name] = held[name]
            held.pop(name, None)
            new.pop(name, None)
            if written is not None:
                held[name] = new[name] = listener(name, written[0], events=written[1])
        history = history[several:]
        index = index.edited(gone.values(), new.values())
    assert shape(index) == shape(index_of(*held.values()))


def shape(index: Index) -> Any:
    return {group: bucket_shape(bucket) for group, bucket in index.buckets()}


def bucket_shape(bucket: Bucket) -> Any:
    if isinstance(bucket, Node):
        return (
            bucket.count,
            [one.listener for one in bucket.stay],
            {key: dict(map(shape_below, table.buckets.items())) for key, table in bucket.tables.items()},
            {key: (one.bounds, [each.listener for each in one.candidates]) for key, one in bucket.bounds.items()},
        )
    return [one.listener for one in bucket] if isinstance(bucket, tuple) else bucket.listener


def shape_below(entry: tuple[Any, Bucket]) -> tuple[Any, Any]:
    return entry[0], bucket_shape(entry[1])


def test_edit_leaves_the_old_index_as_it_was_and_shares_what_it_did_not_touch() -> None:
    several = [listener(f"a{number}", {"account": number}) for number in range(20)]
    other = listener("other", events=("case.closed",))
    before = index_of(*several, other)
    after = before.edited([several[3]], [listener("new", {"account": 3})])
    assert met(before, envelope({"account": 3})) == ["a3"]
    assert met(after, envelope({"account": 3})) == ["new"]
    assert (
        dict(after.buckets())["default", "live", "case.closed"]
        is dict(before.buckets())["default", "live", "case.closed"]
    )


def test_edit_of_a_large_group_copies_little_of_it() -> None:
    """Of thousands of automations of one type nearly all stay where they lie when one is added."""
    before = index_of(*(listener(f"a{number}", {"account": number}) for number in range(20_000)))
    after = before.edited([], [listener("new", {"account": 7})])
    assert len(places(before)) >= 8
    assert len(places(before) - places(after)) == 1


def places(index: Index) -> set[int]:
    """Return which dictionaries an index consists of."""
    ((_, bucket),) = index.buckets()
    assert isinstance(bucket, Node)
    return {id(shard) for table in bucket.tables.values() for shard in table.buckets.shards}


def test_nobody_hears_what_nobody_listens_to() -> None:
    index = index_of(listener(events=("case.*", "deal.won")))
    assert [bool(index.heard("default", name)) for name in ("case.a", "case.a.b", "case", "deal.won", "deal")] == [
        True,
        True,
        False,
        True,
        False,
    ]
    assert not index.heard("other", "case.a")


def test_emptied_index_holds_nothing() -> None:
    several = [listener(f"a{number}", {"x": number, "y": {"gt": number}}) for number in range(50)]
    index = index_of(*several).edited(several, [])
    assert list(index.buckets()) == []


def test_events_come_back_in_their_order_whatever_their_types() -> None:
    index = index_of(listener("a"), listener("b", events=("case.closed",)), listener("c", {"x": 1}))
    happened = [envelope({"x": n % 2}, event_type="case.created" if n % 3 else "case.closed") for n in range(9)]
    found = match_events(Events(happened, lambda _: POSITION), index)
    assert [place for place, _ in found] == sorted(place for place, _ in found)
    assert [[one.automation_id for one in each] for each in matches_of(index, *happened)] == [
        ["b"] if n % 3 == 0 else ["a", "c"] if n % 2 else ["a"] for n in range(9)
    ]


@pytest.mark.parametrize("conditions", [None, {"x": 1}, {"tags": {"contains": "x"}}, {"x": {"gte": 0}}])
def test_more_candidates_than_memory_should_hold_are_not_collected(
    conditions: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Several events are refused together; one is looked at, however many it matches."""
    monkeypatch.setattr(sys.modules["trigger_matcher.matching.decide"], "MOST_TOGETHER", 50)
    index = index_of(*(listener(f"a{number:02}", conditions) for number in range(40)))
    happened = envelope({"x": 1, "tags": ["x"]})
    with pytest.raises(TooMany):
        match_events(Events([happened] * 2, lambda _: POSITION), index)
    assert len(matches_of(index, happened)[0]) == 40


def crowd(written: Sequence[dict[str, Any]]) -> Index:
    return index_of(*(listener(f"a{number:04}", one) for number, one in enumerate(written)))


def test_equality_is_found_by_its_key_among_thousands() -> None:
    """Neither a common second field nor another way to write the path makes an event meet more."""
    index = crowd([{"open": True, ("account" if n % 2 else "record.account"): f"acc-{n}"} for n in range(2_000)])
    assert met(index, envelope({"account": "acc-7", "open": True})) == ["a0007"]
    assert met(index, envelope({"account": "acc-8", "open": True})) == ["a0008"]
    assert met(index, envelope({"open": True})) == []


def test_record_as_a_whole_is_no_field_of_it() -> None:
    """A path may end at its root; nothing equals a whole record, and nobody is hurt."""
    index = crowd([{"record": f"x{n}"} for n in range(10)] + [{"account": "acc-7"}])
    assert matches(index, envelope({"account": "acc-7"})) == ["a0010"]


def test_two_common_equalities_are_told_apart_together() -> None:
    index = crowd([{"priority": f"p{n % 40}", "region": f"r{n // 40}"} for n in range(1_600)])
    assert met(index, envelope({"priority": "p3", "region": "r5"})) == ["a0203"]


def test_list_of_values_is_found_by_each_of_them() -> None:
    index = crowd([{"region": [f"r{n}", f"r{n + 1}"]} for n in range(1_000)])
    assert met(index, envelope({"region": "r500"})) == ["a0499", "a0500"]


def test_numbers_and_their_texts_meet_and_booleans_are_apart() -> None:
    index = crowd([{"x": 1}, {"x": True}, {"x": "1"}, {"x": 1.0}, *({"x": f"y{n}"} for n in range(20))])
    assert met(index, envelope({"x": 1})) == ["a0000", "a0003"]
    assert met(index, envelope({"x": "1"})) == ["a0000", "a0002", "a0003"]
    assert met(index, envelope({"x": True})) == ["a0001"]


def test_closed_ranges_are_found_near_their_values() -> None:
    """Ranges as narrow as the thousandth part of all meet a value only where they are near it."""
    index = crowd([{"amount": {"gte": n * 10, "lt": n * 10 + 10}} for n in range(2_000)])
    assert matches(index, envelope({"amount": 5_003})) == ["a0500"]
    assert len(met(index, envelope({"amount": 5_003}))) <= 4
    assert matches(index, envelope({"amount": "5003.5"})) == ["a0500"]


def test_ranges_with_one_end_are_met_by_the_values_in_them() -> None:
    index = crowd([{"amount": {"gte": n}} for n in range(1_000)] + [{"size": {"lt": n}} for n in range(1_000)])
    assert len(met(index, envelope({"amount": 9, "size": 990}))) == 10 + 10


def test_ranges_of_dates_are_found_near_their_days() -> None:
    months = [f"{2000 + n // 12}-{n % 12 + 1:02}" for n in range(301)]
    index = crowd([{"due": {"gte": f"{months[n]}-01", "lt": f"{months[n + 1]}-01"}} for n in range(300)])
    assert matches(index, envelope({"due": "2010-06-15T12:00:00+05:00"})) == ["a0125"]
    assert len(met(index, envelope({"due": "2010-06-15"}))) <= 8


def test_prefixes_are_found_by_the_beginning_of_the_value() -> None:
    index = crowd([{"code": {"starts_with": f"{n:04}-"}} for n in range(1_000)])
    assert matches(index, envelope({"code": "0123-x"})) == ["a0123"]
    assert met(index, envelope({"code": "0123-x"})) == ["a0123"]
    assert met(index, envelope({"code": "012"})) == []


def test_new_value_of_a_change_is_found_by_its_key() -> None:
    index = crowd([{"stage": {"changed_to": f"s{n}"}} for n in range(500)])
    assert met(index, envelope(changes={"stage": {"from": "s1", "to": "s2"}})) == ["a0002"]
    assert met(index, envelope()) == []


def test_alternatives_on_one_field_are_found_by_each_of_them() -> None:
    index = crowd([{"any": [{"source": f"a{n}"}, {"source": f"b{n}"}]} for n in range(500)])
    assert met(index, envelope({"source": "b7"})) == ["a0007"]


def test_pattern_lies_once_beside_all_types_it_covers() -> None:
    """A pattern costs nothing per type, and an event meets it and the listeners to its own type."""
    types = [listener(f"t{n}", events=(f"case.t{n}",)) for n in range(100)]
    index = index_of(*types, listener("every", events=("*",)), listener("cases", events=("case.*",)))
    assert len(list(index.buckets())) == 102
    assert met(index, envelope(event_type="case.t7")) == ["cases", "every", "t7"]
    assert met(index, envelope(event_type="deal.won")) == ["every"]
