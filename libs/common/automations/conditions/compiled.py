"""Conditions made fast: a tree becomes one function of the scope, and the equalities that an index can
use.

Compiling never fails on a parsed tree, evaluation never fails on any scope. Nothing is converted but one
thing: against a number, text that is a JSON number is read as that number, because CRMs deliver numbers as
text. `true` is not 1, and 1 equals 1.0. Text is compared exactly.
"""

import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Final, Literal

from automations.conditions.syntax import All, Comparison, Node, Scalar
from automations.paths import Path, Scope, compile_path, compile_values

Test = Callable[[Scope], bool]
IndexKey = tuple[Literal["text", "number", "boolean"], str | int | float | bool]

NUMBER_LIMIT_CHARACTERS: Final = 400
"""Longer text is never read as a number."""

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Equality:
    """One equality that must hold, as an index wants it: it holds exactly when `key in keys_of(scope)`."""

    path: Path
    key: IndexKey
    _values: Callable[[Scope], Collection[object]] = field(compare=False, repr=False)

    def keys_of(self, scope: Scope) -> Collection[IndexKey]:
        """Return the keys of all equalities on this path that hold in a scope."""
        return [key for value in self._values(scope) for key in index_keys(value)]


@dataclass(frozen=True, slots=True)
class Condition:
    """Compiled conditions: `holds(scope)` is the verdict, and each of `equalities` is necessary for it."""

    holds: Test
    equalities: tuple[Equality, ...]


def compile_condition(tree: All) -> Condition:
    """Return the compiled form of parsed conditions."""
    return Condition(_compile_node(tree), tuple(_equalities(tree)))


def index_keys(value: object) -> tuple[IndexKey, ...]:
    """Return the keys under which an index looks for an event's value; text of a number has two."""
    if isinstance(value, bool):
        return (("boolean", value),)
    if isinstance(value, str):
        number = read_number(value)
        return (("text", value),) if number is None else (("text", value), ("number", number))
    if isinstance(value, int | float):
        return (("number", value),)
    return ()


def read_number(text: str) -> int | float | None:
    """Return the number that a text is in JSON's notation, or `None`; `" 1"`, `"01"` and `"1."` are none."""
    match = _NUMBER.fullmatch(text) if len(text) <= NUMBER_LIMIT_CHARACTERS else None
    if match is None:
        return None
    return int(text) if match.group(1) is None and match.group(2) is None else float(text)


def _compile_node(node: Node) -> Test:
    if isinstance(node, All):
        return _compile_all(tuple(_compile_node(part) for part in node.parts))
    return _OPERATORS[node.operator](node)


def _compile_all(tests: tuple[Test, ...]) -> Test:
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


def _always(_: Scope) -> bool:
    return True


def _compile_equality(node: Comparison) -> Test:
    operand, path = node.operand, node.path
    values_of = compile_values(path)
    if operand is None:
        return lambda scope: not values_of(scope)
    matches = equal_to(operand)
    if path.root == "record" and len(path.segments) == 1:
        value_of = compile_path(path)
        return lambda scope: matches(value_of(scope))

    def any_matches(scope: Scope) -> bool:
        for value in values_of(scope):  # noqa: SIM110 (a generator costs twice the time here)
            if matches(value):
                return True
        return False

    return any_matches


def equal_to(operand: Scalar) -> Callable[[object], bool]:
    """Return the test of one value against an operand, by the operand's type."""
    if operand is None:
        return lambda value: value is None
    if isinstance(operand, bool):
        return lambda value: value is operand
    if isinstance(operand, str):
        return lambda value: isinstance(value, str) and value == operand

    def equals_number(value: object) -> bool:
        if isinstance(value, str):
            return read_number(value) == operand
        return isinstance(value, int | float) and value == operand and not isinstance(value, bool)

    return equals_number


_OPERATORS: Final[dict[str, Callable[[Comparison], Test]]] = {"eq": _compile_equality}


def _equalities(node: Node) -> Iterator[Equality]:
    if isinstance(node, All):
        for part in node.parts:
            yield from _equalities(part)
    elif node.operator == "eq" and node.operand is not None:
        yield Equality(node.path, index_keys(node.operand)[0], compile_values(node.path))


ALWAYS: Final = Condition(_always, ())
"""The condition of a trigger that has none."""
