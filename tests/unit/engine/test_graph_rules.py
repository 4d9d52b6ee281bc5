"""The rules of the graph, each as a property: which actions of an automation run, and when."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from automations.contracts.results import StepView
from automations.definition import validate_document
from executor.engine.inputs import CancelRequested
from executor.engine.plan import plan_version
from tests.support.engine_runs import EngineRun, plan_of, started, webhook
from tests.support.random_graphs import RandomDocument, random_documents, random_records


class Frame(NamedTuple):
    """One walk along a list of actions: the run's own, or that of an item of a loop."""

    prefix: str
    actions: list[dict[str, Any]]
    whole: bool
    """Whether it was walked to its end."""


def ended_run(document: RandomDocument, record: dict[str, Any], data: st.DataObject) -> EngineRun:
    """Return a run in a world where effects fail and times come at random."""
    checked = validate_document(document.raw)
    assert checked.document is not None, checked.problems
    moved = EngineRun(plan_version(checked.document), started("live", {"id": "case-1", **record}))
    while not moved.run.ended:
        happens = data.draw(st.sampled_from(["good", "good", "good", "fails", "timer"]))
        if happens == "fails" and moved.in_flight:
            moved.fail(data.draw(st.sampled_from(sorted(moved.in_flight))), retryable=data.draw(st.booleans()))
        elif happens == "timer" and moved.timers:
            moved.fire(data.draw(st.sampled_from(moved.timers)).key)
        else:
            moved.give(moved.next_good_input())
    return moved


def frames(moved: EngineRun, actions: list[dict[str, Any]], prefix: str = "", whole: bool = True) -> Iterator[Frame]:
    """Give the walk along the actions, and those of the items of the loops among them."""
    stopped = any(view.type == "stop" and view.status == "completed" for view in moved.history.values())
    yield Frame(prefix, actions, whole and moved.run.state == "completed" and not stopped)
    for action in actions:
        loop = moved.history.get(prefix + action["id"])
        if action["type"] != "for_each" or loop is None or loop.input is None:
            continue
        results = (loop.output or {}).get("items", [])
        for index in range(len(loop.input["items"])):
            inner = f"{prefix}{action['id']}[{index}]."
            if inner + action["actions"][0]["id"] in moved.history:
                done = index < len(results) and results[index]["status"] == "completed"
                yield from frames(moved, action["actions"], inner, whole and done)


def is_live(action: dict[str, Any], view: StepView | None, kind: str, place: int, record: dict[str, Any]) -> bool:
    """Whether an edge leads on, by the words of the rule and nothing of the engine."""
    if view is None or view.reason == "path_not_taken" or view.status in ("running", "waiting", "cancelled"):
        return False
    if kind in ("branch", "otherwise"):
        holding = [
            number
            for number, entry in enumerate(action["branches"])
            if all(record.get(name) is wanted for name, wanted in entry["when"].items())
        ]
        return (not holding) if kind == "otherwise" else holding[:1] == [place]
    if view.status == "failed":
        assert view.error is not None
        says = action.get("on_error", "fail")
        if view.error.kind == "timeout" and "on_timeout" in action:
            says, named = action["on_timeout"], "timeout"
        else:
            named = "error"
        return kind == ("next" if says == "continue" else "none" if says == "fail" else named)
    return kind == "next"


def edges_into(frame: Frame, own: str, document: RandomDocument) -> list[tuple[dict[str, Any], str, int]]:
    """Return what leads to an action: source, kind, and the entry's place where the source is a branch."""
    by_id = {action["id"]: action for action in frame.actions}
    found: list[tuple[dict[str, Any], str, int]] = []
    for source in by_id:
        place = 0
        for edge_source, target, kind in document.edges:
            if edge_source != source:
                continue
            if target == own:
                found.append((by_id[source], kind, place if kind == "branch" else 0))
            place += kind == "branch"
    return found


@settings(max_examples=50)
@given(random_documents(), random_records(), st.data())
def test_action_runs_once_exactly_when_its_edges_are_settled_and_one_is_live(
    document: RandomDocument, record: dict[str, Any], data: st.DataObject
) -> None:
    """Sequences, `next`, parallel paths, joins, branches, error and time-out paths are this one rule."""
    moved = ended_run(document, record, data)
    for frame in frames(moved, document.raw["actions"]):
        for place, action in enumerate(frame.actions):
            view = moved.history.get(frame.prefix + action["id"])
            ran = view is not None and view.reason != "path_not_taken"
            leading = [
                is_live(source, moved.history.get(frame.prefix + source["id"]), kind, entry, record)
                for source, kind, entry in edges_into(frame, action["id"], document)
            ]
            if place == 0:
                assert ran, "a run begins at the first action"
            elif frame.whole:
                assert ran == any(leading)
            elif ran:
                assert any(leading)
            if view is not None and not ran and frame.whole:
                assert not any(leading)


@settings(max_examples=50)
@given(random_documents(), random_records(), st.data())
def test_action_begins_after_all_that_leads_to_it_has_ended(
    document: RandomDocument, record: dict[str, Any], data: st.DataObject
) -> None:
    """A join waits for every edge: nothing begins while a source of an edge to it is under way."""
    moved = ended_run(document, record, data)
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    order = 0
    for fact in moved.facts:
        for view in fact.steps:
            order += 1
            begun.setdefault(view.path, order)
            if view.status in ("completed", "failed", "skipped", "cancelled"):
                ended.setdefault(view.path, fact.seq)
    first_seen = {view.path: fact.seq for fact in reversed(moved.facts) for view in fact.steps}
    for frame in frames(moved, document.raw["actions"]):
        for action in frame.actions:
            path = frame.prefix + action["id"]
            for source, _, _ in edges_into(frame, action["id"], document):
                if path in first_seen:
                    assert ended[frame.prefix + source["id"]] <= first_seen[path]


@settings(max_examples=50)
@given(random_documents(), random_records(), st.data())
def test_skipped_step_says_why(document: RandomDocument, record: dict[str, Any], data: st.DataObject) -> None:
    """A step is skipped because its own `when` did not hold, or because no way led to it; a run tells which."""
    moved = ended_run(document, record, data)
    by_id = {action["id"]: action for frame in frames(moved, document.raw["actions"]) for action in frame.actions}
    for path, view in moved.history.items():
        assert (view.status == "skipped") == (view.reason is not None)
        when = by_id[view.id].get("when", {})
        holds = all(record.get(name) is wanted for name, wanted in when.items())
        if view.reason == "when_false":
            assert not holds
        elif view.reason is None:
            assert holds, path


@settings(max_examples=50)
@given(random_documents(), random_records(), st.data())
def test_first_reason_to_end_decides_and_nothing_begins_after_it(
    document: RandomDocument, record: dict[str, Any], data: st.DataObject
) -> None:
    """`fail`, `stop` and a cancellation end the run once: what is in flight finishes, all else is withdrawn."""
    checked = validate_document(document.raw)
    assert checked.document is not None
    moved = EngineRun(plan_version(checked.document), started("live", {"id": "case-1", **record}))
    for _ in range(data.draw(st.integers(0, 6))):
        if not moved.run.ended:
            moved.give(moved.next_good_input())
    if moved.run.ended:
        return
    already = moved.run.state
    moved.give(CancelRequested(requested_by="ines", at=moved.at()))
    begun = len(moved.begun)
    assert moved.run.state in (
        {"cancelling", "cancelled"} if already == "running" else {already, already.replace("ing", "ed")}
    )
    assert not any(step.status == "waiting" for step in moved.run.under_way())
    assert not any(timer.key.startswith(("delay:", "attempt-")) for timer in moved.timers)
    while not moved.run.ended:
        moved.succeed(next(iter(moved.in_flight)))
    assert len(moved.begun) == begun
    open_tasks = {task.task_id: task.status for fact in moved.facts for task in fact.tasks}
    assert "open" not in open_tasks.values()


def test_failure_lets_steps_in_flight_finish_and_be_recorded() -> None:
    """The run is still running until they have; then it has failed with the first error."""
    side = [webhook("b", next=None), webhook("c", next=None), {"id": "t", "type": "human_task"}]
    moved = EngineRun(plan_of(webhook("a", next=["b", "c", "t"]), *side), started())
    moved.succeed("a")
    moved.fail("b")
    assert moved.run.status == "running"
    assert moved.statuses()["t"] == "cancelled"
    assert [task.status for fact in moved.facts for task in fact.tasks] == ["open", "withdrawn"]
    moved.succeed("c", {"id": "7"})
    assert moved.run.status == "failed"
    assert moved.history["c"].output["body"] == {"id": "7"}
    assert moved.run.error is not None
    assert moved.run.error.kind == "refused"


def test_failing_run_makes_no_further_attempt() -> None:
    moved = EngineRun(plan_of(webhook("a", next=["b", "c"]), webhook("b", next=None), webhook("c")), started())
    moved.succeed("a")
    moved.fail("b")
    moved.fail("c", retryable=True)
    assert moved.run.status == "failed"
    assert not moved.timers


def test_failure_that_is_led_away_leaves_the_run_able_to_complete() -> None:
    moved = EngineRun(plan_of(webhook("a", on_error="continue"), webhook("b")), started())
    moved.fail("a")
    moved.succeed("b")
    assert moved.statuses() == {"a": "failed", "b": "completed"}
    assert moved.run.status == "completed"
    moved = EngineRun(
        plan_of(webhook("a", on_error={"next": "c"}, next="b"), webhook("b", next=None), webhook("c")), started()
    )
    moved.fail("a")
    moved.succeed("c")
    assert moved.statuses() == {"a": "failed", "b": "not_reached", "c": "completed"}
    assert moved.run.status == "completed"


def test_task_out_of_time_takes_its_own_way() -> None:
    task = {"id": "t", "type": "human_task", "timeout": "2h", "on_timeout": {"next": "late"}, "next": "done"}
    moved = EngineRun(plan_of(task, webhook("done", next=None), webhook("late")), started())
    assert moved.facts[-1].waiting is not None
    moved.fire("timeout:t")
    assert list(moved.in_flight) == ["late"]
    assert moved.history["t"].error is not None
    assert moved.history["t"].error.kind == "timeout"
    assert [task.status for fact in moved.facts for task in fact.tasks] == ["open", "withdrawn"]
    refused = moved.give(moved_submission(moved, "t"))
    assert refused.fact is not None
    assert refused.fact.verdict is not None
    assert refused.fact.verdict.reason == "timed_out"


def moved_submission(moved: EngineRun, path: str) -> Any:
    from automations.contracts.identity import task_id
    from executor.engine.inputs import TaskSubmitted

    return TaskSubmitted(
        task_id=task_id(moved.run.run_id, path), submission_id="late", output={}, submitted_by="i", at=moved.at()
    )


def test_step_out_of_time_fails_though_an_attempt_is_under_way() -> None:
    """`timeout` is for the whole step, `retry` counts inside; a later answer changes nothing."""
    moved = EngineRun(plan_of(webhook("a", timeout="5m", on_error="continue"), webhook("b")), started())
    moved.fire("timeout:a")
    assert moved.history["a"].error is not None
    assert moved.history["a"].error.kind == "timeout"
    assert moved.succeed("a", attempt=1).fact is None
    assert list(moved.in_flight) == ["b"]


def test_run_out_of_time_fails() -> None:
    moved = EngineRun(plan_of({"id": "d", "type": "delay", "params": {"for": "3d"}}, timeout="1d"), started())
    assert {timer.key for timer in moved.timers} == {"run", "delay:d"}
    moved.fire("run")
    assert moved.run.status == "failed"
    assert moved.run.error is not None
    assert moved.run.error.kind == "timeout"
    assert moved.statuses() == {"d": "cancelled"}


@given(st.integers(0, 12), st.integers(1, 5), st.data())
def test_loop_goes_through_its_items_in_order_and_so_many_at_once(
    count: int, at_once: int, data: st.DataObject
) -> None:
    """Items begin in order, never more than `at_once` side by side, and the output has them in order."""
    each = {"id": "each", "type": "for_each", "items": "things", "at_once": at_once}
    inner = [webhook("call", params={"url": "https://example.com/{{ item }}/{{ index }}"}), webhook("then")]
    moved = EngineRun(plan_of({**each, "actions": inner}), started(record={"id": "c", "things": list(range(count))}))
    while not moved.run.ended:
        assert len({path.partition("]")[0] for path in moved.in_flight}) <= at_once
        moved.succeed(data.draw(st.sampled_from(sorted(moved.in_flight))))
    begun = [effect.path for effect in moved.begun if effect.path.endswith("call")]
    assert begun == [f"each[{index}].call" for index in range(count)]
    assert len(moved.history["each"].output["items"]) == count
    urls = [effect.request.url for effect in moved.begun if effect.path.endswith("call")]  # type: ignore[union-attr]
    assert urls == [f"https://example.com/{index}/{index}" for index in range(count)]
    assert {step.path for step in moved.run.steps} == {"each"}, "what an item held leaves the state with it"


def test_failed_item_fails_the_loop_after_those_in_flight_ended() -> None:
    each = {"id": "each", "type": "for_each", "items": [1, 2, 3, 4], "at_once": 2}
    moved = EngineRun(plan_of({**each, "actions": [webhook("one"), webhook("two")]}), started())
    moved.fail("each[0].one")
    assert list(moved.in_flight) == ["each[1].one"]
    moved.succeed("each[1].one")
    assert list(moved.in_flight) == ["each[1].two"], "an item in flight goes to its end"
    moved.succeed("each[1].two")
    assert moved.run.status == "failed"
    assert moved.run.error is not None
    assert moved.run.error.kind == "item_failed"
    items = moved.history["each"].output["items"]
    assert [item["status"] for item in items] == ["failed", "completed", "cancelled", "cancelled"]


def test_loop_out_of_time_ends_its_items_as_a_run_is_ended() -> None:
    """No step begins any more, what is in flight is waited for, and the loop fails as timed out."""
    each = {"id": "each", "type": "for_each", "items": [1, 2, 3], "at_once": 2, "timeout": "1h", "on_error": "continue"}
    inner = [webhook("one"), {"id": "ask", "type": "human_task"}]
    moved = EngineRun(plan_of({**each, "actions": inner}), started())
    moved.succeed("each[0].one")
    moved.fire("timeout:each")
    assert moved.statuses()["each[0].ask"] == "cancelled"
    assert list(moved.in_flight) == ["each[1].one"]
    moved.succeed("each[1].one")
    assert moved.run.status == "completed"
    assert moved.history["each"].error is not None
    assert moved.history["each"].error.kind == "timeout"
    assert [item["status"] for item in moved.history["each"].output["items"]] == ["failed", "failed", "cancelled"]


def test_failed_item_leaves_a_loop_going_that_continues() -> None:
    each = {"id": "each", "type": "for_each", "items": [1, 2, 3], "on_error": "continue"}
    moved = EngineRun(plan_of({**each, "actions": [webhook("one")]}), started())
    moved.fail("each[0].one")
    moved.succeed("each[1].one")
    moved.fail("each[2].one")
    assert moved.run.status == "completed"
    assert moved.statuses()["each"] == "completed"
    items = moved.history["each"].output["items"]
    assert [item["status"] for item in items] == ["failed", "completed", "failed"]
    assert items[1]["output"]["one"]["status"] == 200


def test_items_are_fixed_when_the_loop_begins_and_bounded() -> None:
    """What is no list, or too long, fails the step; no value is no items."""
    each = {"id": "each", "type": "for_each", "items": "things", "max": 2, "actions": [webhook("one")]}
    for things, status in (([1, 2, 3], "failed"), ("a", "failed"), (None, "completed"), ([], "completed")):
        moved = EngineRun(plan_of(each), started(record={"id": "c", "things": things}))
        assert moved.run.status == status
        if status == "failed":
            assert moved.run.error is not None
            assert moved.run.error.kind == "invalid"


def test_loops_in_loops_have_paths_that_name_every_item() -> None:
    inner: dict[str, Any] = {"id": "inner", "type": "for_each", "items": "{{ item.things }}", "max": 9}
    inner["actions"] = [webhook("call")]
    outer = {"id": "outer", "type": "for_each", "max": 9, "items": "groups", "actions": [inner, webhook("after")]}
    record = {"id": "c", "groups": [{"things": [1, 2]}, {"things": []}]}
    moved = EngineRun(plan_of(outer), started(record=record))
    moved.cooperate()
    assert [effect.path for effect in moved.begun] == [
        "outer[0].inner[0].call",
        "outer[0].inner[1].call",
        "outer[0].after",
        "outer[1].after",
    ]


def test_step_that_did_not_run_has_no_value() -> None:
    branch = {"id": "way", "type": "branch", "branches": [{"when": {"vip": True}, "next": "a"}], "otherwise": "b"}
    last = webhook("c", params={"url": "https://example.com", "body": "{{ steps.a.output.status | default: 'none' }}"})
    moved = EngineRun(plan_of(branch, webhook("a", next="c"), webhook("b", next="c"), last), started())
    moved.succeed("b")
    assert moved.begun[-1].request.body == "none"  # type: ignore[union-attr]


def test_named_values_are_the_runs_and_inside_of_a_loop_the_items_own() -> None:
    keep = {"type": "set", "params": {"values": {"n": "{{ vars.n | append: 'x' }}"}}}
    said = {"url": "https://example.com", "body": "{{ vars.n }}"}
    moved = EngineRun(
        plan_of(
            {"id": "first", "type": "set", "params": {"values": {"n": "0"}}},
            {
                "id": "each",
                "type": "for_each",
                "items": [1, 2],
                "actions": [{**keep, "id": "inner"}, webhook("in", params=said)],
            },
            webhook("out", params=said),
        ),
        started(),
    )
    moved.cooperate()
    assert [effect.request.body for effect in moved.begun] == ["0x", "0x", "0"]  # type: ignore[union-attr]
