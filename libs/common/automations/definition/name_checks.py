"""Whether the names in an action's texts and conditions can have a value at its place in the graph.

A step can be named where a way leads from it to the action that names it: inside of a loop, also from what
leads to the loop. A step inside of a loop cannot be named outside, because it runs once for each item.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from liquid.exceptions import LiquidError

from automations.conditions import All, AnyOf, ConditionRefused, Node, Not, parse_condition
from automations.definition.action_checks import ReadAction
from automations.definition.hints import Hints
from automations.paths import Path, PathError, parse_path
from automations.problems import Problem, pointer_join
from automations.template_language import parse_template, single_expression
from automations.templates import explain_unknown_step, is_template, validate_template


@dataclass(frozen=True, slots=True)
class Place:
    """An action's place: what can have run before it, and which loops are around it."""

    own: str
    known: Collection[str]
    around: tuple[str, ...]
    """The ids of the loops around it, the outermost first."""
    loops: Mapping[str, str | None] = field(repr=False)
    """For every id of the document the loop that it is in."""
    hints: Hints = field(repr=False)

    def explain(self, step: str) -> str:
        """Return why a step has no result here."""
        if step not in self.loops:
            return explain_unknown_step(step, self.hints.nearest(step, self.known))
        if step == self.own:
            return f'"{step}" is this action itself; it has no result yet.'
        if step in self.around:
            return f'"{step}" is the loop around this action; it has no result before all items have ended.'
        inside = self.loops[step]
        if inside is not None and inside not in self.around:
            return (
                f'"{step}" runs once for each item of "{inside}", and cannot be named outside of it; '
                f"the results of all items are steps.{inside}.output.items."
            )
        return f'"{step}" has not run yet at this place: no path leads from it to "{self.own}".'


def check_names(entry: ReadAction, place: Place) -> list[Problem]:
    """Return what an action's parameters, conditions and items name without there being a value."""
    raw, pointer = entry.raw, entry.pointer
    problems = []
    for where, text in _texts(raw.get("params"), pointer_join(pointer, "params")):
        problems += _check_text(text, where, place)
    problems += _check_condition(raw.get("when"), pointer_join(pointer, "when"), place)
    branches = raw.get("branches")
    for number, branch in enumerate(branches if isinstance(branches, list) else ()):
        if isinstance(branch, Mapping):
            where = pointer_join(pointer, "branches", number, "when")
            problems += _check_condition(branch.get("when"), where, place)
    if raw.get("type") == "for_each":
        problems += _check_items(raw.get("items"), pointer_join(pointer, "items"), place)
    return problems


def _check_text(text: str, pointer: str, place: Place) -> list[Problem]:
    return validate_template(
        text, place.known, explain_step=place.explain, pointer=pointer, inside_loop=bool(place.around)
    )


def _check_condition(raw: object, pointer: str, place: Place) -> list[Problem]:
    try:
        tree = parse_condition(raw, pointer)
    except ConditionRefused:
        return []
    return [problem for where, path in _paths(tree) for problem in _check_path(path, where, place)]


def _paths(node: Node) -> Iterator[tuple[str, Path]]:
    if isinstance(node, All | AnyOf):
        for part in node.parts:
            yield from _paths(part)
    elif isinstance(node, Not):
        yield from _paths(node.part)
    else:
        yield node.pointer, node.path


def _check_path(path: Path, pointer: str, place: Place) -> list[Problem]:
    if path.root in ("item", "index") and not place.around:
        message = f'"{path.root}" has a value only inside a loop; a field of that name is "record.{path.text}".'
        return [Problem(pointer, message, "unknown_name")]
    if path.root != "steps":
        return []
    if not path.segments:
        return [Problem(pointer, '"steps" does not name a step; write steps.<id>.output.', "unknown_step")]
    step = path.segments[0]
    return [] if step in place.known else [Problem(pointer, place.explain(step), "unknown_step")]


def _check_items(items: object, pointer: str, place: Place) -> list[Problem]:
    if isinstance(items, list):
        return [problem for where, text in _texts(items, pointer) for problem in _check_text(text, where, place)]
    if not isinstance(items, str):
        return []
    problems = _check_text(items, pointer, place)
    if problems:
        return problems
    if is_template(items):
        return [] if _gives_a_value(items) else [_not_one_name(pointer)]
    try:
        return _check_path(parse_path(items), pointer, place)
    except PathError:
        return [_not_one_name(pointer)]


def _gives_a_value(text: str) -> bool:
    try:
        return single_expression(parse_template(text)) is not None
    except LiquidError:
        return False


def _not_one_name(pointer: str) -> Problem:
    message = "This is a list, a path such as record.contacts, or exactly one name such as {{ steps.find.output.ids }}."
    return Problem(pointer, message, "items")


def _texts(value: object, pointer: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _texts(part, pointer_join(pointer, str(name)))
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _texts(part, pointer_join(pointer, place))
