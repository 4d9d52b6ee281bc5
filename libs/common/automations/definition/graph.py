"""The graph that a list of actions is: which action leads to which, and by what.

A list is a sequence unless it says otherwise: an action without `next` has one edge to the action written
after it. A branch, and a `stop` without `when`, have no such edge. Edges are counted one by one, so two
entries of a branch may lead to one action. Each list has a graph of its own: the one inside of a loop knows
nothing of the one around it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, NamedTuple

from automations.definition.document import Action, Goto

EdgeKind = Literal["next", "branch", "otherwise", "error", "timeout"]


class Edge(NamedTuple):
    """One way from an action to another."""

    source: str
    target: str
    kind: EdgeKind
    place: int
    """Where it stands among those of its kind: the entry of a branch, the place in a list of targets."""


@dataclass(frozen=True, slots=True)
class Graph:
    """The actions of one list with their edges; every id is a key of both mappings."""

    ids: tuple[str, ...]
    """The ids in the order of the list; a run begins at the first."""
    incoming: Mapping[str, tuple[Edge, ...]]
    outgoing: Mapping[str, tuple[Edge, ...]]

    @property
    def start(self) -> str:
        """The action that a run, or a loop's item, begins at."""
        return self.ids[0]


def graph_of(actions: Sequence[Action]) -> Graph:
    """Return the graph of validated actions, of which there is at least one."""
    ids = tuple(_id_of(action) for action in actions)
    edges: list[Edge] = []
    for action, own, following in zip(actions, ids, (*ids[1:], None), strict=True):
        if following is not None and follows_the_list(action):
            edges.append(Edge(own, following, "next", 0))
        edges += edges_written(action, own)
    return graph_from(ids, edges)


def graph_from(ids: Sequence[str], edges: Sequence[Edge]) -> Graph:
    """Return the graph of some ids and the edges between them."""
    outgoing: dict[str, list[Edge]] = {each: [] for each in ids}
    incoming: dict[str, list[Edge]] = {each: [] for each in ids}
    for edge in edges:
        outgoing[edge.source].append(edge)
        incoming[edge.target].append(edge)
    return Graph(tuple(outgoing), _frozen(incoming), _frozen(outgoing))


def follows_the_list(action: Action) -> bool:
    """Return whether an action without `next` leads to the one written after it."""
    if action.type == "branch" or "next" in action.model_fields_set:
        return False
    return action.type != "stop" or action.when is not None


def edges_written(action: Action, own: str) -> list[Edge]:
    """Return the edges that an action of the id `own` names, in the order of its fields."""
    edges = [Edge(own, target, "next", place) for place, target in enumerate(_targets(action.next))]
    for place, entry in enumerate(action.branches or ()):
        if entry.next is not None:
            edges.append(Edge(own, entry.next, "branch", place))
    if action.otherwise is not None:
        edges.append(Edge(own, action.otherwise, "otherwise", 0))
    if isinstance(action.on_error, Goto):
        edges += [Edge(own, target, "error", place) for place, target in enumerate(_targets(action.on_error.next))]
    if isinstance(action.on_timeout, Goto):
        edges += [Edge(own, target, "timeout", place) for place, target in enumerate(_targets(action.on_timeout.next))]
    return edges


def ancestors_of(graph: Graph) -> dict[str, frozenset[str]]:
    """Return for each action the actions from which a way leads to it; the only ones that can have run before."""
    found: dict[str, frozenset[str]] = {}
    for own in graph.ids:
        seen: set[str] = set()
        waiting = [own]
        while waiting:
            for edge in graph.incoming[waiting.pop()]:
                if edge.source not in seen:
                    seen.add(edge.source)
                    waiting.append(edge.source)
        found[own] = frozenset(seen - {own})
    return found


def _targets(value: str | list[str] | None) -> Sequence[str]:
    if value is None:
        return ()
    return (value,) if isinstance(value, str) else value


def _id_of(action: Action) -> str:
    if action.id is None:
        raise ValueError(f"an action of type {action.type} has no id: it was not validated")
    return action.id


def _frozen(edges: Mapping[str, list[Edge]]) -> Mapping[str, tuple[Edge, ...]]:
    return MappingProxyType({each: tuple(own) for each, own in edges.items()})
