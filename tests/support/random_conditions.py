"""Conditions and scopes at random: every operator, every corner of a value, few names, so that they often meet."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from automations.paths import Scope

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

texts = st.sampled_from(
    ["", "a", "A", "ab", "b a", "ß", "SS", "ä", "a\u0308", "5", "5.0", "05", "-1", "1e400", "true", "null"]
)
dates = st.sampled_from(
    [
        "2026-03-01",
        "2026-03-01T12:00",
        "2026-03-01T12:00:00Z",
        "2026-03-01T13:00:00.000+0100",
        "2026-02-27T00:00:00.5-03",
        "0001-01-01",
    ]
)
beyond = st.just("9999-12-31T23:59:59-12:00")
"""A date of the calendar that is none in UTC."""
no_dates = st.sampled_from(
    ["2026-02-30", "2026-3-1", "2026-03-01 12:00", "2026-03-01T12:00:00z", "2026-W09-7", "20260301"]
)
numbers = st.sampled_from([0, 1, 5, -1, 10**20, 0.0, 1.0, -0.5, 1e300])
scalars = texts | dates | no_dates | beyond | numbers | st.booleans()
values = (
    st.none()
    | scalars
    | st.lists(scalars | st.none(), max_size=3)
    | st.dictionaries(st.sampled_from(["a", "b", "b.c"]), scalars, max_size=2)
)

_equal = st.sampled_from(["eq", "ne", "contains", "not_contains"])
_order = st.sampled_from(["gt", "gte", "lt", "lte"])
_several = st.lists(scalars, min_size=1, max_size=4)
_durations = st.sampled_from(["3d", "2h", 0, 86_400, "P1D"])
_operators = st.one_of(
    st.tuples(_equal, scalars),
    st.tuples(st.sampled_from(["eq", "ne", "changed_to", "changed_from"]), scalars | st.none()),
    st.tuples(_order, texts | dates | numbers),
    st.tuples(st.sampled_from(["in", "not_in", "changed_to", "changed_from"]), _several),
    st.tuples(st.sampled_from(["starts_with", "ends_with"]), texts | dates),
    st.tuples(st.just("matches"), st.sampled_from(["a", "^a", "^$", "[0-9]+", "ß", "a|5"])),
    st.tuples(st.sampled_from(["exists", "is_empty", "changed"]), st.booleans()),
    st.tuples(st.sampled_from(["older_than", "within_last", "within_next"]), _durations),
)


def _with_case(operators: list[tuple[str, Any]], ignore_case: bool) -> dict[str, Any]:
    found: dict[str, Any] = dict(operators)
    compares_text = set(found) - {"gt", "gte", "lt", "lte", "exists", "is_empty", "changed"}
    compares_text -= {"older_than", "within_last", "within_next"}
    return {**found, "ignore_case": True} if ignore_case and compares_text else found


record_paths = st.sampled_from(["a", "b", "record.a", "a.b", "a.b.c", "list.a", "list.b", "list", "lists.deep.a"])
paths = record_paths | st.sampled_from(["event.a", "event.time", "changes.a.to", "item", "steps.s.output"])
_mapping = st.builds(_with_case, st.lists(_operators, min_size=1, max_size=2), st.booleans())
_changes_only = ("changed", "changed_to", "changed_from")
_clause = st.tuples(record_paths, _mapping) | st.tuples(
    paths, st.none() | scalars | _several | _mapping.filter(lambda found: not set(_changes_only) & set(found))
)
_flat = st.lists(_clause, max_size=2).map(dict)
conditions = st.recursive(
    _flat,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda own, groups: {**own, "any": groups}, _flat, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda own, groups: {**own, "all": groups}, _flat, st.lists(inner, max_size=3)),
        st.builds(lambda own, group: {**own, "not": [{"a": 1}, group]}, _flat, inner),
    ),
    max_leaves=5,
)
"""Conditions as documents have them; all of them are well formed."""

_records = st.fixed_dictionaries(
    {},
    optional={
        "a": values,
        "b": values,
        "a.b": values,
        "list": st.lists(st.dictionaries(st.sampled_from(["a", "b"]), values, max_size=2) | scalars, max_size=3),
        "lists": st.lists(
            st.fixed_dictionaries({"deep": st.lists(st.fixed_dictionaries({"a": values}), max_size=2)}), max_size=2
        ),
    },
)
_change = st.fixed_dictionaries({}, optional={"from": values, "to": values}) | values
_zones = st.sampled_from([UTC, timezone(timedelta(hours=14)), ZoneInfo("Europe/Berlin")])
scopes = st.builds(
    lambda record, event, changes, now, item, zone: Scope(
        record=record, event=event, changes=changes, now=now, item=item, zone=zone
    ),
    _records,
    st.fixed_dictionaries({"time": st.just(NOW)}, optional={"a": values}),
    st.none() | st.dictionaries(st.sampled_from(["a", "b", "a.b", "list"]), _change, max_size=3),
    st.sampled_from([NOW, NOW, None, datetime(1, 1, 1, tzinfo=UTC)]),
    values,
    _zones,
)
"""What an event or a step may look like to a condition."""
