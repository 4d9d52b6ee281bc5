"""The condition language: parse what a document says, compile it once, evaluate it for every event.

    condition = compile_condition(parse_condition({"priority": "critical"}))
    condition.holds(Scope(record={"priority": "critical"}))   # True

The language is specified in `docs/conditions.md`. Nothing here reads a clock, a file or the network.
"""

from automations.conditions.compiled import (
    ALWAYS,
    Condition,
    Equality,
    IndexKey,
    compile_condition,
    index_keys,
)
from automations.conditions.syntax import All, Comparison, ConditionRefused, parse_condition

__all__ = [
    "ALWAYS",
    "All",
    "Comparison",
    "Condition",
    "ConditionRefused",
    "Equality",
    "IndexKey",
    "compile_condition",
    "index_keys",
    "parse_condition",
]
