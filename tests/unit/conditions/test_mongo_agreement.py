"""Another implementation comes to the same verdicts: mgqpy, which matches documents by MongoDB's queries.

Random conditions of the common subset are translated into queries. Outside of the subset, because the two languages
differ on purpose:

- text is never read as a number or a date by MongoDB, so no text here is one, and there are no durations;
- a query on a list at the end of a path asks its elements, so such a list stands only where `contains` asks;
- through a list, a query for null holds if one element has no value, a condition if none has one, so null,
  `exists` and `is_empty` ask only paths without a list;
- names with dots, `changes` and the other roots have no counterpart, nor has looking into lists of lists;
- case is ignored by a pattern in a query, so only letters of ASCII are compared in that way.
"""

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from mgqpy import Query

from automations.conditions import compile_condition, parse_condition
from automations.paths import Scope

texts = st.sampled_from(["", "a", "A", "ab", "b a", "aab", "B", "^a", "true"])
numbers = st.sampled_from([0, 1, 5, -1, 0.0, 1.0, -0.5, 10**20, 1e300])
scalars = texts | numbers | st.booleans()
plain_paths = st.sampled_from(["a", "b", "owner.a", "owner.deep.b"])
paths = plain_paths | st.sampled_from(["contacts.a", "contacts.b", "contacts.owner.a"])

equal = st.tuples(st.sampled_from(["eq", "ne"]), scalars)
several = st.tuples(st.sampled_from(["in", "not_in"]), st.lists(scalars, min_size=1, max_size=3))
ordered = st.tuples(st.sampled_from(["gt", "gte", "lt", "lte"]), texts | numbers)
of_text = st.tuples(st.sampled_from(["starts_with", "ends_with"]), texts)
patterns = st.tuples(st.just("matches"), st.sampled_from(["a", "^a", "b$", "a|b", "^(ab)*$", "[A-Z]"]))
of_presence = st.tuples(st.sampled_from(["exists", "is_empty"]), st.booleans())
of_null = st.tuples(st.sampled_from(["eq", "ne"]), st.none())
elements = st.tuples(st.sampled_from(["contains", "not_contains"]), scalars)

clauses = st.one_of(
    st.tuples(paths, st.lists(equal | several | ordered | of_text | patterns, min_size=1, max_size=2).map(dict)),
    st.tuples(paths, (of_text | patterns).map(lambda each: {each[0]: each[1], "ignore_case": True})),
    st.tuples(plain_paths, (of_presence | of_null).map(lambda each: {each[0]: each[1]})),
    st.tuples(st.sampled_from(["tags", "owner.tags", "contacts.tags"]), elements.map(lambda each: {each[0]: each[1]})),
    st.tuples(paths, scalars),
    st.tuples(plain_paths, st.none()),
    st.tuples(paths, st.lists(scalars, min_size=1, max_size=3)),
)
flat = st.lists(clauses, max_size=3).map(dict)
conditions = st.recursive(
    flat,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.builds(lambda own, groups: {**own, "any": groups}, flat, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda own, groups: {**own, "all": groups}, flat, st.lists(inner, max_size=3)),
        st.builds(lambda own, group: {**own, "not": [{"a": 1}, group]}, flat, inner),
    ),
    max_leaves=5,
)

leaf = scalars | st.none()
tags = st.lists(scalars, max_size=3)
person = st.fixed_dictionaries({}, optional={"a": leaf, "b": leaf, "tags": tags})
records = st.fixed_dictionaries(
    {},
    optional={
        "a": leaf,
        "b": leaf,
        "tags": tags,
        "owner": st.fixed_dictionaries({}, optional={"a": leaf, "tags": tags, "deep": person}) | scalars,
        "contacts": st.lists(st.fixed_dictionaries({}, optional={"a": leaf, "b": leaf, "tags": tags, "owner": person})),
    },
)


def as_query(raw: Any) -> dict[str, Any]:
    """Return conditions as a query of MongoDB."""
    if isinstance(raw, list):
        return {"$and": [as_query(group) for group in raw]} if raw else {}
    parts = [each for key, value in raw.items() for each in as_parts(key, value)]
    return {"$and": parts} if parts else {}


def as_parts(key: str, value: Any) -> list[dict[str, Any]]:
    if key == "all":
        return [as_query(value)]
    if key == "any":
        return [{"$or": [as_query(group) for group in value]}]
    if key == "not":
        return [{"$nor": [as_query(value)]}]
    if not isinstance(value, dict):
        value = {"in": value} if isinstance(value, list) else {"eq": value}
    options = "i" if value.get("ignore_case") else ""
    return [{key: as_test(word, operand, options)} for word, operand in value.items() if word != "ignore_case"]


def as_test(operator: str, operand: Any, options: str) -> dict[str, Any]:
    if operator in ("starts_with", "ends_with", "matches"):
        pattern = {"starts_with": "^%s", "ends_with": "%s$", "matches": "%s"}[operator]
        text = operand if operator == "matches" else re.escape(operand)
        return {"$regex": pattern % text, "$options": options}
    if operator == "exists":
        return {"$ne" if operand else "$eq": None}
    if operator == "is_empty":
        return {"$in" if operand else "$nin": [None, "", []]}
    other = {"not_in": "nin", "contains": "eq", "not_contains": "ne"}
    return {"$" + other.get(operator, operator): operand}


@settings(max_examples=300)
@given(raw=conditions, record=records)
def test_condition_agrees_with_a_query_of_mongodb(raw: Any, record: dict[str, Any]) -> None:
    """On the common subset both verdicts are one."""
    verdict = compile_condition(parse_condition(raw)).holds(Scope(record=record))
    assert verdict is Query(as_query(raw)).test(record)
