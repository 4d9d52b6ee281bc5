"""What may surprise a person about a comparison, said beside the clause in an explanation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from automations.conditions.operands import CHANGE_OPERATORS, DURATION_OPERATORS, ELEMENT_OPERATORS, Operand
from automations.conditions.syntax import Comparison
from automations.conditions.values import has_zone, kind_of, looks_like_date, read_date, read_number
from automations.conditions.words import say_value
from automations.paths import Scope

_FLAGS: Final = ("exists", "is_empty")


def note_on_clause(clause: Comparison, values: Sequence[object], holds: bool, scope: Scope) -> str | None:
    """Return what may surprise about a clause's verdict, or nothing.

    `values` are those that the clause compared.
    """
    if clause.operator in CHANGE_OPERATORS and scope.changes is None:
        return "the event has no `changes`, so nothing is known of what changed"
    if clause.operator in _FLAGS or clause.operator == "changed":
        return None
    if clause.operator in DURATION_OPERATORS and scope.now is None:
        return "no moment counts as now here"
    if len(values) > 1:
        return f"the path runs through a list: {len(values)} values are compared, one is enough"
    return _note_on_value(clause, values[0], holds, scope) if values else None


def _note_on_value(clause: Comparison, value: object, holds: bool, scope: Scope) -> str | None:
    operands = clause.operand if isinstance(clause.operand, tuple) else (clause.operand,)
    kinds = {"date"} if clause.operator in DURATION_OPERATORS else {_kind_beside(clause, each) for each in operands}
    if isinstance(value, list | tuple):
        return None if clause.operator in ELEMENT_OPERATORS else 'a list is looked into by "contains" alone'
    if isinstance(value, str):
        return _note_on_text(clause, value, kinds, scope) or _note_on_spelling(clause, value, operands)
    if "date" in kinds and isinstance(value, datetime):
        return None
    if kind_of(value) not in kinds:
        wanted = " or ".join(sorted("true or false" if kind == "boolean" else kind for kind in kinds))
        return f"{say_value(value)} is a value of another type than {wanted}; only text is read as a number or a date"
    return None


def _kind_beside(clause: Comparison, operand: Operand) -> str:
    return "text" if isinstance(operand, str) and clause.operand_kind == "text" else kind_of(operand)


def _note_on_text(clause: Comparison, value: str, kinds: set[str], scope: Scope) -> str | None:
    """Return how a text was read, where the operand is no text."""
    if "number" in kinds and "text" not in kinds and clause.operator not in ELEMENT_OPERATORS:
        number = read_number(value)
        if number is not None:
            return f"the text {say_value(value)} is read as the number {say_value(number)}"
        if kinds == {"number"}:
            return "the text is not a number in JSON's notation"
    if "date" in kinds and clause.operator not in ELEMENT_OPERATORS:
        if read_date(value, scope.zone) is None:
            return "the text is not a date in ISO 8601" if kinds == {"date"} else None
        if looks_like_date(value) and not has_zone(value):
            return f"the date has no zone and is read in {scope.zone}"
    return None


def _note_on_spelling(clause: Comparison, value: str, operands: Sequence[Operand]) -> str | None:
    """Return in what a text differs from the operand, where it is easily overlooked."""
    if clause.operator not in ("eq", "in", "changed_to", "changed_from") or value in operands:
        return None
    for operand in operands:
        if isinstance(operand, str) and operand.strip() == value.strip():
            return "only spaces around the text differ"
        if isinstance(operand, str) and not clause.ignore_case and operand.casefold() == value.casefold():
            return "only upper and lower case differ; ignore_case: true would not mind"
        if isinstance(operand, bool) and value == ("true" if operand else "false"):
            return "the text is not true or false itself"
    return None
