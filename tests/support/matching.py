"""Listeners and events for tests of the matcher, by hand and at random."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import strategies as st

from automations.conditions import compile_condition, parse_condition
from automations.conditions.access import needs_event
from automations.contracts.events import Envelope, Position, read_envelope
from automations.listening import Listener
from trigger_matcher.matching import EMPTY, Candidate, Events, Index, match_events

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
POSITION = Position("crm.events", 0, 7, NOW)


def listener(automation_id: str = "a1", conditions: Any = None, **more: Any) -> Listener:
    """Return an active automation's listener; `case.created` of the tenant `default`, unless told otherwise."""
    condition = compile_condition(parse_condition(conditions))
    about: dict[str, Any] = {"tenant_id": "default", "version": 3, "lane": "live", "events": ("case.created",), **more}
    return Listener(automation_id=automation_id, condition=condition, needs_event=needs_event(condition.tree), **about)


def envelope(
    record: dict[str, Any] | None = None, event_type: str = "case.created", changes: Any = None, **more: Any
) -> Envelope:
    """Return a CloudEvent, read as far as its type."""
    data = {"record": {"id": "7"} | (record or {}), "changes": changes}
    body = {"specversion": "1.0", "type": event_type, "source": "/crm", "id": "e-1", "data": data, **more}
    return read_envelope(json.dumps(body).encode(), ())


def index_of(*listeners: Listener) -> Index:
    """Return the index of these listeners, built at once."""
    return EMPTY.edited((), listeners)


def matches_of(index: Index, *happened: Envelope) -> list[list[Candidate]]:
    """Return whom each of some events matches, all of them asked together; each listener once."""
    found: list[dict[Listener, Candidate]] = [{} for _ in happened]
    for place, candidate in match_events(Events(happened, lambda _: POSITION), index):
        found[place].setdefault(candidate.listener, candidate)
    return [list(each.values()) for each in found]


# At random. Names, values and operators are few, so that events meet conditions often.

_texts = st.sampled_from(["critical", "low", "Low", "5", "5.0", "-1", "", "true", "1", "lowland", "2026-03-01"])
_numbers = st.sampled_from([5, 5.0, 1, 0, 0.0, -0.0, -1, 4.5, 1e300, -1e300, 2**63, 2**62, 1e-300, 100, 10_000])
_dates = st.sampled_from(["2026-03-01", "2026-03-01T12:00:00Z", "2026-03-02T01:30:00+02:00", "2026-02-30"])
_scalars = st.one_of(_texts, _numbers, st.booleans(), _dates)
_fields = st.sampled_from(["priority", "record.priority", "amount", "owner.email", "contacts.age", "tags", "1"])
_orders = st.sampled_from(["gt", "gte", "lt", "lte"])
_clauses = st.one_of(
    st.none(),
    _scalars,
    _scalars,
    st.lists(_scalars, min_size=1, max_size=4),
    st.dictionaries(_orders, _numbers, min_size=1, max_size=2),
    st.dictionaries(_orders, _dates.filter(lambda day: day != "2026-02-30"), min_size=1, max_size=2),
    st.dictionaries(_orders, _texts, min_size=1, max_size=2),
    st.builds(lambda text: {"starts_with": text}, st.sampled_from(["l", "lo", "low", "lowla", "2026", ""])),
    st.builds(lambda value: {"eq": value, "ignore_case": True}, _scalars),
    st.builds(
        lambda operator, value: {operator: value},
        st.sampled_from(["ne", "contains"]),
        _scalars,
    ),
    st.sampled_from([{"exists": False}, {"matches": "^l"}, {"older_than": "1h"}]),
)
_change_clauses = st.just({"changed": True}) | st.builds(
    lambda operator, value: {operator: value}, st.sampled_from(["changed_to", "changed_from"]), _scalars
)
_flat = st.dictionaries(_fields, _clauses, max_size=3) | st.builds(
    lambda *parts: {name: clause for part in parts for name, clause in part.items()},
    st.dictionaries(_fields, _change_clauses, max_size=1),
    st.dictionaries(st.sampled_from(["event.type", "event.day"]), _clauses, max_size=1),
)
conditions = st.recursive(
    _flat,
    lambda inner: st.one_of(
        st.builds(lambda own, groups: {**own, "any": groups}, _flat, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda own, group: {**own, "all": group}, _flat, inner),
        st.builds(lambda own, group: {**own, "not": {**group, "priority": "low"}}, _flat, inner),
    ),
    max_leaves=3,
)
"""Conditions as documents have them, of every kind that an index treats in its own way."""

_values = st.none() | _scalars | st.lists(_scalars, max_size=2)
_contacts = st.lists(st.fixed_dictionaries({"age": _scalars}), max_size=3)
records = st.fixed_dictionaries(
    {},
    optional={
        "priority": _values,
        "amount": _values,
        "owner": st.builds(lambda value: {"email": value}, _values),
        "owner.email": _values,
        "contacts": _contacts | _scalars,
        "tags": _values,
        "1": _scalars,
    },
)
_changes = st.dictionaries(
    st.sampled_from(["priority", "amount", "tags"]),
    st.builds(lambda before, after: {"from": before, "to": after}, _values, _values),
    max_size=2,
)
events = st.builds(
    envelope,
    records,
    st.sampled_from(["case.created", "case.task.created", "deal.won"]),
    st.none() | _changes,
    day=_dates,
    time=st.sampled_from(["2026-03-01T12:00:00Z", "2026-03-05T12:00:00Z"]),
)
"""Events of a few types, with records that conditions are about."""

patterns = st.sampled_from(
    [("case.created",), ("case.*",), ("*",), ("case.task.*", "case.created"), ("deal.won", "case.created")]
)
