"""Listeners of one event type, laid out so that an event meets only those that may match.

A bucket is one listener, or a few in a tuple. A larger one is a node: each listener lies in it under the keys of its
first clause that an index can use, its access key, and the bucket there is again a tuple or, if many share the
key, a node by their next clause. Ranges with one end lie in order of their bounds. Who has no such clause stays
in the node and is met by every event that reaches it.

Invariants: a bucket never changes, an edit gives another one and shares all that it did not touch. Where a
listener lies depends on its own conditions and on how many share its bucket, never on the order of edits:
the same listeners always make the same bucket.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final, NamedTuple, TypeVar

from automations.conditions import All, Comparison, compile_condition
from automations.conditions import Node as Clause
from automations.conditions.access import Bound, access_steps, without
from automations.conditions.compiled import Test, compile_clause
from automations.conditions.lookups import EVERY, Facts, Key, KeysOf, Lookup, Ordering, Several
from automations.conditions.plain_clauses import PlainKind, plain_clause
from automations.listening import Listener
from trigger_matcher.matching.shards import Shards

FEW: Final = 4
"""As many listeners are rather asked one by one than told apart."""

_FEW_EDITS: Final = 8
T = TypeVar("T")
_BY_ID: Final = attrgetter("automation_id")


class Rest(NamedTuple):
    """What is asked of an event after the first clause: plain clauses as values, flat, the others as functions."""

    equal: tuple[str, ...]
    inside: tuple[Any, ...]
    ordered: tuple[Any, ...]
    tests: tuple[Test, ...]
    needs_event: bool


class Asked(NamedTuple):
    """What is still to be asked of an event. Most often it is that one field equals one text, and nothing else."""

    name: str | None
    """No field, and no text: what no record has equals nothing."""
    text: str | None
    rest: Rest | None


class Candidate:
    """A listener as it lies in a bucket, with what is still to be asked of an event that reached it.

    What one event asks of one in 100,000 listeners is seldom in the processor's cache: a candidate is small, and
    what many ask alike is one value.
    """

    __slots__ = ("asked", "listener")

    def __init__(self, listener: Listener, left: All) -> None:
        self.listener = listener
        plain: dict[PlainKind, list[Any]] = {"equal": [], "inside": [], "ordered": []}
        tests = list[Test]()
        for clause in _clauses(left):
            value = plain_clause(clause) if isinstance(clause, Comparison) else None
            if value is None:
                tests.append(_compile_alone(clause))
            else:
                plain[value[0]] += map(_shared, value[1])
        name, text, *more = plain["equal"] or (None, None)
        equal, inside, ordered = (_shared(tuple(values)) for values in (more, plain["inside"], plain["ordered"]))
        rest = Rest(equal, inside, ordered, tuple(tests), bool(tests) and listener.needs_event)
        self.asked = _shared(Asked(name, text, _shared(rest) if any(rest) else None))

    @property
    def automation_id(self) -> str:
        """What candidates are in order of."""
        return self.listener.automation_id


class Entry:
    """A listener with the clauses it can be found by; as a candidate it is made where it comes to lie."""

    __slots__ = ("listener", "steps")

    def __init__(self, listener: Listener) -> None:
        self.listener = listener
        self.steps = access_steps(listener.condition.tree)

    def at(self, depth: int) -> Candidate:
        """Return the candidate that lies where `depth` clauses lead to: there the first is not asked again."""
        tree = self.listener.condition.tree
        return Candidate(self.listener, without(tree, self.steps[0]) if depth and self.steps else tree)


class Table(NamedTuple):
    """The buckets below one lookup."""

    lookup: Lookup
    buckets: Shards[Key, "Bucket"]


class Probe(NamedTuple):
    """A table once more, as an event walks through it."""

    key_of: Callable[[Facts], Key | Several | None]
    keys_of: KeysOf | None
    buckets: Shards[Key, "Bucket"]
    shards: tuple[dict[Key, "Bucket"], ...]


class Bounds(NamedTuple):
    """Listeners in the order of their bounds on one value."""

    ordering: Ordering
    bounds: tuple[float | str, ...]
    candidates: tuple[Candidate, ...]


class Node:
    """A bucket of many listeners."""

    __slots__ = ("bounds", "count", "probes", "stay", "tables")

    def __init__(
        self,
        count: int,
        stay: tuple[Candidate, ...],
        tables: dict[str, Table],
        bounds: dict[str, Bounds],
    ) -> None:
        self.count = count
        self.stay = stay
        self.tables = tables
        self.bounds = bounds
        self.probes = tuple(
            Probe(one.lookup.key_of, one.lookup.keys_of, one.buckets, one.buckets.shards) for one in tables.values()
        )


Bounded = tuple[float | str, Candidate]
Bucket = Candidate | tuple[Candidate, ...] | Node
EMPTY: Final[Bucket] = ()


def _clauses(tree: All) -> Iterator[Clause]:
    """Yield what must all hold, the parts of a group in a group like its own."""
    for part in tree.parts:
        if isinstance(part, All):
            yield from _clauses(part)
        else:
            yield part


def _compile_alone(clause: Clause) -> Test:
    if isinstance(clause, Comparison):
        return compile_clause(clause)
    return compile_condition(All(clause.pointer, (clause,))).holds


@lru_cache(maxsize=65_536, typed=True)
def _shared(value: T) -> T:
    """Return one and the same object for equal values of a type."""
    return value


def find_candidates(bucket: Bucket, facts: Facts, found: list[Candidate]) -> None:
    """Add whoever may match to `found`, some perhaps twice; all others certainly do not."""
    if isinstance(bucket, tuple):
        found.extend(bucket)
    elif isinstance(bucket, Candidate):
        found.append(bucket)
    else:
        found.extend(bucket.stay)
        for probe in bucket.probes:
            find_by_probe(probe, facts, found)
        if bucket.bounds:
            find_bounded(bucket, facts, found)


def find_by_probe(probe: Probe, facts: Facts, found: list[Candidate]) -> None:
    """Add whoever lies under an event's key, or under one of its keys."""
    key = probe.key_of(facts)
    if key is None:
        return
    if type(key) is Several:
        several = probe.buckets.values() if key is EVERY else (probe.buckets.get(each) for each in key)
        for below in several:
            if below is not None:
                find_candidates(below, facts, found)
        return
    reached = probe.buckets.get(key)  # type: ignore[arg-type]
    if reached is not None:
        find_candidates(reached, facts, found)


def find_bounded(node: Node, facts: Facts, found: list[Candidate]) -> None:
    """Add those whose bound an event's value reaches."""
    for ordering, bounds, candidates in node.bounds.values():
        point = ordering.point_of(facts)
        if point is not None:
            if ordering.is_lower_bound:
                found.extend(candidates[: bisect_right(bounds, point)])
            else:
                found.extend(candidates[bisect_left(bounds, point) :])


def listeners_in(bucket: Bucket) -> dict[Listener, None]:
    """Return every listener of a bucket, each once."""
    if not isinstance(bucket, Node):
        return dict.fromkeys(one.listener for one in _members(bucket))
    found = dict.fromkeys(one.listener for one in bucket.stay)
    for table in bucket.tables.values():
        for below in table.buckets.values():
            found.update(listeners_in(below))
    for bounds in bucket.bounds.values():
        found.update(dict.fromkeys(one.listener for one in bounds.candidates))
    return found


def edited(bucket: Bucket, gone: Sequence[Entry], new: Sequence[Entry], depth: int = 0) -> Bucket:
    """Return the bucket without some of its listeners and with others; `depth` clauses led to it."""
    if bucket == EMPTY and len(new) == 1:
        return new[0].at(depth)
    count = len(new) - len(gone) + (bucket.count if isinstance(bucket, Node) else len(_members(bucket)))
    if isinstance(bucket, Node) and count > FEW:
        return _edited_node(bucket, count, gone, new, depth)
    left = {entry.listener for entry in gone}
    kept = [one for one in listeners_in(bucket) if one not in left]
    if count > FEW:
        return _edited_node(Node(0, (), {}, {}), count, (), (*map(Entry, kept), *new), depth)
    members = [Entry(one).at(depth) for one in kept] if isinstance(bucket, Node) else _without(bucket, left)
    members = sorted((*members, *(entry.at(depth) for entry in new)), key=_BY_ID)
    return members[0] if len(members) == 1 else tuple(members)


def _members(bucket: Candidate | tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    return bucket if isinstance(bucket, tuple) else (bucket,)


def _without(bucket: Candidate | tuple[Candidate, ...], left: set[Listener]) -> list[Candidate]:
    return [one for one in _members(bucket) if one.listener not in left]


class _Edits:
    """What changes in a node, by where it lies."""

    def __init__(self, depth: int, gone: Iterable[Entry], new: Iterable[Entry]) -> None:
        self.stay: tuple[list[Candidate], list[Candidate]] = ([], [])
        self.tables: dict[Lookup, dict[Key, tuple[list[Entry], list[Entry]]]] = {}
        self.bounds: dict[Ordering, tuple[list[Bounded], list[Bounded]]] = {}
        for which, entries in enumerate((gone, new)):
            for entry in entries:
                self._sort(which, entry, depth)

    def _sort(self, which: int, entry: Entry, depth: int) -> None:
        if len(entry.steps) <= depth:
            self.stay[which].append(entry.at(depth))
            return
        step = entry.steps[depth]
        if isinstance(step, Bound):
            self.bounds.setdefault(step.ordering, ([], []))[which].append((step.bound, entry.at(depth)))
            return
        by_key = self.tables.setdefault(step.lookup, {})
        for key in step.keys:
            by_key.setdefault(key, ([], []))[which].append(entry)


def _edited_node(node: Node, count: int, gone: Sequence[Entry], new: Sequence[Entry], depth: int) -> Node:
    edits = _Edits(depth, gone, new)
    tables, bounds, stay = node.tables, node.bounds, node.stay
    if edits.tables:
        tables = dict(tables)
        for lookup, by_key in edits.tables.items():
            table = _edited_table(tables.get(lookup.name), lookup, by_key, depth)
            if len(table.buckets):
                tables[lookup.name] = table
            else:
                tables.pop(lookup.name, None)
    if edits.bounds:
        bounds = dict(bounds)
        for ordering, (lost, won) in edits.bounds.items():
            ordered = _edited_bounds(bounds.get(ordering.name), ordering, lost, won)
            if ordered.bounds:
                bounds[ordering.name] = ordered
            else:
                bounds.pop(ordering.name, None)
    removed, added = edits.stay
    if removed or added:
        stay = _edited_members(stay, removed, added)
    return Node(count, stay, tables, bounds)


def _edited_table(
    table: Table | None, lookup: Lookup, by_key: dict[Key, tuple[list[Entry], list[Entry]]], depth: int
) -> Table:
    buckets: Shards[Key, Bucket] = Shards() if table is None else table.buckets
    changes: dict[Key, Bucket | None] = {}
    for key, (gone, new) in by_key.items():
        changes[key] = edited(buckets.get(key) or EMPTY, gone, new, depth + 1) or None
    return Table(lookup, buckets.edited(changes))


def _edited_members(
    members: tuple[Candidate, ...], gone: Sequence[Candidate], new: Sequence[Candidate]
) -> tuple[Candidate, ...]:
    """Return candidates in the order of their automations' ids; few edits compare only around their places."""
    if len(gone) + len(new) > _FEW_EDITS:
        left = {one.listener for one in gone}
        return tuple(sorted((*(one for one in members if one.listener not in left), *new), key=_BY_ID))
    for one in gone:
        place = bisect_left(members, one.automation_id, key=_BY_ID)
        members = members[:place] + members[place + 1 :]
    for one in new:
        place = bisect_left(members, one.automation_id, key=_BY_ID)
        members = (*members[:place], one, *members[place:])
    return members


def _edited_bounds(known: Bounds | None, ordering: Ordering, gone: Sequence[Bounded], new: Sequence[Bounded]) -> Bounds:
    """Return candidates in the order of their bounds, then of their automations' ids."""
    bounds = () if known is None else known.bounds
    candidates = () if known is None else known.candidates
    if len(gone) + len(new) > _FEW_EDITS:
        left = {one.listener for _, one in gone}
        pairs = [pair for pair in zip(bounds, candidates, strict=True) if pair[1].listener not in left]
        pairs = sorted((*pairs, *new), key=_place_of_pair)
        return Bounds(ordering, tuple(bound for bound, _ in pairs), tuple(one for _, one in pairs))
    for bound, one in gone:
        place = _place_among(bounds, candidates, bound, one)
        bounds, candidates = bounds[:place] + bounds[place + 1 :], candidates[:place] + candidates[place + 1 :]
    for bound, one in new:
        place = _place_among(bounds, candidates, bound, one)
        bounds = (*bounds[:place], bound, *bounds[place:])
        candidates = (*candidates[:place], one, *candidates[place:])
    return Bounds(ordering, bounds, candidates)


def _place_of_pair(pair: Bounded) -> tuple[float | str, str]:
    return pair[0], pair[1].automation_id


def _place_among(
    bounds: tuple[float | str, ...], candidates: tuple[Candidate, ...], bound: float | str, one: Candidate
) -> int:
    first, last = bisect_left(bounds, bound), bisect_right(bounds, bound)
    return bisect_left(candidates, one.automation_id, first, last, key=_BY_ID)
