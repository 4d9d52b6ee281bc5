"""The executions of the graph's specification, carried out by the engine."""

from dataclasses import replace
from typing import Any

import pytest

from automations.contracts.identity import task_id
from executor.actions.performer import Answer, Circumstances, Output
from executor.actions.requests import Request
from executor.engine.inputs import EffectFailed, EffectSucceeded, Input, TaskSubmitted, TimerFired
from executor.engine.plan import Plan, plan_version
from executor.engine.run import Step
from tests.support.engine_runs import EngineRun, error_of, started
from tests.support.graph_examples import GraphExample, graph_examples

EXAMPLES = graph_examples()


def answer_as_it_is(_request: Request, answer: Answer, _circumstances: Circumstances) -> Output:
    return dict(answer)


def plan_of_example(example: GraphExample) -> Plan:
    """Return the example's plan, in which an answer is the output."""
    plan = plan_version(example.document)
    actions = {
        own: replace(action, performer=replace(action.performer, read=answer_as_it_is)) if action.performer else action
        for own, action in plan.actions.items()
    }
    return replace(plan, actions=actions)


def what_comes(moved: EngineRun, step: Step, said: Any) -> Input | None:
    """Return what the world does about a step under way, without time passing."""
    if step.loop is not None or step.wake_at is not None or said in ("waiting", "timed_out"):
        return None
    if isinstance(said, list):
        said = said[step.attempts - 1]
    output = said.get("output", {}) if isinstance(said, dict) else {}
    if step.status == "waiting":
        task = task_id(moved.run.run_id, step.path)
        return TaskSubmitted(task_id=task, submission_id="s", output=output, submitted_by="ines", at=moved.at())
    if said in ("failed", "unavailable"):
        error = error_of(retryable=said == "unavailable")
        return EffectFailed(path=step.path, attempt=step.attempts, error=error, at=moved.at())
    return EffectSucceeded(path=step.path, attempt=step.attempts, answer=output, at=moved.at())


def what_comes_next(moved: EngineRun, given: dict[str, Any]) -> Input | None:
    """Return what comes to the step under way that began first; else let the earliest time come."""
    for step in moved.run.under_way():
        if (comes := what_comes(moved, step, given.get(step.path))) is not None:
            return comes
    for timer in sorted(moved.timers, key=lambda timer: timer.due_at):
        kind, _, path = timer.key.partition(":")
        if given.get(path) != "waiting" and (kind != "timeout" or given.get(path) == "timed_out"):
            return TimerFired(key=timer.key, at=max(timer.due_at, moved.at()))
    return None


@pytest.mark.parametrize("example", EXAMPLES, ids=[example.title for example in EXAMPLES])
def test_execution_of_the_specification_comes_out_as_written(example: GraphExample) -> None:
    moved = EngineRun(plan_of_example(example), started(record={"id": "case-1", **example.record}))
    while not moved.run.ended and (comes := what_comes_next(moved, example.given)) is not None:
        moved.give(comes)
    then = example.then
    assert moved.run.status == then["status"]
    assert {path: moved.statuses().get(path, "not_reached") for path in then["steps"]} == then["steps"]
    assert {path for path, status in moved.statuses().items() if status != "not_reached"} <= then["steps"].keys()
    assert {path: moved.history[path].attempts for path in then.get("attempts", {})} == then.get("attempts", {})
    assert {path: moved.history[path].output for path in then.get("output", {})} == then.get("output", {})
    if "vars" in then:
        assert moved.run.vars == then["vars"]


def test_specification_has_executions() -> None:
    assert len(EXAMPLES) > 20
