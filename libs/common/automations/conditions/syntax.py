"""The condition language as a tree: what a document says, read and checked, before it is made fast.

A mapping is a conjunction, a plain value is equality, a plain list is `in`, null is no value. A mapping of
operators says more, and `all`, `any` and `not` make groups. Parsing reports every problem at once, each with
a JSON pointer to the clause, because a filter that is half understood starts runs that nobody asked for.

Invariants: a tree that was parsed compiles, and evaluates in every scope. Its nodes never change. It has at
most `CLAUSES_LIMIT` clauses and `GROUPS_LIMIT` groups, which nest at most `DEPTH_LIMIT` deep.
"""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Final, Literal

import msgspec

from automations.conditions.operands import (
    CASE_OPERATORS,
    CHANGE_OPERATORS,
    DURATION_OPERATORS,
    IGNORE_CASE,
    OPERATORS,
    TEXT_OPERATORS,
    Operand,
    OperandRefused,
    explain_unknown_operator,
    find_meant_operator,
    read_operand,
)
from automations.conditions.values import Kind, kind_of, name_type
from automations.paths import Path, PathError, parse_path
from automations.problems import Problem, pointer_join, suggest_nearest

CLAUSES_LIMIT: Final = 200
GROUPS_LIMIT: Final = 500
DEPTH_LIMIT: Final = 10
SUGGESTIONS_LIMIT: Final = 20
GROUPS: Final = ("all", "any", "not")
"""Keys that make groups; a record's field of such a name is written with `record.` before it."""


class Comparison(msgspec.Struct, frozen=True, gc=False):
    """One clause: the value at a path, an operator, and what it is compared with."""

    pointer: str
    path: Path
    operator: str
    operand: Operand
    """As written, a list as a tuple. `None` only with `changed_to` and `changed_from`: no value."""
    ignore_case: bool = False

    @property
    def operand_kind(self) -> Kind | Literal["duration"]:
        """How the operand is read: text that is an ISO 8601 date is a date, unless the clause compares text alone."""
        if self.operator in DURATION_OPERATORS:
            return "duration"
        if isinstance(self.operand, str) and (self.ignore_case or self.operator in TEXT_OPERATORS):
            return "text"
        return kind_of(self.operand)


class All(msgspec.Struct, frozen=True, gc=False):
    """A conjunction: holds when every part does, and always when there is none."""

    pointer: str
    parts: tuple["Node", ...]


class AnyOf(msgspec.Struct, frozen=True, gc=False):
    """A disjunction: holds when one part does. It has at least one."""

    pointer: str
    parts: tuple["Node", ...]


class Not(msgspec.Struct, frozen=True, gc=False):
    """The negation of a whole group: holds when the group does not."""

    pointer: str
    part: All


Node = Comparison | All | AnyOf | Not


class ConditionRefused(ValueError):
    """The conditions cannot be understood; `problems` has all reasons, never none."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.pointer}: {problem.message}" for problem in problems))
        self.problems = problems


def parse_condition(raw: object, pointer: str = "", *, known_fields: Collection[str] = ()) -> All:
    """Return the tree of a document's conditions; nothing and the empty mapping always hold.

    `pointer` says where the conditions stand in the document, for the problems. `known_fields` are paths that
    events are known to have: a problem suggests the nearest one, and no field is refused for being unknown.

    Raises:
        ConditionRefused: with every problem found.
    """
    parser = _Parser(pointer, known_fields)
    try:
        tree = parser.read_group(raw, pointer, 1)
    except _TooMany:
        tree = All(pointer, ())
    if parser.problems:
        raise ConditionRefused(tuple(parser.problems))
    return tree


_read_path: Final = lru_cache(maxsize=8192)(parse_path)
_shared_pointer: Final = lru_cache(maxsize=8192)(pointer_join)
_SHARED_KEY_CHARACTERS: Final = 64


def _pointer_to(pointer: str, key: str) -> str:
    """Return the pointer to a key; thousands of documents share those of common fields."""
    return (_shared_pointer if len(key) <= _SHARED_KEY_CHARACTERS else pointer_join)(pointer, key)


class _TooMany(Exception):
    """Enough was read to refuse; the rest is not looked at."""


class _Parser:
    """One reading of one document's conditions, with what was found so far."""

    __slots__ = ("_clauses", "_groups", "_known_fields", "_root", "problems")

    def __init__(self, root: str, known_fields: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self._root = root
        self._known_fields = known_fields
        self._clauses = 0
        self._groups = 0

    def read_group(self, raw: object, pointer: str, depth: int) -> All:
        """Return a group that must hold as a whole: a mapping, a list of groups, or nothing."""
        self._groups += 1
        if self._groups > GROUPS_LIMIT:
            raise self._too_many(f"Conditions have at most {GROUPS_LIMIT} groups.")
        if raw is None:
            return All(pointer, ())
        if depth > DEPTH_LIMIT:
            self._refuse(pointer, f"Groups nest at most {DEPTH_LIMIT} deep.", "too_deep")
        elif isinstance(raw, list | tuple):
            return All(pointer, self._read_groups(raw, pointer, depth))
        elif not isinstance(raw, Mapping):
            message = f'Conditions are a mapping such as {{"priority": "critical"}}, not {name_type(raw)}.'
            self._refuse(pointer, message, "type")
        else:
            parts: list[Node] = []
            for key, value in raw.items():
                self._read_entry(key, value, pointer, depth, parts)
            return All(pointer, tuple(parts))
        return All(pointer, ())

    def _read_groups(self, raw: list[object] | tuple[object, ...], pointer: str, depth: int) -> tuple[Node, ...]:
        return tuple(self.read_group(group, pointer_join(pointer, place), depth + 1) for place, group in enumerate(raw))

    def _read_entry(self, key: object, value: object, pointer: str, depth: int, parts: list[Node]) -> None:
        """Add what one entry of a mapping says: a group by its word, or the clauses on one field."""
        if not isinstance(key, str):
            self._count_clause()
            self._refuse(pointer_join(pointer, str(key)), f"A field's name is text, not {name_type(key)}.", "type")
            return
        place = _pointer_to(pointer, key)
        if key == "all":
            parts.append(self.read_group(value, place, depth + 1))
        elif key == "any":
            parts.append(self._read_any(value, place, depth + 1))
        elif key == "not":
            parts.append(self._read_not(value, place, depth + 1))
        else:
            self._read_field(key, value, place, parts)

    def _read_any(self, raw: object, pointer: str, depth: int) -> AnyOf:
        if not isinstance(raw, list | tuple) or not raw:
            message = (
                f'"any" takes a list of groups, of which one must hold, with at least one in it.{_field_hint("any")}'
            )
            self._refuse(pointer, message, "empty" if isinstance(raw, list | tuple) else "type")
            return AnyOf(pointer, ())
        if depth > DEPTH_LIMIT:
            self._refuse(pointer, f"Groups nest at most {DEPTH_LIMIT} deep.", "too_deep")
            return AnyOf(pointer, ())
        return AnyOf(pointer, self._read_groups(raw, pointer, depth))

    def _read_not(self, raw: object, pointer: str, depth: int) -> Not:
        found = len(self.problems)
        part = self.read_group(raw, pointer, depth)
        if not part.parts and len(self.problems) == found:
            message = f'"not" takes a group with at least one clause; without one it never holds.{_field_hint("not")}'
            self._refuse(pointer, message, "empty")
        return Not(pointer, part)

    def _read_field(self, key: str, value: object, pointer: str, parts: list[Node]) -> None:
        try:
            path = _read_path(key)
        except PathError as error:
            self._count_clause()
            hint = suggest_nearest(key[:80], self._near_fields())
            self._refuse(pointer, f"The field {key[:80]!r} cannot be read: {error}.{hint}", "path")
            return
        if isinstance(value, Mapping):
            clauses = self._read_operators(key, path, value, pointer)
            # A field with several operators is a group of its own, so that it can be read as one.
            parts.extend(clauses if len(clauses) == 1 else (All(pointer, clauses),))
            return
        operator = "in" if isinstance(value, list | tuple) else "eq"
        clause = self._read_clause(path, operator, value, pointer, False)
        if clause is not None:
            parts.append(clause)

    def _read_operators(
        self, key: str, path: Path, raw: Mapping[object, object], pointer: str
    ) -> tuple[Comparison, ...]:
        ignore_case = raw.get(IGNORE_CASE, False)
        if not isinstance(ignore_case, bool):
            message = f'"{IGNORE_CASE}" is followed by true or false, not {name_type(ignore_case)}.'
            self._refuse(pointer_join(pointer, IGNORE_CASE), message, "type")
        clauses = []
        for operator, operand in raw.items():
            if operator == IGNORE_CASE:
                continue
            place = _pointer_to(pointer, str(operator))
            if not isinstance(operator, str) or operator not in OPERATORS:
                self._count_clause()
                hint = "" if find_meant_operator(operator) else self._dotted_hint(key, operator)
                self._refuse(place, explain_unknown_operator(operator) + hint, "operator")
                continue
            ignores = ignore_case is True and operator in CASE_OPERATORS
            clause = self._read_clause(path, operator, operand, place, ignores)
            if clause is not None:
                clauses.append(clause)
        if not any(word != IGNORE_CASE for word in raw):
            self._refuse(pointer, 'An operator is missing, such as {"gte": 5}; or give the value itself.', "empty")
        elif ignore_case is True and not any(word in CASE_OPERATORS for word in raw):
            message = f'"{IGNORE_CASE}" stands beside an operator that compares text, such as "contains".'
            self._refuse(pointer_join(pointer, IGNORE_CASE), message, "operator")
        return tuple(clauses)

    def _read_clause(
        self, path: Path, operator: str, raw: object, pointer: str, ignore_case: bool
    ) -> Comparison | None:
        self._count_clause()
        if operator in CHANGE_OPERATORS and (path.root != "record" or not path.segments):
            message = f'"{operator}" speaks of a field of the record, such as stage, and what the event tells of it.'
            self._refuse(pointer, message, "path")
            return None
        try:
            operand = read_operand(operator, raw, ignore_case=ignore_case)
        except OperandRefused as error:
            self._refuse(pointer, str(error), error.code)
            return None
        if operand is None and operator in ("eq", "ne"):
            return Comparison(pointer, path, "exists", operator == "ne")
        return Comparison(pointer, path, operator, operand, ignore_case)

    def _dotted_hint(self, key: str, word: object) -> str:
        """Return what to write if the word was meant as a field inside of an object."""
        dotted = f"{key}.{word}"[:80]
        if dotted in self._known_fields or not self._known_fields:
            return f' A field inside of an object is written with a dot: "{dotted}".'
        return suggest_nearest(dotted, self._near_fields())

    def _near_fields(self) -> Collection[str]:
        """Return the fields to look for a near one in; after many problems the search is not worth its time."""
        return self._known_fields if len(self.problems) < SUGGESTIONS_LIMIT else ()

    def _count_clause(self) -> None:
        self._clauses += 1
        if self._clauses > CLAUSES_LIMIT:
            raise self._too_many(f"Conditions have at most {CLAUSES_LIMIT} clauses.")

    def _too_many(self, message: str) -> _TooMany:
        self._refuse(self._root, message, "too_large")
        return _TooMany()

    def _refuse(self, pointer: str, message: str, code: str) -> None:
        self.problems.append(Problem(pointer, message, code))


def _field_hint(word: str) -> str:
    return f' A record\'s field of that name is written "record.{word}".'
