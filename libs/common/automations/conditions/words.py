"""Clauses and values in the words of people: `amount is at least 10000`.

What is said is bounded: a long text is cut, and of a long list a few elements are named.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from automations.conditions.operands import Operand
from automations.conditions.syntax import All, AnyOf, Comparison, Node
from automations.conditions.values import read_number

TEXT_SHOWN_CHARACTERS: Final = 80
ELEMENTS_SHOWN: Final = 5

_STATED: Final = {
    "eq": "is {}",
    "ne": "is not {}",
    "gt": "is more than {}",
    "gte": "is at least {}",
    "lt": "is less than {}",
    "lte": "is at most {}",
    "in": "is {}",
    "not_in": "is not {}",
    "contains": "contains {}",
    "not_contains": "does not contain {}",
    "starts_with": "starts with {}",
    "ends_with": "ends with {}",
    "matches": "matches the pattern {}",
    "changed_to": "changed to {}",
    "changed_from": "changed from {}",
    "older_than": "is older than {}",
    "within_last": "is within the last {}",
    "within_next": "is within the next {}",
}
_OF_DATES: Final = {
    "gt": "is after {}",
    "gte": "is at or after {}",
    "lt": "is before {}",
    "lte": "is at or before {}",
}
_FLAGS: Final = {
    ("exists", True): ("has a value", "a value"),
    ("exists", False): ("has no value", "no value"),
    ("is_empty", True): ("is empty", "nothing in it"),
    ("is_empty", False): ("is not empty", "something in it"),
    ("changed", True): ("changed", "a change"),
    ("changed", False): ("did not change", "no change"),
}
_INFINITIVES: Final = {
    "contains ": "to contain ",
    "does not contain ": "not to contain ",
    "starts ": "to start ",
    "ends ": "to end ",
    "matches ": "to match ",
    "changed ": "a change ",
}


def say_value(value: object) -> str:
    """Return a value as it stands in a sentence; text is quoted where it could be taken for something else."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _say_text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return say_list(value, "and") if value else "an empty list"
    return _cut(repr(value) if isinstance(value, float) else _say_whole(value))


def say_list(values: Sequence[object], last: str) -> str:
    """Return several values as people list them: `a, b or c`, with `last` before the last one."""
    said = [say_value(value) for value in values[:ELEMENTS_SHOWN]]
    if len(values) > ELEMENTS_SHOWN:
        said.append(f"{len(values) - ELEMENTS_SHOWN} more")
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} {last} {said[-1]}"


def state_clause(clause: Comparison) -> str:
    """Return what a clause demands, after the field: `is at least 10000`."""
    if isinstance(clause.operand, bool) and (clause.operator, clause.operand) in _FLAGS:
        return _FLAGS[clause.operator, clause.operand][0]
    template = _OF_DATES.get(clause.operator) if clause.operand_kind == "date" else None
    said = (template or _STATED[clause.operator]).format(_say_operand(clause.operand, clause.operator))
    return f"{said}, in upper or lower case" if clause.ignore_case else said


def expect_clause(clause: Comparison) -> str:
    """Return what a clause demands, after *expected*: `at least 10000`, `to contain vip`."""
    if isinstance(clause.operand, bool) and (clause.operator, clause.operand) in _FLAGS:
        return _FLAGS[clause.operator, clause.operand][1]
    stated = state_clause(clause)
    for start, other in _INFINITIVES.items():
        if stated.startswith(start):
            return other + stated.removeprefix(start)
    return stated.removeprefix("is ")


def describe_condition(node: Node) -> str:
    """Return conditions in words: `priority is critical, and amount is at least 10000`."""
    if isinstance(node, Comparison):
        return f"{node.path.text} {state_clause(node)}"
    if isinstance(node, All):
        return ", and ".join(_describe_part(part, node) for part in node.parts) or "always"
    if isinstance(node, AnyOf):
        return "either " + ", or ".join(_describe_part(part, node) for part in node.parts)
    return f"not ({describe_condition(node.part)})"


def _describe_part(node: Node, group: All | AnyOf) -> str:
    """Return a part in words, in brackets where it and its group could be misread as one."""
    while isinstance(node, All) and len(node.parts) == 1:
        (node,) = node.parts
    said = describe_condition(node)
    is_clear = not isinstance(node, All | AnyOf) or len(group.parts) == 1
    return said if is_clear or (isinstance(node, All) and isinstance(group, All)) else f"({said})"


def _say_operand(operand: Operand, operator: str) -> str:
    if operator in ("older_than", "within_last", "within_next"):
        return str(operand) if isinstance(operand, str) else f"{operand} s"
    return say_list(operand, "or") if isinstance(operand, tuple) else say_value(operand)


def _say_text(text: str) -> str:
    plain = text.strip() == text and text.isprintable() and text not in ("", "true", "false", "null", "no value")
    return _cut(text) if plain and read_number(text) is None else json.dumps(_cut(text), ensure_ascii=False)


def _say_whole(value: object) -> str:
    try:
        return str(value)
    except ValueError:  # more digits than Python writes
        return "a very large number"


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_SHOWN_CHARACTERS else text[:TEXT_SHOWN_CHARACTERS] + "…"
