"""The condition language as a tree: what a document says, read and checked, before it is made fast.

A mapping is a conjunction, and a plain value is equality. This version knows equality alone: operators,
lists of values and groups are refused with a problem that says so, because a filter that is half understood
starts runs that nobody asked for. Parsing reports every problem at once, each with a JSON pointer.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from automations.paths import Path, PathError, parse_path
from automations.problems import Problem, list_words, pointer_join

CLAUSES_LIMIT: Final = 200
OPERAND_LIMIT_CHARACTERS: Final = 10_000
GROUPS: Final = ("all", "any", "not")
LATER: Final = "is not available in this version"

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """One clause: the value at a path, an operator, and what it is compared with. `None` means no value."""

    pointer: str
    path: Path
    operator: str
    operand: Scalar


@dataclass(frozen=True, slots=True)
class All:
    """A conjunction: holds when every part does, and always when there is none."""

    pointer: str
    parts: tuple["Node", ...]


Node = Comparison | All


class ConditionRefused(ValueError):
    """The conditions cannot be understood; `problems` has all reasons, never none."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(f"{problem.pointer}: {problem.message}" for problem in problems))
        self.problems = problems


def parse_condition(raw: object, pointer: str = "") -> All:
    """Return the tree of a document's conditions; nothing and the empty mapping always hold.

    `pointer` says where the conditions stand in the document, for the problems.

    Raises:
        ConditionRefused: with every problem found.
    """
    problems: list[Problem] = []
    tree = _parse_group(raw, pointer, problems)
    if len(tree.parts) > CLAUSES_LIMIT:
        problems.append(Problem(pointer, f"conditions have at most {CLAUSES_LIMIT} clauses", "too_large"))
    if problems:
        raise ConditionRefused(tuple(problems))
    return tree


def _parse_group(raw: object, pointer: str, problems: list[Problem]) -> All:
    if raw is None:
        return All(pointer, ())
    if isinstance(raw, list):
        problems.append(Problem(pointer, f"A list of groups {LATER}; write one mapping.", "not_available"))
    elif not isinstance(raw, Mapping):
        problems.append(
            Problem(
                pointer,
                f'Conditions are a mapping such as {{"priority": "critical"}}, not {name_type(raw)}.',
                "type",
            )
        )
    else:
        clauses = (_parse_clause(key, value, pointer_join(pointer, str(key)), problems) for key, value in raw.items())
        return All(pointer, tuple(clause for clause in clauses if clause is not None))
    return All(pointer, ())


def _parse_clause(key: object, value: object, pointer: str, problems: list[Problem]) -> Comparison | None:
    if not isinstance(key, str):
        problems.append(Problem(pointer, f"A field's name is text, not {name_type(key)}.", "type"))
        return None
    if key in GROUPS:
        message = f'The group "{key}" {LATER}. A record\'s field of that name is written "record.{key}".'
        problems.append(Problem(pointer, message, "not_available"))
        return None
    try:
        path = parse_path(key)
    except PathError as error:
        problems.append(Problem(pointer, f"The field {key[:80]!r} cannot be read: {error}.", "path"))
        return None
    problem = _operand_problem(key, value, pointer)
    if problem is not None:
        problems.append(problem)
        return None
    assert value is None or isinstance(value, str | int | float | bool)
    return Comparison(pointer, path, "eq", value)


def _operand_problem(key: str, value: object, pointer: str) -> Problem | None:
    if isinstance(value, Mapping):
        return Problem(pointer, _explain_mapping(key, value), "not_available")
    if isinstance(value, list | tuple):
        return Problem(pointer, f"A list of values {LATER}; give one value.", "not_available")
    if isinstance(value, str) and len(value) > OPERAND_LIMIT_CHARACTERS:
        message = f"A value in a condition has at most {OPERAND_LIMIT_CHARACTERS} characters."
        return Problem(pointer, message, "too_large")
    if isinstance(value, float) and not math.isfinite(value):
        return Problem(pointer, "A number in a condition is finite.", "type")
    if value is not None and not isinstance(value, str | int | float | bool):
        message = f"A condition compares with text, a number, true, false or null, not {name_type(value)}."
        return Problem(pointer, message, "type")
    return None


def _explain_mapping(key: str, value: Mapping[object, object]) -> str:
    words = [str(word)[:40] for word in value]
    if not words:
        return "Give the value that the field must have."
    example = f"{key}.{words[0]}"
    return (
        f"An operator ({list_words(words[:5])}) {LATER}; a plain value means equality. "
        f'A field inside an object is written with a dot, as in "{example}".'
    )


def name_type(value: object) -> str:
    """Return what people call the type of a JSON value."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        dict: "an object",
        list: "a list",
    }
    return names.get(type(value), type(value).__name__)
