"""Conditions made fast: a tree becomes one function of the scope.

Compiling never fails on a parsed tree, evaluation never fails on any scope. Equal clauses share one compiled
test, because thousands of automations ask for the same. `explain` asks the very same tests, so it cannot
come to another verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from automations.conditions.changes import compile_change
from automations.conditions.operands import CHANGE_OPERATORS, NEGATIONS, Operand
from automations.conditions.operators import ValueTest, value_test
from automations.conditions.syntax import All, AnyOf, Comparison, Node
from automations.paths import Path, Scope, compile_values

Test = Callable[[Scope], bool]

SHARED_TESTS_LIMIT: Final = 16_384
"""How many compiled clauses are remembered for others that say the same."""
SMALL_LIST: Final = 32
SMALL_TEXT_CHARACTERS: Final = 128


@dataclass(frozen=True, slots=True)
class Condition:
    """Compiled conditions: `holds(scope)` is the verdict; `tree` is what they were compiled from."""

    holds: Test
    tree: All


def compile_condition(tree: All) -> Condition:
    """Return the compiled form of parsed conditions."""
    return Condition(_compile_all(tree.parts), tree)


def compile_clause(clause: Comparison) -> Test:
    """Return the function that says whether one clause holds in a scope; equal clauses have one and the same."""
    operand = clause.operand
    build = _shared_test if _is_small(operand) else _build_test
    # Python takes True, 1 and 1.0 for one key; a condition does not.
    kinds = tuple(map(type, operand)) if isinstance(operand, tuple) else (type(operand),)
    return build(clause.path, clause.operator, operand, kinds, clause.ignore_case)


def _is_small(operand: Operand) -> bool:
    """Return whether an operand may be remembered: what is shared has a size that is known."""
    if isinstance(operand, tuple):
        return len(operand) <= SMALL_LIST and all(map(_is_small, operand))
    return not isinstance(operand, str) or len(operand) <= SMALL_TEXT_CHARACTERS


def _build_test(path: Path, operator: str, operand: Operand, kinds: tuple[type, ...], ignore_case: bool) -> Test:
    if operator in NEGATIONS:
        positive = _build_test(path, NEGATIONS[operator], operand, kinds, ignore_case)
        return lambda scope: not positive(scope)
    if operator in CHANGE_OPERATORS:
        return _compile_change(path, operator, operand, ignore_case)
    if operator == "exists":
        return _expecting(operand, _on_path(path, lambda value, _: value is not None))
    if operator == "is_empty":
        return _expecting(not operand, _on_path(path, _is_filled))
    return _on_path(path, value_test(operator, operand, ignore_case))


_shared_test: Final = lru_cache(maxsize=SHARED_TESTS_LIMIT)(_build_test)


def _on_path(path: Path, holds: ValueTest) -> Test:
    """Return whether a path has a value that passes a test: one is enough where it runs through a list."""
    if path.root == "record" and len(path.segments) == 1:
        (name,) = path.segments
        return lambda scope: holds(scope.record.get(name), scope)
    values_of = compile_values(path)

    def any_holds(scope: Scope) -> bool:
        for value in values_of(scope):  # noqa: SIM110 (a generator costs twice the time here)
            if holds(value, scope):
                return True
        return False

    if path.root != "record" or len(path.segments) != 2:
        return any_holds
    (outer, inner), whole = path.segments, ".".join(path.segments)

    def holds_inside(scope: Scope) -> bool:
        record = scope.record
        around = record.get(outer)
        if type(around) is not dict or whole in record:
            return any_holds(scope)
        value = around.get(inner)
        return value is not None and holds(value, scope)

    return holds_inside


def _is_filled(value: object, _: Scope) -> bool:
    return value is not None and not (isinstance(value, str | list | tuple) and not value)


def _expecting(expected: object, test: Test) -> Test:
    return test if expected else lambda scope: not test(scope)


def _compile_change(path: Path, operator: str, operand: Operand, ignore_case: bool) -> Test:
    find_change = compile_change(path.segments)
    if operator == "changed":
        return lambda scope: scope.changes is not None and (find_change(scope.changes) is not None) is operand
    is_after = operator == "changed_to"
    matches = None if operand is None else value_test("eq", operand, ignore_case)

    def changed_between(scope: Scope) -> bool:
        change = find_change(scope.changes)
        values = None if change is None else change.after if is_after else change.before
        if values is None:
            return False
        if matches is None:
            return not values
        for value in values:  # noqa: SIM110 (a generator costs twice the time here)
            if matches(value, scope):
                return True
        return False

    return changed_between


def _compile_node(node: Node) -> Test:
    if isinstance(node, Comparison):
        return compile_clause(node)
    if isinstance(node, All):
        return _compile_all(node.parts)
    if isinstance(node, AnyOf):
        return _compile_any(node.parts)
    test = _compile_all(node.part.parts)
    return lambda scope: not test(scope)


def _compile_all(parts: tuple[Node, ...]) -> Test:
    tests = tuple(map(_compile_node, parts))
    if not tests:
        return _always
    if len(tests) == 1:
        return tests[0]
    if len(tests) == 2:
        first, second = tests
        return lambda scope: first(scope) and second(scope)

    def every(scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 (a generator costs twice the time here)
            if not test(scope):
                return False
        return True

    return every


def _compile_any(parts: tuple[Node, ...]) -> Test:
    tests = tuple(map(_compile_node, parts))

    def some(scope: Scope) -> bool:
        for test in tests:  # noqa: SIM110 (a generator costs twice the time here)
            if test(scope):
                return True
        return False

    return some


def _always(_: Scope) -> bool:
    return True


ALWAYS: Final = compile_condition(All("", ()))
"""The condition of a trigger that has none."""
