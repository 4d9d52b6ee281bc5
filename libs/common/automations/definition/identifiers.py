"""The ids of a document's actions: written by people, or given where they are absent.

An id is unique in the whole document, those inside of loops included.
"""

from collections.abc import Iterator, Mapping, Sequence

from automations.definition.actions import ACTION_TYPES
from automations.problems import Problem, pointer_join


def placed_actions(actions: Sequence[object], pointer: str = "/actions") -> Iterator[tuple[str, object]]:
    """Return every action with its pointer, in the order of the document: a loop, then what is inside."""
    for place, action in enumerate(actions):
        where = pointer_join(pointer, place)
        yield where, action
        if isinstance(action, Mapping) and action.get("type") == "for_each":
            inner = action.get("actions")
            if isinstance(inner, list):
                yield from placed_actions(inner, pointer_join(where, "actions"))


def assign_ids(actions: Sequence[object]) -> dict[str, str | None]:
    """Return the id of each action by its pointer: the one written, else the type, then `type_2`, `type_3`.

    The numbers follow the order of the document. An action that can have none, because its type is unknown,
    gets `None`.
    """
    placed = list(placed_actions(actions))
    written = {pointer: action.get("id") if isinstance(action, Mapping) else None for pointer, action in placed}
    taken = {each for each in written.values() if isinstance(each, str)}
    ids: dict[str, str | None] = {}
    for pointer, action in placed:
        own = written[pointer]
        kind = action.get("type") if isinstance(action, Mapping) else None
        if isinstance(own, str) or not isinstance(kind, str) or kind not in ACTION_TYPES:
            ids[pointer] = own if isinstance(own, str) else None
            continue
        number, chosen = 1, kind
        while chosen in taken:
            number += 1
            chosen = f"{kind}_{number}"
        taken.add(chosen)
        ids[pointer] = chosen
    return ids


def check_unique(ids: Mapping[str, str | None]) -> list[Problem]:
    """Return one problem for each id that an earlier action has already."""
    problems = []
    first_with: dict[str, str] = {}
    for pointer, own in ids.items():
        if own is not None and first_with.setdefault(own, pointer) != pointer:
            message = f'The id "{own}" is already that of {_place(first_with[own])}; ids are unique.'
            problems.append(Problem(pointer_join(pointer, "id"), message, "duplicate_id"))
    return problems


def _place(pointer: str) -> str:
    places = [str(int(part) + 1) for part in pointer.split("/")[2::2]]
    return "action " + " in action ".join(reversed(places))
