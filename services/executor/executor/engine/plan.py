"""A version of an automation, prepared for running once: its graph, its conditions compiled, its policies read.

Ids are unique in a document, so one table holds the actions of all its graphs; an action knows its own edges.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

from pydantic import ValidationError

from automations.conditions import compile_condition, parse_condition
from automations.definition import ACTION_TYPES, Action, load_document
from automations.definition.actions.action_type import Params, ParamsModel
from automations.definition.document import Outcome, RetryPolicy
from automations.definition.graph import Edge, graph_of
from automations.paths import Scope, compile_path, parse_path
from automations.templates import Rendered, compile_params, is_template
from executor.actions import PERFORMERS
from executor.actions.performer import Performer
from executor.engine.retries import Retries

MADE_ROOTS: Final = frozenset({"event", "steps"})
"""What names may begin with that costs something to be given."""

Test = Callable[[Scope], bool]
Route = Literal["fail", "continue", "error", "timeout"]
"""What a failure leads to: the end, the next actions, or the edges of that kind."""


@dataclass(frozen=True, slots=True)
class PlannedGraph:
    """The actions of one list: the document's, or those inside of a loop."""

    start: str
    """The id of the action that it begins at."""


@dataclass(frozen=True, slots=True)
class PlannedLoop:
    """What a `for_each` needs besides an action's fields."""

    items: str | list[Any]
    items_at: Callable[[Scope], object] | None
    """The path that `items` is, where it is one."""
    max: int
    at_once: int
    graph: PlannedGraph
    keeps_going: bool
    """Whether a failed item leaves the loop going."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way out of a branch."""

    holds: Test
    next: str | None


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One action of a document, with everything that running it needs."""

    id: str
    type: str
    name: str | None
    params: Mapping[str, Any]
    model: ParamsModel
    ready_params: Params | None
    """The typed parameters, where no name stands in them and they fit."""
    filled_params: Callable[[Scope], Rendered[dict[str, object]]]
    """Gives the parameters with their names filled in."""
    performer: Performer | None
    """None for what steers the run and asks nothing of the world."""
    when: Test | None
    ways: tuple[Way, ...]
    otherwise: str | None
    loop: PlannedLoop | None
    retries: Retries
    timeout: timedelta | None
    at_most_once: bool
    on_error: Route
    on_timeout: Route
    incoming: tuple[Edge, ...]
    outgoing: tuple[Edge, ...]
    may_name: frozenset[str]
    """Those of the roots that are made for it which its texts and conditions may name; never too few."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One version."""

    graph: PlannedGraph | None
    """None where the version has no actions."""
    actions: Mapping[str, PlannedAction]
    timeout: timedelta | None

    def at(self, path: str) -> PlannedAction:
        """Return the action of the step at a path."""
        return self.actions.get(path) or self.actions[path[path.rfind(".") + 1 :]]


def plan_version(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a validated document.

    Raises:
        ValueError: the document is not valid for this release (it was written by a newer one).
    """
    loaded = load_document(document)
    actions: dict[str, PlannedAction] = {}
    graph = _plan_list(loaded.actions, actions) if loaded.actions else None
    return Plan(graph, actions, loaded.timeout)


def descendants_of(plan: Plan, own: str) -> set[str]:
    """Return the actions that a way leads to from this one, and itself."""
    found, waiting = {own}, [own]
    while waiting:
        for edge in plan.actions[waiting.pop()].outgoing:
            if edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found


def _plan_list(actions: list[Action], planned: dict[str, PlannedAction]) -> PlannedGraph:
    graph = graph_of(actions)
    for action, own in zip(actions, graph.ids, strict=True):
        inner = _plan_list(action.actions, planned) if action.type == "for_each" else None
        planned[own] = _plan_action(action, own, graph.incoming[own], graph.outgoing[own], inner)
    return PlannedGraph(graph.start)


def _plan_action(
    action: Action, own: str, incoming: tuple[Edge, ...], outgoing: tuple[Edge, ...], inner: PlannedGraph | None
) -> PlannedAction:
    model = ACTION_TYPES[action.type].params
    on_error = _route(action.on_error, "error")
    return PlannedAction(
        id=own,
        type=action.type,
        name=action.name,
        params=action.params,
        model=model,
        ready_params=_ready_params(model, action.params),
        filled_params=compile_params(action.params),
        performer=PERFORMERS.get(action.type),
        when=None if action.when is None else _compile(action.when),
        ways=tuple(Way(_compile(entry.when), entry.next) for entry in action.branches or ()),
        otherwise=action.otherwise,
        loop=None if inner is None else _plan_loop(action, inner),
        retries=Retries.of(action.retry or RetryPolicy()),
        timeout=action.timeout,
        at_most_once=action.at_most_once,
        on_error=on_error,
        on_timeout=on_error if action.on_timeout is None else _route(action.on_timeout, "timeout"),
        incoming=incoming,
        outgoing=outgoing,
        may_name=_may_name(action.model_dump(mode="json", exclude={"actions"})),
    )


def _may_name(value: object) -> frozenset[str]:
    """Return the roots whose words stand somewhere; a name in brackets may come to be any of them."""
    if isinstance(value, str):
        return MADE_ROOTS if "[" in value else frozenset(root for root in MADE_ROOTS if root in value)
    if isinstance(value, Mapping):
        return frozenset().union(*map(_may_name, value), *map(_may_name, value.values()))
    if isinstance(value, list | tuple):
        return frozenset().union(*map(_may_name, value))
    return frozenset()


def _plan_loop(action: Action, graph: PlannedGraph) -> PlannedLoop:
    items = action.items if action.items is not None else []
    path = compile_path(parse_path(items)) if isinstance(items, str) and not is_template(items) else None
    return PlannedLoop(items, path, action.max, action.at_once, graph, action.on_error == "continue")


def _route(outcome: Outcome | None, edges: Literal["error", "timeout"]) -> Route:
    if outcome is None or outcome == "fail":
        return "fail"
    return "continue" if outcome == "continue" else edges


def _compile(when: object) -> Test:
    return compile_condition(parse_condition(when)).holds


def _ready_params(model: ParamsModel, params: Mapping[str, Any]) -> Params | None:
    if _has_names(params):
        return None
    try:
        return model.model_validate(params)
    except ValidationError:
        return None


def _has_names(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_names, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_has_names, value))
    return is_template(value)
