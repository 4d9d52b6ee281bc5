"""The condition language: parse what a document says, compile it once, evaluate it for every event.

    condition = compile_condition(parse_condition({"priority": "critical"}))
    condition.holds(Scope(record={"priority": "critical"}))   # True

The language is specified in `docs/conditions.md`. Nothing here reads a clock, a file or the network.
"""

from automations.conditions.compiled import (
    ALWAYS,
    Condition,
    compile_condition,
)
from automations.conditions.explain import Explained, explain_condition
from automations.conditions.operands import OPERATORS
from automations.conditions.syntax import All, AnyOf, Comparison, ConditionRefused, Node, Not, parse_condition
from automations.conditions.words import describe_condition

__all__ = [
    "ALWAYS",
    "OPERATORS",
    "All",
    "AnyOf",
    "Comparison",
    "Condition",
    "ConditionRefused",
    "Explained",
    "Node",
    "Not",
    "compile_condition",
    "describe_condition",
    "explain_condition",
    "parse_condition",
]
