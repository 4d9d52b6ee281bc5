"""Whether an automation would start itself again: directly, or through other automations.

A loop is a chain of automations in which each writes what the next one listens to, and the last writes what the
first listens to. Conditions are looked at: a clause that asks for another value than the one written, for a
change of a field that was not written, or for an actor that is no automation, breaks the chain. What is not
known before the run breaks nothing.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from automations.conditions import All, AnyOf, Comparison, Node, Not
from automations.conditions.compiled import compile_clause
from automations.conditions.operands import CHANGE_OPERATORS
from automations.definition.actions import ACTION_TYPES
from automations.definition.caused_events import NAMED_CHANGES, CausedEvent
from automations.definition.document import compile_trigger
from automations.definition.event_patterns import covering_patterns, events_match, parse_events
from automations.paths import Scope
from automations.problems import Problem, pointer_join

CHAIN_LIMIT: Final = 6
"""Longer chains are not looked for."""
_EVENTS_LIMIT: Final = 2_000
_CAUSABLE: Final = ("updated", *(f"{name}_changed" for name in NAMED_CHANGES))
_ACTOR: Final[dict[str, object]] = {"actor": {"type": "automation"}}
"""The CRM names an automation as the actor of what one wrote."""
_ANY_OBJECT: Final = "record"
"""Stands for the object of an automation that listens to every event."""


@dataclass(frozen=True, slots=True)
class Known:
    """An automation, with a document that is active or becomes so."""

    automation_id: str | None
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """One automation of a chain, its action, and the event that this brings about for the next."""

    automation_id: str | None
    name: str
    action: str | None
    event: str
    says: str

    def as_dict(self) -> dict[str, object]:
        """Return the link as it stands in an answer."""
        return {
            "automation_id": self.automation_id,
            "name": self.name,
            "action": self.action,
            "event": self.event,
            "says": self.says,
        }


@dataclass(frozen=True, slots=True)
class Loop(Problem):
    """A warning with its chain, which begins with the automation that was looked at."""

    chain: tuple[Link, ...] = ()

    def as_dict(self) -> dict[str, object]:
        """Return the warning as it stands in an answer."""
        return {
            "pointer": self.pointer,
            "message": self.message,
            "code": self.code,
            "chain": [link.as_dict() for link in self.chain],
        }


@dataclass(frozen=True, slots=True)
class _Event:
    """An event that an action brings about, with what is known of it."""

    type: str
    record: Mapping[str, object]
    written: frozenset[str]
    is_change: bool


@dataclass(frozen=True, slots=True)
class _Listener:
    known: Known
    events: tuple[str, ...]
    tree: All

    @classmethod
    def of(cls, known: Known) -> "_Listener":
        events = parse_events(known.document["trigger"]["event"])
        return cls(known, events, compile_trigger(known.document).tree)


def may_loop(document: Mapping[str, Any]) -> bool:
    """Return whether a document can be part of a loop at all: it writes, and listens to what a write may cause."""
    return writes(document) and any(map(_is_causable, parse_events(document["trigger"]["event"])))


def writes(document: Mapping[str, Any]) -> bool:
    """Return whether a document has an action that brings about an event."""
    return any(True for _ in _caused(document))


def is_understood(document: Mapping[str, Any]) -> bool:
    """Return whether a stored document can be read by this version; one of another version may not be."""
    try:
        return bool(compile_trigger(document) and writes(document))
    except (ValueError, LookupError):
        return False


def events_caused(document: Mapping[str, Any]) -> set[str]:
    """Return the types of all events that a document's actions may bring about."""
    objects = {_object_of(event) for event in parse_events(document["trigger"]["event"])}
    return {
        f"{caused.record_object or record_object}.{caused.happening}"
        for _, caused in _caused(document)
        for record_object in objects
    }


def patterns_hearing(event_types: set[str]) -> set[str]:
    """Return every type and pattern by which a trigger hears one of these events."""
    return event_types | {pattern for event_type in event_types for pattern in covering_patterns(event_type)}


def find_loops(subject: Known, others: Sequence[Known]) -> list[Loop]:
    """Return a warning for each action of the subject with which a chain back to it begins: the shortest chain.

    The subject's document is validated. `others` are automations that are active; one that cannot be understood, or
    writes nothing, is left out.
    """
    if not may_loop(subject.document):
        return []
    own = _Listener.of(subject)
    listeners = [own, *(_Listener.of(other) for other in others if is_understood(other.document))]
    loops: dict[int, Loop] = {}
    for heard in own.events:
        for place, link, event in _effects(own, _object_of(heard)):
            chain = _chain_back(own, listeners, link, event)
            if chain is not None and (place not in loops or len(chain) < len(loops[place].chain)):
                pointer = pointer_join("/actions", place)
                loops[place] = Loop(pointer, _in_words(chain), "loop", chain)
    return [loops[place] for place in sorted(loops)]


def _chain_back(own: _Listener, listeners: Sequence[_Listener], link: Link, event: _Event) -> tuple[Link, ...] | None:
    waiting: deque[tuple[tuple[Link, ...], _Event]] = deque([((link,), event)])
    seen = {(link.automation_id, link.action, event.type)}
    while waiting and len(seen) < _EVENTS_LIMIT:
        chain, event = waiting.popleft()
        if _hears(own, event):
            return chain
        if len(chain) == CHAIN_LIMIT:
            continue
        for listener in listeners:
            if listener is own or not _hears(listener, event):
                continue
            for _, following, caused in _effects(listener, _object_of(event.type)):
                name = (following.automation_id, following.action, caused.type)
                if name not in seen:
                    seen.add(name)
                    waiting.append(((*chain, following), caused))
    return None


def _effects(listener: _Listener, record_object: str) -> Iterator[tuple[int, Link, _Event]]:
    """Yield what a run about a record of that object brings about, by the place of the action."""
    document = listener.known.document
    own_writes = {name for _, caused in _caused(document) if caused.record_object is None for name in caused.fields}
    still = {
        name: value
        for name, value in _equalities(listener.tree)
        if not any(_touches(name, written) for written in own_writes)
    }
    for place, caused in _caused(document):
        event_type = f"{caused.record_object or record_object}.{caused.happening}"
        record = caused.known_fields() if caused.record_object else {**still, **caused.known_fields()}
        action = document["actions"][place]
        link = Link(
            listener.known.automation_id, str(document.get("name") or ""), action.get("id"), event_type, caused.says
        )
        yield place, link, _Event(event_type, record, frozenset(caused.fields), caused.is_change)


def _caused(document: Mapping[str, Any]) -> Iterator[tuple[int, CausedEvent]]:
    for place, action in enumerate(document.get("actions") or ()):
        kind = ACTION_TYPES[action["type"]]
        for caused in kind.causes(kind.params.model_validate(action.get("params") or {})):
            yield place, caused


def _hears(listener: _Listener, event: _Event) -> bool:
    return events_match(listener.events, event.type) and _decide(listener.tree, event) is not False


def _decide(node: Node, event: _Event) -> bool | None:
    """Return whether a condition holds for the event; None where that is not known."""
    if isinstance(node, Comparison):
        return _decide_clause(node, event)
    if isinstance(node, Not):
        inner = _decide(node.part, event)
        return None if inner is None else not inner
    verdicts = [_decide(part, event) for part in node.parts]
    deciding = isinstance(node, AnyOf)
    if deciding in verdicts:
        return deciding
    return None if None in verdicts else not deciding


def _decide_clause(clause: Comparison, event: _Event) -> bool | None:
    name = ".".join(clause.path.segments)
    if clause.operator in CHANGE_OPERATORS:
        if not event.is_change:
            return compile_clause(clause)(Scope(changes=None))
        if not any(_touches(name, written) for written in event.written):
            return compile_clause(clause)(Scope(changes={}))
        # It was written, and so may have changed, to a value that may be known.
        if clause.operator == "changed_to" and name in event.record and name in event.written:
            to_it = Scope(changes={name: {"from": [], "to": event.record[name]}})
            return None if compile_clause(clause)(to_it) else False
        return None
    if clause.path.root == "event" and clause.path.segments[:1] == ("actor",):
        return compile_clause(clause)(Scope(event=_ACTOR)) if clause.path.segments == ("actor", "type") else None
    if clause.path.root != "record" or not any(_is_below(name, known) for known in event.record):
        return None
    return compile_clause(clause)(Scope(record=event.record))


def _equalities(tree: All) -> Iterator[tuple[str, object]]:
    """Yield the fields of the record that must have one certain value for the conditions to hold.

    Only texts and true or false: a number may come as text, and several elements of a list may have several values.
    """
    for part in tree.parts:
        if isinstance(part, All):
            yield from _equalities(part)
        elif (
            isinstance(part, Comparison)
            and part.operator == "eq"
            and part.operand_kind in ("text", "boolean")
            and part.path.root == "record"
            and len(part.path.segments) == 1
        ):
            yield part.path.segments[0], part.operand


def _touches(name: str, written: str) -> bool:
    return _is_below(name, written) or _is_below(written, name)


def _is_below(name: str, known: str) -> bool:
    return name == known or name.startswith(f"{known}.")


def _object_of(event: str) -> str:
    first = event.partition(".")[0]
    return _ANY_OBJECT if first == "*" else first


def _is_causable(event: str) -> bool:
    return event.endswith("*") or event == "task.created" or event.rpartition(".")[2] in _CAUSABLE


def _in_words(chain: Sequence[Link]) -> str:
    first, *rest = chain
    way = f"This action {first.says}, which brings about {first.event}"
    for link in rest:
        way += f'; "{link.name}" listens to that and {link.says}, which brings about {link.event}'
    return (
        f"{way}; this automation listens to that, so it may start itself again and again. "
        'Add a condition that its own writes do not meet, such as "event.actor.type": {"ne": "automation"}.'
    )
