"""The laws of a run's transitions: random automations, random records, random inputs, a restart after each."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from automations.contracts.identity import task_id
from automations.contracts.wire import encode
from automations.definition import validate_document
from executor.engine.facts import waiting_of
from executor.engine.inputs import (
    CancelRequested,
    EffectFailed,
    EffectSucceeded,
    Input,
    TaskSubmitted,
    TimerFired,
    TurnGranted,
)
from executor.engine.outcomes import RUN_TIMER, timers_of
from executor.engine.plan import plan_version
from executor.engine.run import Run
from executor.engine.transition import apply_input, take_up
from tests.support.engine_runs import EngineRun, error_of, started
from tests.support.random_graphs import RandomDocument, random_documents, random_records

LANES = st.sampled_from(["live", "live", "sandbox"])


def run_of(document: RandomDocument, record: dict[str, Any], lane: Any, *, turn_free: bool = True) -> EngineRun:
    checked = validate_document(document.raw)
    assert checked.document is not None, checked.problems
    first = started(lane, {"id": "case-1", **record}, turn_free=turn_free)
    return EngineRun(plan_version(checked.document), first)


@st.composite
def any_inputs(draw: st.DrawFn, moved: EngineRun) -> Input:
    """Draw an input, likely or not: good and bad answers, times that come, what was given before, what is unknown."""
    kind = draw(st.sampled_from(["good", "good", "good", "fails", "timer", "before", "odd", "cancel", "turn"]))
    if kind == "good" and not moved.run.ended:
        return moved.next_good_input()
    if kind == "fails" and moved.in_flight:
        effect = draw(st.sampled_from(list(moved.in_flight.values())))
        return EffectFailed(
            path=effect.path, attempt=effect.attempt, error=error_of(draw(st.booleans())), at=moved.at()
        )
    if kind == "timer" and moved.timers:
        return TimerFired(key=draw(st.sampled_from(moved.timers)).key, at=moved.at())
    if kind == "before" and moved.inputs:
        return draw(st.sampled_from(moved.inputs))
    if kind == "turn":
        return TurnGranted(at=moved.at())
    if kind == "cancel" and draw(st.sampled_from([False, False, True])):
        return CancelRequested(requested_by="ines", at=moved.at())
    path = draw(st.sampled_from([*moved.history, "nowhere", "nowhere[3].x"]))
    attempt = draw(st.integers(1, 5))
    odd: list[Input] = [
        EffectSucceeded(path=path, attempt=attempt, answer={"status": 200, "body": {}}, at=moved.at()),
        EffectFailed(path=path, attempt=attempt, error=error_of(draw(st.booleans())), at=moved.at()),
        TimerFired(key=f"{draw(st.sampled_from(['delay', 'timeout', 'attempt-2', 'what']))}:{path}", at=moved.at()),
        TaskSubmitted(
            task_id=task_id(moved.run.run_id, path),
            submission_id=draw(st.sampled_from(["s1", "s2"])),
            output={},
            submitted_by="i",
            at=moved.at(),
        ),
    ]
    return draw(st.sampled_from(odd))


def assert_lawful(before: Run, moved: EngineRun, ended: dict[str, str]) -> None:
    """Check one transition; `ended` is what had ended before it, by path."""
    run, fact = moved.run, moved.moved.fact
    statuses = {path: view.status for path, view in moved.history.items()}
    assert all(statuses[path] == status for path, status in ended.items()), "a step that had ended changed"
    if before.ended:
        assert (run.state, run.steps, run.ended_at, run.error) == (
            before.state,
            before.steps,
            before.ended_at,
            before.error,
        )
        assert not moved.moved.effects
    if before.state not in ("queued", "running"):
        decided = {"completing": "completed", "failing": "failed", "cancelling": "cancelled"}.get(
            before.state, before.state
        )
        assert run.state in (before.state, decided), "what ends a run is decided once"
        assert not [path for path, status in statuses.items() if status != "skipped" and path not in ended
                    and before.step_at(path) is None], "a step began though the run was coming to its end"  # fmt: skip
    if fact is None:
        assert run == before
        assert not moved.moved.effects
    else:
        assert fact.seq == run.seq == before.seq + 1
        assert fact.waiting == waiting_of(run)
    for timer in moved.timers:
        fired = apply_input(run, moved.plan, TimerFired(key=timer.key, at=timer.due_at))
        assert fired.fact is not None, "a time that is waited for means something when it comes"
        assert timer not in fired.timers, "and comes once"
    under_way = list(run.under_way())
    if run.state == "queued":
        assert not moved.moved.effects
        assert not under_way
        assert not timers_of(run)
        assert not moved.history, "a run that waits for its turn has begun nothing"
    elif run.ended:
        assert not under_way
        assert not timers_of(run)
        assert run.state in ("completed", "failed", "cancelled")
        assert (run.error is None) == (run.state == "completed")
    else:
        assert under_way, "a run that has not ended has a step under way"
        waits = waiting_of(run) is not None
        tries_again = any(step.wake_at is not None for step in under_way)
        assert moved.in_flight or waits or tries_again, "and it is in flight, has its time, or its wait is stated"
    if run.parked:
        ends: list[Input] = [CancelRequested(requested_by="ines", at=moved.at())]
        ends += [TimerFired(key=RUN_TIMER, at=timer.due_at) for timer in moved.timers if timer.key == RUN_TIMER]
        for end in ends:
            ended_by = apply_input(run, moved.plan, end)
            assert ended_by.run.ended, "what ends a queued or parked run ends it at once,"
            assert not ended_by.effects, "and needs no turn for it"


@given(random_documents(), random_records(), LANES, st.booleans(), st.data())
def test_run_keeps_its_laws_through_any_inputs_and_restarts(
    document: RandomDocument, record: dict[str, Any], lane: Any, turn_free: bool, data: st.DataObject
) -> None:
    """Whatever arrives, in whatever order, with a restart after each: the laws hold, the run ends, replaying agrees."""
    moved = run_of(document, record, lane, turn_free=turn_free)
    for _ in range(data.draw(st.integers(0, 15), label="inputs")):
        if moved.run.ended and data.draw(st.booleans()):
            break
        step_and_check(moved, data.draw(any_inputs(moved)))
    while not moved.run.ended:
        step_and_check(moved, moved.next_good_input())
        assert len(moved.inputs) < 2_000, "the run does not end"
    assert moved.replayed() == moved.run
    assert encode(moved.replayed()) == encode(moved.run)
    attempts = [(effect.path, effect.attempt) for effect in moved.begun]
    assert len(attempts) == len(set(attempts)), "an attempt was made twice"


def step_and_check(moved: EngineRun, given_input: Input) -> None:
    before = moved.run
    ended = {
        path: view.status
        for path, view in moved.history.items()
        if view.status not in ("pending", "running", "waiting")
    }
    if before.ended and not isinstance(given_input, TaskSubmitted):
        assert apply_input(before, moved.plan, given_input).fact is None
        return
    moved.give(given_input)
    assert_lawful(before, moved, ended)
    again = apply_input(moved.run, moved.plan, given_input)
    refused = again.fact is not None and again.fact.verdict is not None and not again.fact.verdict.accepted
    assert again.fact is None or refused, "the same input twice changes nothing the second time"


@settings(max_examples=50)
@given(random_documents(), random_records(), st.data())
def test_run_taken_over_at_any_point_performs_what_was_in_flight_and_nothing_else(
    document: RandomDocument, record: dict[str, Any], data: st.DataObject
) -> None:
    """What a crash leaves is found in the state: the same attempts with the same bytes, or that nobody can tell."""
    moved = run_of(document, record, "live")
    for _ in range(data.draw(st.integers(0, 8))):
        if moved.run.ended:
            break
        moved.give(data.draw(any_inputs(moved)))
    taken = take_up(moved.run, moved.plan, moved.at())
    again = {effect.path: effect for effect in taken.effects}
    unknown = {given_input.path for given_input in taken.inputs if isinstance(given_input, EffectFailed)}
    assert again.keys() | unknown == moved.in_flight.keys()
    assert not again.keys() & unknown
    for path, effect in again.items():
        assert effect == moved.in_flight[path]
    assert all(moved.in_flight[path].at_most_once for path in unknown)


@settings(max_examples=50)
@given(random_documents(), random_records())
def test_run_whose_effects_succeed_and_tasks_are_completed_ends(
    document: RandomDocument, record: dict[str, Any]
) -> None:
    """Every run reaches its end when the world plays along, each effect begun exactly once."""
    moved = run_of(document, record, "live")
    moved.cooperate()
    paths = [effect.path for effect in moved.begun]
    assert len(paths) == len(set(paths))
    assert moved.run.state in ("completed", "failed")


@settings(max_examples=50)
@given(random_documents(), random_records())
def test_dry_run_waits_for_nobody_and_for_no_time(document: RandomDocument, record: dict[str, Any]) -> None:
    """In the sandbox a task takes a sample answer, a delay is none, and no timer is set."""
    moved = run_of(document, record, "sandbox")
    while not moved.run.ended:
        assert moved.in_flight
        assert not moved.timers
        moved.give(moved.next_good_input())
    assert not any(fact.tasks or fact.waiting for fact in moved.facts)
