"""The graph that a list of actions is, and that every fault of one is said at once."""

import copy
from typing import Any

import pytest

from automations.definition import load_document, validate_document
from automations.definition.graph import graph_of
from automations.definition.hints import HINTS_LIMIT

Json = dict[str, Any]


def tell(own: str, **fields: Any) -> Json:
    return {"id": own, "type": "notify_user", "params": {"user": "u", "message": "m"}, **fields}


def branch(own: str, *targets: str | None, **fields: Any) -> Json:
    entries = [{"when": {"place": place}, "next": target} for place, target in enumerate(targets)]
    return {"id": own, "type": "branch", "branches": entries, **fields}


def loop(own: str, *actions: Json, **fields: Any) -> Json:
    return {"id": own, "type": "for_each", "items": "things", "max": 10, "actions": list(actions), **fields}


def with_actions(*actions: Json) -> Json:
    return {"name": "n", "trigger": {"event": "e"}, "actions": copy.deepcopy(list(actions))}


def found(*actions: Json) -> dict[str, str]:
    """Return the code of each problem by its pointer."""
    problems = validate_document(with_actions(*actions)).problems
    assert len({(problem.pointer, problem.code) for problem in problems}) == len(problems)
    return {problem.pointer: problem.code for problem in problems}


def message(*actions: Json) -> str:
    """Return the words of the one problem."""
    (problem,) = validate_document(with_actions(*actions)).problems
    return problem.message


def edges(*actions: Json) -> set[tuple[str, str, str, int]]:
    document = validate_document(with_actions(*actions)).document
    assert document is not None
    graph = graph_of(load_document(document).actions)
    return {
        (edge.source, edge.target, edge.kind, edge.place) for outgoing in graph.outgoing.values() for edge in outgoing
    }


def test_list_without_next_is_a_sequence() -> None:
    """Each action leads to the one written after it, and the last to none."""
    assert edges(tell("a"), tell("b"), tell("c")) == {("a", "b", "next", 0), ("b", "c", "next", 0)}


def test_absent_next_and_null_differ() -> None:
    """Absent, the list says what follows; null, the path ends."""
    assert edges(tell("a", next=["b", "c"]), tell("b", next=None), tell("c")) == {
        ("a", "b", "next", 0),
        ("a", "c", "next", 1),
    }


def test_every_way_out_is_an_edge_of_its_kind() -> None:
    """Entries, `otherwise`, failures and time-outs lead on as `next` does, each with its place."""
    ask = {"id": "ask", "type": "human_task", "timeout": "1d", "on_timeout": {"next": ["c", "b"]}, "next": None}
    assert edges(
        branch("x", "ask", "b", "b", otherwise="c"), ask | {"on_error": {"next": "c"}}, tell("b", next="c"), tell("c")
    ) == {
        ("x", "ask", "branch", 0),
        ("x", "b", "branch", 1),
        ("x", "b", "branch", 2),
        ("x", "c", "otherwise", 0),
        ("ask", "c", "error", 0),
        ("ask", "c", "timeout", 0),
        ("ask", "b", "timeout", 1),
        ("b", "c", "next", 0),
    }


def test_stop_leads_on_only_if_it_may_be_skipped() -> None:
    """Without `when` nothing follows a `stop`; with it, the list goes on."""
    stop = {"id": "s", "type": "stop"}
    assert edges(stop | {"when": {"a": 1}}, tell("b")) == {("s", "b", "next", 0)}
    assert found(stop, tell("b")) == {"/actions/1": "unreachable"}
    assert 'Nothing follows a "stop"' in message(stop, tell("b"))
    assert found(stop | {"next": None}) == {}
    assert found(stop | {"next": "b"}, tell("b")) == {"/actions/0/next": "not_taken"}


def test_loop_has_a_graph_of_its_own() -> None:
    """The inner list knows nothing of the outer one."""
    document = validate_document(with_actions(loop("l", tell("a"), tell("b")), tell("c"))).document
    assert document is not None
    actions = load_document(document).actions
    assert graph_of(actions).ids == ("l", "c")
    assert graph_of(actions[0].actions).ids == ("a", "b")
    assert graph_of(actions[0].actions).start == "a"


def test_action_that_nothing_leads_to_is_unreachable() -> None:
    """It is told where it stands; what only it leads to is not told as well."""
    assert found(tell("a", next=None), tell("b"), tell("c")) == {"/actions/1": "unreachable"}
    assert found(branch("x", "c"), tell("b", next=None), tell("c")) == {"/actions/1": "unreachable"}
    assert "A branch leads only where its entries say" in message(branch("x", None), tell("b"))


@pytest.mark.parametrize(
    ("actions", "pointer", "names"),
    [
        ([tell("a", next="a")], "/actions/0/next", '"a" → "a"'),
        ([tell("a"), tell("b", next=["c", "a"]), tell("c")], "/actions/1/next/1", '"a" → "b" → "a"'),
        ([tell("a"), tell("b", on_error={"next": "a"})], "/actions/1/on_error/next", '"a" → "b" → "a"'),
        ([tell("a"), branch("b", None, "a")], "/actions/1/branches/1/next", '"a" → "b" → "a"'),
        ([tell("a"), branch("b", None, otherwise="a")], "/actions/1/otherwise", '"a" → "b" → "a"'),
        ([loop("l", tell("a"), tell("b", next="a"))], "/actions/0/actions/1/next", '"a" → "b" → "a"'),
    ],
)
def test_way_that_leads_back_is_a_cycle(actions: list[Json], pointer: str, names: str) -> None:
    """Edges of every kind count; the message names the way, the pointer the edge that closes it."""
    assert found(*actions) == {pointer: "cycle"}
    assert names in message(*actions)


def test_every_cycle_is_told() -> None:
    """Two ways back are two problems."""
    actions = (tell("a"), tell("b", next=["a", "c"]), tell("c", next="d"), tell("d", next="c"))
    assert found(*actions) == {"/actions/1/next/0": "cycle", "/actions/3/next": "cycle"}


def test_target_that_is_not_there_is_unknown() -> None:
    """The nearest id is suggested, and what it meant is not called unreachable as well."""
    actions = (tell("a", next="revew"), tell("review"))
    assert found(*actions) == {"/actions/0/next": "unknown_target"}
    assert 'Did you mean "review"?' in message(*actions)
    assert found(tell("a", next=["zzz", "b"]), tell("b"), tell("c", next=None)) == {
        "/actions/0/next/0": "unknown_target"
    }


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"next": ["b", "b"]}, "next/1"),
        ({"next": None, "on_error": {"next": ["b", "b"]}}, "on_error/next/1"),
    ],
)
def test_same_target_twice_in_one_list_is_refused(fields: Json, place: str) -> None:
    """It would mean nothing: an action runs once."""
    assert found(tell("a", **fields), tell("b")) == {f"/actions/0/{place}": "duplicate_target"}


def test_two_entries_of_a_branch_may_lead_to_one_action() -> None:
    """They are two edges."""
    assert found(branch("x", "b", "b", otherwise="b"), tell("b")) == {}


def test_next_is_written_where_the_following_action_is_a_target_as_well() -> None:
    """Nobody could tell whether the path of the action before goes on there."""
    actions = [branch("by_amount", "x", otherwise="y"), tell("x"), tell("y")]
    assert found(*actions) == {"/actions/1/next": "ambiguous_next"}
    assert message(*actions) == (
        '"y" follows "x" in the list and is also a target of "by_amount": '
        'write "next" on "x", its id to go on there or null to end.'
    )
    assert found(actions[0], tell("x", next=None), actions[2]) == {}
    assert found(actions[0], tell("x", next="y"), actions[2]) == {}
    assert found(tell("x", on_error={"next": "y"}), tell("y")) == {"/actions/0/next": "ambiguous_next"}


def test_no_path_crosses_the_border_of_a_loop() -> None:
    """Neither in nor out, and the message says what to name instead."""
    out = (loop("l", tell("a", next="c")), tell("c"))
    assert found(*out) == {"/actions/0/actions/0/next": "crosses_loop"}
    assert 'the "next" of "l"' in message(*out)
    into = (tell("c", next="a"), loop("l", tell("a")))
    assert found(*into) == {"/actions/0/next": "crosses_loop", "/actions/1": "unreachable"}
    deep = (loop("l", loop("m", tell("a", next="b")), tell("b")),)
    assert found(*deep) == {"/actions/0/actions/0/actions/0/next": "crosses_loop"}


def test_ids_are_unique_in_the_whole_document() -> None:
    """An id inside of a loop is one of the document; absent ones are given in the document's order."""
    assert found(tell("a"), loop("l", tell("a"))) == {"/actions/1/actions/0/id": "duplicate_id"}
    bare = {"type": "notify_user", "params": {"user": "u", "message": "m"}}
    document = validate_document(with_actions(bare, loop("l", bare, tell("notify_user_2")), bare)).document
    assert document is not None
    first, around, last = document["actions"]
    inner = [action["id"] for action in around["actions"]]
    assert [first["id"], *inner, last["id"]] == ["notify_user", "notify_user_3", "notify_user_2", "notify_user_4"]


def speak(own: str, text: str, **fields: Any) -> Json:
    return tell(own, **fields) | {"params": {"user": "u", "message": text}}


@pytest.mark.parametrize(
    ("actions", "problem"),
    [
        ([tell("a"), speak("b", "{{ steps.a.output }}")], {}),
        ([speak("a", "{{ steps.a.output }}")], {"/actions/0/params/message": "unknown_step"}),
        (
            [branch("x", "a", otherwise="b"), tell("a", next=None), speak("b", "{{ steps.a.output }}")],
            {"/actions/2/params/message": "unknown_step"},
        ),
        ([tell("a", next="c"), speak("b", "{{ steps.c.output.x }}", next=None), tell("c", next="b")], {}),
        ([tell("a", on_error={"next": "c"}, next="b"), tell("b", next=None), speak("c", "{{ steps.a.status }}")], {}),
        ([tell("a"), loop("l", speak("i", "{{ steps.a.output }} {{ item.name }} {{ index }}"))], {}),
        ([tell("a"), loop("l", tell("h"), speak("i", "{{ steps.h.output }}"))], {}),
        ([loop("l", tell("i")), speak("b", "{{ steps.l.output.items }}")], {}),
        ([loop("l", tell("i")), speak("b", "{{ steps.i.output }}")], {"/actions/1/params/message": "unknown_step"}),
        ([loop("l", speak("i", "{{ steps.l.output }}"))], {"/actions/0/actions/0/params/message": "unknown_step"}),
        (
            [loop("l", speak("i", "{{ steps.b.output }}")), tell("b")],
            {"/actions/0/actions/0/params/message": "unknown_step"},
        ),
        ([speak("a", "{{ item }}")], {"/actions/0/params/message": "unknown_name"}),
        ([tell("a", when={"steps.b.output.x": 1}), tell("b")], {"/actions/0/when/steps.b.output.x": "unknown_step"}),
        ([tell("a"), tell("b", when={"steps.a.output.x": 1})], {}),
        ([tell("a", when={"item.x": 1})], {"/actions/0/when/item.x": "unknown_name"}),
        ([tell("a", when={"steps": 1})], {"/actions/0/when/steps": "unknown_step"}),
        ([loop("l", tell("a", when={"item.x": 1, "index": 2}))], {}),
        (
            [{"id": "x", "type": "branch", "branches": [{"when": {"steps.b.x": 1}, "next": "b"}]}, tell("b")],
            {"/actions/0/branches/0/when/steps.b.x": "unknown_step"},
        ),
        ([loop("l", tell("i"), items="steps.b.output.x"), tell("b")], {"/actions/0/items": "unknown_step"}),
        ([loop("l", tell("i"), items="{{ steps.b.output.x }}"), tell("b")], {"/actions/0/items": "unknown_step"}),
        ([loop("l", tell("i"), items=["{{ steps.b.output.x }}"]), tell("b")], {"/actions/0/items/0": "unknown_step"}),
        ([loop("l", loop("m", tell("i"), items="item.children"))], {}),
        ([loop("l", tell("i"), items="item.children")], {"/actions/0/items": "unknown_name"}),
    ],
)
def test_step_is_named_only_where_it_can_have_run(actions: list[Json], problem: dict[str, str]) -> None:
    """A way must lead from the one to the other; the order of the list alone says nothing."""
    assert found(*actions) == problem


@pytest.mark.parametrize(
    ("items", "is_right"),
    [
        ("record.contacts", True),
        ("contacts", True),
        ("{{ record.contacts }}", True),
        ("{{ record.contacts | where: 'a', 1 }}", True),
        ([1, "{{ record.a }}"], True),
        ([], True),
        ("{{ record.a }} and {{ record.b }}", False),
        ("a: {{ record.a }}", False),
        ("a..b", False),
        ("", False),
        ("{% for a in record.b %}{% endfor %}", False),
    ],
)
def test_loop_goes_through_one_list(items: object, is_right: bool) -> None:
    """A path, exactly one name, or the list itself."""
    assert found(loop("l", tell("i"), items=items)) == ({} if is_right else {"/actions/0/items": "items"})


def test_document_is_limited_with_what_is_inside_of_loops() -> None:
    """Actions are counted in all, loops stand three deep, and a run's steps are bounded beforehand."""
    many = [tell(f"a{number}") for number in range(199)]
    assert found(*many, loop("l", tell("i"))) == {"/actions": "too_many"}
    assert found(*many[:198], loop("l", tell("i"))) == {}
    three = loop("l1", loop("l2", loop("l3", tell("i"))))
    assert found(three) == {}
    assert found(loop("l0", three)) == {"/actions/0/actions/0/actions/0/actions/0": "too_deep"}
    assert found(loop("l", tell("i"), max=9_999)) == {}
    assert found(tell("a"), loop("l", tell("i"), max=9_999)) == {"/actions/1/max": "too_many"}
    assert found(loop("l", loop("m", tell("i"), max=100), max=100)) == {"/actions/0/max": "too_many"}
    assert found(loop("l", tell("i"), items=[1, 2, 3], max=2)) == {"/actions/0/items": "too_many"}


def test_problems_stand_in_the_order_of_the_document() -> None:
    """Who mends a document goes through it once."""
    actions = [tell("a", next="zz"), *[tell(f"b{number}", retry=1) for number in range(11)], tell("a")]
    pointers = [problem.pointer for problem in validate_document(with_actions(*actions)).problems]
    assert pointers == [
        "/actions/0/next",
        "/actions/1",
        *[f"/actions/{number}/retry" for number in range(1, 12)],
        "/actions/12/id",
    ]


def test_suggestions_are_given_as_often_as_it_is_affordable() -> None:
    """Thousands of unknown names are all told; only so many are compared with the known ones."""
    texts = [f"{{{{ steps.fist{number}.output }}}}" for number in range(2 * HINTS_LIMIT)]
    actions = (tell("first"), tell("last") | {"params": {"user": "u", "message": "m", "x-texts": texts}})
    problems = validate_document(with_actions(*actions)).problems
    assert {problem.code for problem in problems} == {"unknown_step"}
    assert len(problems) == 2 * HINTS_LIMIT
    assert sum('Did you mean "first"?' in problem.message for problem in problems) == HINTS_LIMIT
