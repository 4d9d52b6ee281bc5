"""Compiled, explained and plainly read, a condition has one verdict."""

from typing import Any

from hypothesis import given, settings

from automations.conditions import compile_condition, explain_condition, parse_condition
from automations.paths import Scope
from tests.support import plain_reading
from tests.support.random_conditions import conditions, scopes


@settings(max_examples=300)
@given(raw=conditions, scope=scopes)
def test_compiled_condition_agrees_with_a_plain_reading_of_the_page(raw: Any, scope: Scope) -> None:
    """What was made fast says what the rules say."""
    assert compile_condition(parse_condition(raw)).holds(scope) is plain_reading.holds(raw, scope)


@settings(max_examples=300)
@given(raw=conditions, scope=scopes)
def test_explanation_agrees_with_the_decision(raw: Any, scope: Scope) -> None:
    """The verdict of the trace, of each of its groups, and of the compiled condition are one."""
    tree = parse_condition(raw)
    explained = explain_condition(tree, scope)
    assert explained.holds is compile_condition(tree).holds(scope)
    assert verdict(explained.as_json()) is explained.holds
    assert explained.sentence


def verdict(trace: dict[str, Any]) -> bool:
    """Return the verdict of a trace by its clauses alone."""
    if trace["kind"] == "clause":
        return bool(trace["holds"])
    parts = [verdict(part) for part in trace["parts"]]
    holds = {"all": all(parts), "any": any(parts), "not": not all(parts)}[trace["kind"]]
    assert trace["holds"] is holds
    return holds
