"""Random graphs: what is right is taken as it was meant, what is wrong is found, and nothing makes validation fail."""

import copy
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.definition import load_document, validate_document
from automations.definition.document import Action
from automations.definition.graph import Graph, ancestors_of, graph_of
from tests.support.random_graphs import RandomDocument, random_documents

Json = dict[str, Any]


def tell(own: str, **fields: Any) -> Json:
    return {"id": own, "type": "notify_user", "params": {"user": "u", "message": "m"}, **fields}


def inner_lists(actions: list[Action]) -> Iterator[list[Action]]:
    yield actions
    for action in actions:
        if action.actions:
            yield from inner_lists(action.actions)


@given(drawn=random_documents(loop_depth=3))
@settings(deadline=None)
def test_random_graph_is_valid_and_has_the_edges_that_were_meant(drawn: RandomDocument) -> None:
    """However a graph is written down, it is understood, and validation gives it back as it was."""
    validated = validate_document(drawn.raw)
    assert (validated.problems, validated.warnings) == ([], [])
    assert validated.document == drawn.raw
    graphs = [graph_of(actions) for actions in inner_lists(load_document(drawn.raw).actions)]
    read = Counter(
        (edge.source, edge.target, edge.kind) for graph in graphs for out in graph.outgoing.values() for edge in out
    )
    assert read == Counter(drawn.edges)
    for graph in graphs:
        check_both_sides(graph)


def check_both_sides(graph: Graph) -> None:
    """Check that what leaves an action arrives, and that only what comes before is an ancestor."""
    leaving = Counter(edge for edges in graph.outgoing.values() for edge in edges)
    assert leaving == Counter(edge for edges in graph.incoming.values() for edge in edges)
    ancestors = ancestors_of(graph)
    for own in graph.ids:
        direct = {edge.source for edge in graph.incoming[own]}
        assert ancestors[own] == direct.union(*(ancestors[each] for each in direct))
        assert own not in ancestors[own]
        assert own == graph.start or graph.start in ancestors[own]


def all_actions(actions: list[Json]) -> Iterator[tuple[list[Json], Json]]:
    for action in actions:
        yield actions, action
        yield from all_actions(action.get("actions", []))


def _name_nobody(actions: list[Json], action: Json) -> str:
    action["next"] = "nobody_at_all"
    return "not_taken" if action["type"] == "branch" else "unknown_target"


def _add_an_orphan(actions: list[Json], action: Json) -> str:
    actions.append(tell("orphan_1", next=None))
    actions.append(tell("orphan_2", next=None))
    return "unreachable"


def _lead_back(actions: list[Json], action: Json) -> str:
    if action["type"] == "branch":
        action["otherwise"] = action["id"]
    else:
        action["next"] = action["id"]
    return "not_taken" if action["type"] == "stop" and "when" not in action else "cycle"


def _repeat_an_id(actions: list[Json], action: Json) -> str:
    actions.append(tell(action["id"]))
    return "duplicate_id"


def _name_itself(actions: list[Json], action: Json) -> str:
    action["params"] = {**action["params"], "x-note": "{{ steps." + action["id"] + ".output }}"}
    return "unknown_step"


def _misspell_a_field(actions: list[Json], action: Json) -> str:
    action["on_eror"] = "continue"
    return "unknown_field"


def _give_no_time(actions: list[Json], action: Json) -> str:
    action["timeout"] = "soon"
    return "value"


MUTATIONS: list[Callable[[list[Json], Json], str]] = [
    _name_nobody,
    _add_an_orphan,
    _lead_back,
    _repeat_an_id,
    _name_itself,
    _misspell_a_field,
    _give_no_time,
]


@pytest.mark.parametrize("mutate", MUTATIONS, ids=lambda mutate: mutate.__name__.strip("_"))
@given(drawn=random_documents(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_fault_in_a_random_graph_is_found(
    mutate: Callable[[list[Json], Json], str], drawn: RandomDocument, data: st.DataObject
) -> None:
    """One fault, put anywhere into a valid document, is told with its own code."""
    raw = copy.deepcopy(drawn.raw)
    actions, action = data.draw(st.sampled_from(list(all_actions(raw["actions"]))))
    code = mutate(actions, action)
    validated = validate_document(raw)
    assert validated.document is None
    assert code in {problem.code for problem in validated.problems}


FIELDS = sorted(Action.model_fields)
JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 20_000)
    | st.sampled_from(["a", "b", "1d", "fail", "{{ item }}", "{{", ""]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["next", "when", "name", "max_attempts", "steps.a.x", "within", "a"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)
KINDS = st.sampled_from(["branch", "for_each", "delay", "set", "stop", "human_task", "notify_user", "nothing", None, 5])


def junk_actions() -> st.SearchStrategy[Any]:
    """Return actions of which every field may be wrong, with lists in lists."""
    targets: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c", ["a", "b"], ["b", "b"], None, {}])
    field = dict.fromkeys(FIELDS, JUNK) | {"next": targets | JUNK, "id": st.sampled_from(["a", "b", "c", "", 1])}
    base = st.fixed_dictionaries({"type": KINDS}, optional={name: field[name] for name in FIELDS if name != "type"})
    return st.recursive(
        base | JUNK,
        lambda inner: st.builds(
            lambda action, actions: {**action, "type": "for_each", "actions": actions},
            base,
            st.lists(inner, max_size=3),
        ),
        max_leaves=6,
    )


@given(actions=st.lists(junk_actions(), max_size=5))
@settings(deadline=None, max_examples=300)
def test_validation_of_junk_ends_in_problems_or_in_a_document_that_loads(actions: list[Any]) -> None:
    """Whatever stands in the actions, validation never fails; what it lets through has a graph."""
    validated = validate_document({"name": "n", "trigger": {"event": "e"}, "actions": actions})
    assert (validated.document is None) is bool(validated.problems)
    for problem in validated.problems:
        assert problem.pointer.startswith("/actions")
        assert problem.message.endswith((".", "?"))
    if validated.document is not None:
        assert validate_document(validated.document).document == validated.document
        for inner in inner_lists(load_document(validated.document).actions):
            check_both_sides(graph_of(inner))


_NAMED = st.sampled_from(
    [None, "notify_user", "notify_user_2", "notify_user_3", "create_task", "create_task_2", "mine"]
)


@given(st.lists(st.tuples(st.sampled_from(["notify_user", "create_task"]), _NAMED), min_size=1, max_size=8))
def test_absent_ids_are_the_type_and_the_next_free_number_in_the_lists_order(wanted: list[tuple[str, Any]]) -> None:
    """Ids are written back: those that were given stay, the others count on, and no two are the same."""
    seen: set[str] = set()
    actions: list[Json] = []
    params = {"notify_user": {"user": "u", "message": "m"}, "create_task": {"title": "t"}}
    for kind, own in wanted:
        given_id = {} if own is None or own in seen else {"id": own}
        seen.update(given_id.values())
        actions.append({"type": kind, "params": params[kind], **given_id})
    validated = validate_document({"name": "n", "trigger": {"event": "e"}, "actions": actions})
    assert validated.document is not None, validated.problems
    expected = []
    for action in actions:
        own = action.get("id")
        number = 1
        while own is None:
            free = action["type"] if number == 1 else f"{action['type']}_{number}"
            own, number = (None if free in seen else free), number + 1
        seen.add(own)
        expected.append(own)
    assert [action["id"] for action in validated.document["actions"]] == expected
