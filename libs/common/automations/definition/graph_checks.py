"""Whether the actions of a list make a graph: every action is reached, nothing leads back, and everything
that is named is there.

All problems are found at once, each at the field to mend. Where one problem would only follow from another,
the first alone is told: an action that a misspelt target meant is not called unreachable as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from automations.definition.action_checks import ReadAction
from automations.definition.graph import Edge, Graph, edges_written, follows_the_list, graph_from
from automations.definition.hints import Hints
from automations.problems import Problem, list_words, pointer_join


@dataclass(frozen=True, slots=True)
class CheckedGraph:
    """The graph of what could be read, and what is wrong with it."""

    graph: Graph
    problems: list[Problem]
    is_whole: bool
    """Whether every edge that was meant is in it."""


def check_graph(
    entries: Sequence[ReadAction], loop: str | None, loops: Mapping[str, str | None], hints: Hints
) -> CheckedGraph:
    """Return the graph of a list; `loop` is the loop around it, and `loops` says the same of every id."""
    problems: list[Problem] = []
    by_id = {entry.id: entry for entry in entries}
    written: list[Edge] = []
    meant: set[str] = set()
    known = [own for own, entry in by_id.items() if own != entry.pointer]
    for entry in entries:
        for edge in edges_written(entry.action, entry.id):
            if edge.target in by_id:
                written.append(edge)
                continue
            nearest = None if edge.target in loops else hints.nearest(edge.target, known)
            meant |= {nearest} if nearest else set()
            problems.append(_unknown_target(edge, entry, nearest, loop, loops))
        problems += _check_twice(entry)
    edges = [*written]
    is_whole = len(problems) == 0 and all(entry.is_whole for entry in entries)
    for entry, follower in pairwise(entries):
        if not follows_the_list(entry.action):
            continue
        naming = [edge.source for edge in written if edge.target == follower.id]
        if naming and entry.is_whole:
            problems.append(_ambiguous(entry, follower, naming))
            is_whole = False
        elif not naming:
            edges.append(Edge(entry.id, follower.id, "next", 0))
    graph = graph_from([entry.id for entry in entries], edges)
    if all(entry.is_whole for entry in entries):
        problems += _check_reached(entries, graph, meant)
    problems += _check_cycles(by_id, graph)
    return CheckedGraph(graph, problems, is_whole)


def edge_pointer(entry: ReadAction, edge: Edge) -> str:
    """Return where an edge is written; an edge that the list itself makes is the absent `next`."""
    if edge.kind == "branch":
        return pointer_join(entry.pointer, "branches", edge.place, "next")
    if edge.kind == "otherwise":
        return pointer_join(entry.pointer, "otherwise")
    fields = {"next": ("next",), "error": ("on_error", "next"), "timeout": ("on_timeout", "next")}[edge.kind]
    value: object = entry.raw
    for name in fields:
        value = value.get(name) if isinstance(value, Mapping) else None
    return pointer_join(entry.pointer, *fields, *((edge.place,) if isinstance(value, list) else ()))


def _unknown_target(
    edge: Edge, entry: ReadAction, nearest: str | None, loop: str | None, loops: Mapping[str, str | None]
) -> Problem:
    pointer = edge_pointer(entry, edge)
    if edge.target not in loops:
        hint = f' Did you mean "{nearest}"?' if nearest else ""
        return Problem(pointer, f'There is no action "{edge.target}".{hint}', "unknown_target")
    inside = loops[edge.target]
    if inside is not None and inside != loop and not _lies_inside(loop, inside, loops):
        message = f'"{edge.target}" is inside of the loop "{inside}", and no path leads into a loop; name "{inside}".'
    else:
        message = (
            f'"{edge.target}" is outside of the loop "{loop}", and no path leads out of one; '
            f'an item ends where its paths end, and what follows is the "next" of "{loop}".'
        )
    return Problem(pointer, message, "crosses_loop")


def _lies_inside(loop: str | None, outer: str, loops: Mapping[str, str | None]) -> bool:
    while loop is not None:
        loop = loops.get(loop)
        if loop == outer:
            return True
    return False


def _check_twice(entry: ReadAction) -> Iterator[Problem]:
    """Return the targets that stand twice in one list of targets."""
    seen: set[tuple[str, str]] = set()
    for edge in edges_written(entry.action, entry.id):
        if edge.kind in ("branch", "otherwise"):
            continue
        if (edge.kind, edge.target) in seen:
            message = f'"{edge.target}" stands twice in one list; an action runs once, however many paths lead to it.'
            yield Problem(edge_pointer(entry, edge), message, "duplicate_target")
        seen.add((edge.kind, edge.target))


def _ambiguous(entry: ReadAction, follower: ReadAction, naming: Sequence[str]) -> Problem:
    sources = list_words([f'"{source}"' for source in dict.fromkeys(naming)])
    message = (
        f'"{follower.id}" follows {_name(entry)} in the list and is also a target of {sources}: '
        f'write "next" on {_name(entry)}, its id to go on there or null to end.'
    )
    return Problem(pointer_join(entry.pointer, "next"), message, "ambiguous_next")


def _check_reached(entries: Sequence[ReadAction], graph: Graph, meant: set[str]) -> list[Problem]:
    problems = []
    for before, entry in pairwise(entries):
        if graph.incoming[entry.id] or entry.id in meant:
            continue
        why = ""
        if before.action.type == "branch":
            why = " A branch leads only where its entries say."
        elif before.action.type == "stop":
            why = ' Nothing follows a "stop" without "when".'
        message = f'{_name(entry)} is never reached: no action leads to it.{why} Name it in a "next", or remove it.'
        problems.append(Problem(entry.pointer, message[:1].upper() + message[1:], "unreachable"))
    return problems


def _check_cycles(by_id: Mapping[str, ReadAction], graph: Graph) -> list[Problem]:
    """Return one problem for each way that leads back; ways that share an action are told one at a time."""
    problems = []
    left = set(graph.ids)
    while cycle := _find_cycle(graph, left):
        names = " → ".join([f'"{edge.source}"' for edge in cycle] + [f'"{cycle[0].source}"'])
        last = cycle[-1]
        message = f"These actions lead back to where they began: {names}. Loops are made with for_each."
        problems.append(Problem(edge_pointer(by_id[last.source], last), message, "cycle"))
        left -= {edge.source for edge in cycle}
    return problems


def _find_cycle(graph: Graph, within: set[str]) -> list[Edge]:
    """Return the edges of a way among some actions that leads back to where it began, or nothing."""
    done: set[str] = set()
    for start in graph.ids:
        if start not in within or start in done:
            continue
        path: list[Edge] = []
        open_ids = {start: 0}
        waiting = [iter(graph.outgoing[start])]
        while waiting:
            edge = next(waiting[-1], None)
            if edge is None:
                waiting.pop()
                closed = path.pop().target if path else start
                open_ids.pop(closed)
                done.add(closed)
            elif edge.target in open_ids:
                return [*path[open_ids[edge.target] :], edge]
            elif edge.target in within and edge.target not in done:
                path.append(edge)
                open_ids[edge.target] = len(path)
                waiting.append(iter(graph.outgoing[edge.target]))
    return []


def _name(entry: ReadAction) -> str:
    return "this action" if entry.id == entry.pointer else f'"{entry.id}"'
