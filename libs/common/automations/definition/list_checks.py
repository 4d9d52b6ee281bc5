"""Whether a document's actions are right: each by itself, their graph, the names in it, and the loops' lists.

The limits are of the whole document: its actions with those inside of loops, how deep loops stand in loops,
and how many steps a run can come to.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from automations.definition.action_checks import ReadAction, read_action
from automations.definition.document import ACTIONS_LIMIT, LOOP_DEPTH_LIMIT, RUN_STEPS_LIMIT
from automations.definition.graph import ancestors_of
from automations.definition.graph_checks import check_graph
from automations.definition.hints import Hints
from automations.definition.identifiers import assign_ids, check_unique, placed_actions
from automations.definition.name_checks import Place, check_names
from automations.problems import Problem, pointer_join


def check_actions(actions: Sequence[object]) -> tuple[list[Problem], list[Problem]]:
    """Return the problems and the warnings of a document's actions, of which there is at least one."""
    if sum(1 for _ in placed_actions(actions)) > ACTIONS_LIMIT:
        message = f"An automation has at most {ACTIONS_LIMIT} actions, those inside of loops included."
        return [Problem("/actions", message, "too_many")], []
    checks = _Checks(actions)
    checks.check_list(actions, "/actions", (), frozenset())
    checks.problems += check_unique(checks.ids)
    if not any(problem.code == "too_deep" for problem in checks.problems):
        checks.problems += _check_run_length(actions, checks.ids)
    return sorted(checks.problems, key=_place_in_document), checks.warnings


def _place_in_document(problem: Problem) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in problem.pointer.split("/")]


class _Checks:
    """Collects what is wrong with the lists of one document."""

    def __init__(self, actions: Sequence[object]) -> None:
        self.ids = assign_ids(actions)
        self.loops = _loops_of(self.ids)
        self.hints = Hints()
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def check_list(
        self, actions: Sequence[object], pointer: str, around: tuple[str, ...], before: frozenset[str]
    ) -> None:
        """Check a list inside of the loops `around` it; `before` are the steps that have run when it begins."""
        entries = self._read(actions, pointer)
        checked = check_graph(entries, around[-1] if around else None, self.loops, self.hints)
        self.problems += checked.problems
        ancestors = ancestors_of(checked.graph)
        everything = frozenset(checked.graph.ids)
        for entry in entries:
            earlier = ancestors[entry.id] if checked.is_whole else everything - {entry.id}
            place = Place(entry.id, before | earlier, around, self.loops, self.hints)
            self.problems += check_names(entry, place)
            if entry.action.type == "for_each":
                self._check_loop(entry, place)

    def _read(self, actions: Sequence[object], pointer: str) -> list[ReadAction]:
        entries: list[ReadAction] = []
        for number, raw in enumerate(actions):
            where = pointer_join(pointer, number)
            own = self.ids[where]
            if own in {entry.id for entry in entries}:
                own = None
            entries.append(read_action(raw, own, where, self.problems, self.warnings))
        return entries

    def _check_loop(self, entry: ReadAction, place: Place) -> None:
        pointer = pointer_join(entry.pointer, "actions")
        inner = entry.raw.get("actions")
        if len(place.around) >= LOOP_DEPTH_LIMIT:
            message = f"Loops stand in loops at most {LOOP_DEPTH_LIMIT} deep."
            self.problems.append(Problem(entry.pointer, message, "too_deep"))
        elif isinstance(inner, list) and inner:
            self.check_list(inner, pointer, (*place.around, entry.id), frozenset(place.known))
        elif inner == []:
            self.problems.append(Problem(pointer, "A loop needs at least one action.", "missing"))
        elif inner is not None:
            self.problems.append(Problem(pointer, "Actions are a list.", "type"))
        items = entry.action.items
        if isinstance(items, list) and len(items) > entry.action.max:
            message = f'These are {len(items)} items, and "max" is {entry.action.max}.'
            self.problems.append(Problem(pointer_join(entry.pointer, "items"), message, "too_many"))


def _loops_of(ids: Mapping[str, str | None]) -> dict[str, str | None]:
    """Return for each id the loop that it is in; of two actions of one id, the first counts."""
    loops: dict[str, str | None] = {}
    for pointer, own in ids.items():
        around = pointer.rpartition("/actions/")[0]
        if own is not None:
            loops.setdefault(own, (ids[around] or around) if around else None)
    return loops


def _check_run_length(actions: Sequence[object], ids: Mapping[str, str | None]) -> list[Problem]:
    """Return a problem if the loops could make more steps than a run may have, at the loop that makes most."""
    lengths = {
        pointer: _most_steps(raw) for place, raw in enumerate(actions) for pointer in [pointer_join("/actions", place)]
    }
    total = sum(lengths.values())
    if total <= RUN_STEPS_LIMIT:
        return []
    longest = max(lengths, key=lambda pointer: lengths[pointer])
    message = (
        f"A run has at most {RUN_STEPS_LIMIT} steps, and this automation could come to {total}: "
        f'give "{ids[longest]}", or a loop in it, a smaller "max".'
    )
    return [Problem(pointer_join(longest, "max"), message, "too_many")]


def _most_steps(raw: Any) -> int:
    if not isinstance(raw, Mapping) or raw.get("type") != "for_each":
        return 1
    inner, most = raw.get("actions"), raw.get("max", 1_000)
    if isinstance(raw.get("items"), list):
        most = len(raw["items"])
    if not isinstance(inner, list) or not isinstance(most, int) or most < 0:
        return 1
    return 1 + most * sum(_most_steps(each) for each in inner)
