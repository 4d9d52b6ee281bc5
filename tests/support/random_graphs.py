"""Random automations that are valid: sequences, lists of targets, joins, branches, error paths, time-outs and
loops in loops.

A list is drawn in an order in which edges only go forward, every action gets an edge from an earlier one,
more edges are strewn over it, and only then is it written down: shuffled, and with `next` left out in some
of the places where the list itself says what follows. So the edges that were meant are known apart from
what the document says.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

Meant = tuple[str, str, str]
"""An edge: source, target, kind."""

FLAGS = ("a", "b", "c")
"""The record's fields that random conditions ask for: true, false or absent."""
THINGS = "things"
"""The record's field that random loops go through."""

_PARAMS: dict[str, dict[str, Any]] = {
    "update_field": {"field": "f", "value": "{{ record.a }}"},
    "create_task": {"title": "{{ record.name }}"},
    "notify_user": {"user": "u", "message": "m"},
    "call_webhook": {"url": "https://example.com/hook", "body": {"a": "{{ record.a }}"}},
    "human_task": {"title": "t"},
    "branch": {},
    "for_each": {},
    "delay": {"for": "1h"},
    "set": {"values": {"v": "{{ record.a }}"}},
    "stop": {},
}
_EFFECTS = ("update_field", "create_task", "notify_user", "call_webhook")
_KINDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_EFFECTS, ("next", "next", "next", "error")),
    "human_task": ("next", "next", "error", "timeout"),
    "branch": ("branch", "branch", "otherwise"),
    "for_each": ("next", "next", "error"),
    "delay": ("next", "next", "error"),
    "set": ("next", "next", "error"),
    "stop": ("next",),
}


@dataclass(frozen=True, slots=True)
class RandomDocument:
    """A document as a person could write it, and all edges that it means, those inside of loops included."""

    raw: dict[str, Any]
    edges: tuple[Meant, ...]


@dataclass(slots=True)
class _Node:
    """An action before it is written down."""

    id: str
    type: str
    when: dict[str, Any] | None
    inner: list[dict[str, Any]] = field(default_factory=list)
    out: list[tuple[str, str]] = field(default_factory=list)
    """Its edges: kind and target."""

    def targets(self, kind: str) -> list[str]:
        return [target for own, target in self.out if own == kind]

    def can_lead(self) -> bool:
        return self.type != "stop" or self.when is not None


@st.composite
def random_documents(draw: st.DrawFn, most_actions: int = 8, loop_depth: int = 2) -> RandomDocument:
    """Draw a valid document of at most `most_actions` in each list, and its edges."""
    numbers = iter(range(1, 10_000))
    edges: list[Meant] = []
    actions = draw(_lists(numbers, edges, most_actions, loop_depth))
    raw: dict[str, Any] = {"name": "n", "trigger": {"event": "case.created"}, "actions": actions}
    if draw(_seldom()):
        raw["timeout"] = "30d"
    return RandomDocument(raw, tuple(edges))


def random_records() -> st.SearchStrategy[dict[str, Any]]:
    """Return records for random documents: each flag true, false or absent, and some things to go through."""
    flags: dict[str, st.SearchStrategy[Any]] = {flag: st.sampled_from([True, False, None]) for flag in FLAGS}
    things = st.lists(st.fixed_dictionaries({"a": st.booleans()}), max_size=3)
    return st.fixed_dictionaries({"name": st.just("n"), THINGS: things, **flags})


@st.composite
def _lists(draw: st.DrawFn, numbers: Iterator[int], edges: list[Meant], most: int, depth: int) -> list[dict[str, Any]]:
    count = draw(st.integers(1, most))
    nodes: list[_Node] = []
    for place in range(count):
        node = draw(_nodes(numbers, edges, most, depth, may_end=place > 0))
        if place:
            _lead(draw(st.sampled_from([each for each in nodes if each.can_lead()])), node.id, draw)
        nodes.append(node)
    for place, node in enumerate(nodes[:-1]):
        if node.can_lead() and draw(_seldom()):
            _lead(node, draw(st.sampled_from(nodes[place + 1 :])).id, draw)
    edges += [(node.id, target, kind) for node in nodes for kind, target in node.out]
    order = [nodes[0], *(draw(st.permutations(nodes[1:])) if draw(st.booleans()) else nodes[1:])]
    return [draw(_written(node, order, place)) for place, node in enumerate(order)]


@st.composite
def _nodes(draw: st.DrawFn, numbers: Iterator[int], edges: list[Meant], most: int, depth: int, may_end: bool) -> _Node:
    kinds = [kind for kind in _KINDS if depth or kind != "for_each"]
    kind = draw(st.sampled_from([*kinds, *_EFFECTS]))
    own = f"{kind}_{next(numbers)}"
    when = draw(_conditions()) if kind != "branch" and draw(_seldom()) else None
    if kind == "stop" and not may_end:
        when = draw(_conditions())
    inner = draw(_lists(numbers, edges, max(most // 2, 1), depth - 1)) if kind == "for_each" else []
    return _Node(own, kind, when, inner)


def _lead(node: _Node, target: str, draw: st.DrawFn) -> None:
    """Add an edge, unless it would stand twice in one list or be a second `otherwise`."""
    kind = draw(st.sampled_from(_KINDS[node.type]))
    if kind == "otherwise" and node.targets("otherwise"):
        kind = "branch"
    if kind == "branch" or (kind, target) not in node.out:
        node.out.append((kind, target))


@st.composite
def _written(draw: st.DrawFn, node: _Node, order: list[_Node], place: int) -> dict[str, Any]:
    action: dict[str, Any] = {"type": node.type, "id": node.id, "params": _PARAMS[node.type]}
    if node.type == "branch":
        entries = [{"when": draw(_conditions()), "next": target} for target in node.targets("branch")]
        action["branches"] = entries or [{"when": draw(_conditions()), "next": None}]
        if node.targets("otherwise"):
            action["otherwise"] = node.targets("otherwise")[0]
        return action
    if node.when is not None:
        action["when"] = node.when
    if not (_list_says_it(node, order, place) and draw(st.booleans())):
        action["next"] = _targets(draw, node.targets("next")) or None
    if node.type == "stop":
        return action | {"params": {"status": draw(st.sampled_from(["completed", "failed"]))}}
    if node.targets("error"):
        action["on_error"] = {"next": _targets(draw, node.targets("error"))}
    elif draw(_seldom()):
        action["on_error"] = draw(st.sampled_from(["fail", "continue"]))
    if node.targets("timeout"):
        action |= {"timeout": "1d", "on_timeout": {"next": _targets(draw, node.targets("timeout"))}}
    elif node.type == "human_task" and draw(st.booleans()):
        action |= {"timeout": "1d", "on_timeout": draw(st.sampled_from(["fail", "continue"]))}
    if node.type in _EFFECTS and draw(_seldom()):
        action |= draw(st.sampled_from([{"retry": {"max_attempts": 2}}, {"timeout": "5m"}, {"at_most_once": True}]))
    if node.type == "for_each":
        items = draw(st.sampled_from([THINGS, "{{ record.things }}", [], [{"a": True}, {"a": False}]]))
        action |= {"items": items, "max": 5, "at_once": draw(st.integers(1, 3)), "actions": node.inner}
    return action


def _list_says_it(node: _Node, order: list[_Node], place: int) -> bool:
    """Return whether `next` may be left out: the one edge of the action after it is the one that is meant."""
    if place + 1 == len(order) or not node.can_lead():
        return not node.targets("next")
    follower = order[place + 1].id
    leading_there = Counter(target for each in order for _, target in each.out)[follower]
    return node.targets("next") == [follower] and leading_there == 1


def _targets(draw: st.DrawFn, targets: list[str]) -> str | list[str]:
    return targets[0] if len(targets) == 1 and draw(st.booleans()) else targets


def _conditions() -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(st.sampled_from(FLAGS), st.booleans(), min_size=0, max_size=2)


def _seldom() -> st.SearchStrategy[bool]:
    return st.sampled_from([False, False, False, True])
