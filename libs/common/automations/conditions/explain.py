"""Why a condition holds or does not: the same evaluation, with what each clause compared.

Every clause is evaluated, those after a false one too. Each verdict comes from the very test that
`compile_condition` uses, so an explanation and a decision never disagree. What is shown of a value is bounded;
the verdict looked at all of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, Literal

import msgspec

from automations.conditions.changes import compile_change
from automations.conditions.compiled import compile_clause
from automations.conditions.notes import note_on_clause
from automations.conditions.operands import CHANGE_OPERATORS, FLAG_OPERATORS, NEGATIONS
from automations.conditions.syntax import All, AnyOf, Comparison, Node
from automations.conditions.values import kind_of
from automations.conditions.words import expect_clause, say_list, say_value, state_clause
from automations.paths import Scope, compile_values

TEXT_LIMIT_CHARACTERS: Final = 1_000
ELEMENTS_LIMIT: Final = 20
DEPTH_LIMIT: Final = 4
REASONS_LIMIT: Final = 3

_values_of: Final = lru_cache(maxsize=1024)(compile_values)


@dataclass(frozen=True, slots=True)
class ExplainedClause:
    """One clause with what it compared."""

    clause: Comparison
    actual: object
    """What stood there; a list where the path runs through one."""
    actual_type: str
    holds: bool
    fact: str
    """What stood there, in words: `priority is high`."""
    sentence: str
    """The fact, and what was expected of it."""
    note: str | None
    """What may surprise about the comparison."""

    def as_json(self) -> dict[str, Any]:
        """Return the clause as it stands in an answer."""
        clause = self.clause
        found = {
            "kind": "clause",
            "pointer": clause.pointer,
            "path": clause.path.text,
            "operator": clause.operator,
            "expected": list(clause.operand) if isinstance(clause.operand, tuple) else clause.operand,
            "expected_type": _name_expected(clause),
            "actual": self.actual,
            "actual_type": self.actual_type,
            "holds": self.holds,
            "sentence": self.sentence,
        }
        if clause.ignore_case:
            found["ignore_case"] = True
        return found if self.note is None else {**found, "note": self.note}


@dataclass(frozen=True, slots=True)
class ExplainedGroup:
    """A group with its verdict and those of its parts."""

    kind: Literal["all", "any", "not"]
    pointer: str
    holds: bool
    parts: tuple["ExplainedClause | ExplainedGroup", ...]

    def as_json(self) -> dict[str, Any]:
        """Return the group, with everything in it, as it stands in an answer."""
        parts = [part.as_json() for part in self.parts]
        return {"kind": self.kind, "pointer": self.pointer, "holds": self.holds, "parts": parts}


ExplainedNode = ExplainedClause | ExplainedGroup


@dataclass(frozen=True, slots=True)
class Explained:
    """The verdict of a condition in a scope, and how it came about."""

    root: ExplainedGroup

    @property
    def holds(self) -> bool:
        """The verdict: that of the compiled condition."""
        return self.root.holds

    @property
    def sentence(self) -> str:
        """The reason in one sentence, without a full stop: `priority is high, expected critical`."""
        return _reason(self.root)

    def as_json(self) -> dict[str, Any]:
        """Return the whole trace as it stands in an answer."""
        return self.root.as_json()


def explain_condition(tree: All, scope: Scope) -> Explained:
    """Return why parsed conditions hold in a scope or do not."""
    return Explained(_explain_group("all", tree.pointer, tree.parts, scope))


def _explain_node(node: Node, scope: Scope) -> ExplainedNode:
    if isinstance(node, Comparison):
        return _explain_clause(node, scope)
    if isinstance(node, All):
        return _explain_group("all", node.pointer, node.parts, scope)
    if isinstance(node, AnyOf):
        return _explain_group("any", node.pointer, node.parts, scope)
    return _explain_group("not", node.pointer, node.part.parts, scope)


def _explain_group(
    kind: Literal["all", "any", "not"], pointer: str, parts: tuple[Node, ...], scope: Scope
) -> ExplainedGroup:
    explained = tuple(_explain_node(part, scope) for part in parts)
    verdicts = [part.holds for part in explained]
    holds = any(verdicts) if kind == "any" else all(verdicts) is (kind == "all")
    return ExplainedGroup(kind, pointer, holds, explained)


def _explain_clause(clause: Comparison, scope: Scope) -> ExplainedClause:
    holds = compile_clause(clause)(scope)
    fact, values = _look_at_change(clause, scope) if clause.operator in CHANGE_OPERATORS else _look_at(clause, scope)
    actual = values[0] if len(values) == 1 else list(values) or None
    return ExplainedClause(
        clause,
        _shown(actual),
        "values of a list" if len(values) > 1 else _name_kind(actual),
        holds,
        fact,
        _say_verdict(clause, fact, values, holds),
        note_on_clause(clause, values, holds, scope),
    )


def _look_at(clause: Comparison, scope: Scope) -> tuple[str, Sequence[object]]:
    """Return what stands at a clause's path, in words and as it is."""
    values = _values_of(clause.path)(scope)
    if not values:
        said = "has no value"
    elif len(values) == 1:
        said = f"is {say_value(values[0])}"
    else:
        said = f"has the values {say_list(values, 'and')}"
    return f"{clause.path.text} {said}", values


def _look_at_change(clause: Comparison, scope: Scope) -> tuple[str, Sequence[object]]:
    """Return what the event tells of a field's change: in words, and the value that the clause asks for."""
    field = clause.path.text
    if scope.changes is None:
        return f"the event does not tell whether {field} changed", ()
    change = compile_change(clause.path.segments)(scope.changes)
    if change is None:
        return f"{field} did not change", (False,) if clause.operator == "changed" else ()
    if change.before is None or change.after is None:
        fact = f"{field} changed, the event does not tell from what to what"
        values: tuple[object, ...] = ()
    else:
        before, after = (say_list(values, "and") if values else "no value" for values in change)
        fact = f"{field} changed from {before} to {after}"
        values = tuple(change.after if clause.operator == "changed_to" else change.before)
    return fact, (True,) if clause.operator == "changed" else values


def _say_verdict(clause: Comparison, fact: str, values: Sequence[object], holds: bool) -> str:
    if not holds:
        return f"{fact}, expected {expect_clause(clause)}"
    stated = state_clause(clause)
    says_itself = clause.operator in CHANGE_OPERATORS or (clause.operator in FLAG_OPERATORS and values)
    if says_itself or fact.endswith(f" {stated}"):
        return fact
    if not values:
        return f"{fact}, so it {stated}"
    if len(values) == 1:
        return f"{fact}, which {stated}"
    positive = NEGATIONS.get(clause.operator)
    if positive is not None:
        return f"{fact}, of which none {state_clause(msgspec.structs.replace(clause, operator=positive))}"
    return f"{fact}, of which one {stated}"


def _reason(node: ExplainedNode) -> str:
    """Return the part of a trace that decided, in words."""
    if isinstance(node, ExplainedClause):
        return node.sentence
    if not node.parts:
        return "there are no conditions"
    deciding = [part for part in node.parts if part.holds is _deciding_verdict(node)]
    if node.kind == "not":
        if node.holds:
            return f"{_fact(deciding[0])}, which is not excluded"
        return f"{_join(deciding, ' and ')}, which is excluded"
    if node.kind == "any" and not node.holds:
        return f"none of these holds: {_join(deciding, '; ')}"
    if node.kind == "any" or not node.holds:
        more = len(deciding) - 1 if node.kind == "all" else 0
        return _reason(deciding[0]) + (f" (and {more} more)" if more else "")
    return _join(deciding, " and ")


def _deciding_verdict(node: ExplainedGroup) -> bool:
    """Return the verdict of those parts that decided the group's."""
    return not node.holds if node.kind == "not" else node.holds


def _fact(node: ExplainedNode) -> str:
    return next((part.fact for part in _clauses(node) if not part.holds), _reason(node))


def _clauses(node: ExplainedNode) -> Iterator[ExplainedClause]:
    if isinstance(node, ExplainedClause):
        yield node
    else:
        for part in node.parts:
            yield from _clauses(part)


def _join(parts: Sequence[ExplainedNode], between: str) -> str:
    said = between.join(_reason(part) for part in parts[:REASONS_LIMIT])
    return said if len(parts) <= REASONS_LIMIT else f"{said}{between}{len(parts) - REASONS_LIMIT} more"


def _name_expected(clause: Comparison) -> str:
    if clause.operator == "matches":
        return "pattern"
    kind = clause.operand_kind
    return "true or false" if kind == "boolean" else kind


def _name_kind(value: object) -> str:
    kind = kind_of(value)
    return "true or false" if kind == "boolean" else kind


def _shown(value: object, depth: int = 0) -> object:
    """Return as much of a value as an answer shows, in JSON's types."""
    if isinstance(value, str):
        return value if len(value) <= TEXT_LIMIT_CHARACTERS else value[:TEXT_LIMIT_CHARACTERS] + "…"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping | list | tuple):
        if depth == DEPTH_LIMIT:
            return "…"
        if isinstance(value, Mapping):
            items = list(value.items())[:ELEMENTS_LIMIT]
            return {str(name): _shown(part, depth + 1) for name, part in items}
        return [_shown(part, depth + 1) for part in value[:ELEMENTS_LIMIT]]
    return value
