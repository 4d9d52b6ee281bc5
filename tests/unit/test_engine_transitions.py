"""The laws of a run's transitions, on random automations, random inputs and a restart after every input."""

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.commands import Cause, StartRun, TriggerEvent
from automations.contracts.identity import task_id
from automations.contracts.results import RunAdvanced, StepError
from automations.contracts.wire import encode
from automations.definition import validate_document
from executor.engine.inputs import EffectFailed, EffectSucceeded, Input, Started, TaskSubmitted, input_decoder
from executor.engine.plan import Plan, plan_version
from executor.engine.run import Run
from executor.engine.transition import (
    MAX_ATTEMPTS,
    Transition,
    apply_input,
    effects_under_way,
    start_run,
)
from executor.journal.rows import read_run

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)

ACTIONS: dict[str, dict[str, Any]] = {
    "update_field": {"field": "stage", "value": "{{ record.name }}"},
    "create_task": {"title": "Call {{ record.name }}", "due_in": "2d"},
    "assign_to_queue": {"queue_id": "tier-2"},
    "send_email": {"to": "{{ record.email }}", "subject": "Hello"},
    "send_notification": {"channel": "slack", "message": "{{ record.name }}"},
    "notify_user": {"user": "ines", "message": "look"},
    "call_webhook": {"url": "https://example.com/hook"},
    "human_task": {"title": "Approve"},
}
TYPES = sorted(ACTIONS)


def plan_of(*types: str, **params: dict[str, Any]) -> Plan:
    actions = [{"type": kind, "params": params.get(kind, ACTIONS[kind])} for kind in types]
    checked = validate_document({"name": "t", "trigger": {"event": "case.created"}, "actions": actions})
    assert checked.document is not None, checked.problems
    return plan_version(checked.document)


def started(lane: str = "live", record: dict[str, Any] | None = None) -> Started:
    record = record if record is not None else {"id": "case-1", "name": "Portal", "email": "a@example.com"}
    command = StartRun(
        run_id="11111111-1111-5111-8111-111111111111",
        tenant_id="default",
        automation_id="a",
        version=1,
        lane=lane,  # type: ignore[arg-type]
        cause="event:crm:1",
        order_key="a|case/case-1",
        definitions_offset=0,
        event=TriggerEvent(
            id="1", type="case.created", time=NOW, object="case", record_id=record.get("id"), record=record
        ),
        event_digest="d",
        caused_by=Cause(),
        decided_at=NOW,
    )
    return Started(command=command, at=NOW)


def restarted(run: Run) -> Run:
    """The run as another process finds it in the journal."""
    return read_run(encode(run))


@st.composite
def inputs_for(draw: st.DrawFn, run: Run, step: int) -> Input:
    """Return any input, likely or not: of a step that runs, of one that ended, of one that is unknown."""
    at = NOW + timedelta(seconds=step + 1)
    paths = [one.path for one in run.steps] + ["nowhere"]
    path = draw(st.sampled_from(paths))
    attempt = draw(st.integers(1, MAX_ATTEMPTS + 1))
    kind = draw(st.sampled_from(["success", "success", "failure", "submission"]))
    if kind == "success":
        return EffectSucceeded(path=path, attempt=attempt, answer={"status": 200, "body": {"id": "x"}}, at=at)
    if kind == "failure":
        error = StepError(kind="refused", message="no", retryable=draw(st.booleans()))
        return EffectFailed(path=path, attempt=attempt, error=error, at=at)
    return TaskSubmitted(
        task_id=task_id(run.run_id, path),
        submission_id=draw(st.sampled_from(["s1", "s2", "s3"])),
        output={"approved": draw(st.booleans())},
        submitted_by="ines",
        at=at,
    )


def assert_lawful(before: Run | None, moved: Transition) -> None:
    run, fact = moved.run, moved.fact
    if before is not None:
        done = {step.path: step for step in before.steps if step.status == "completed"}
        assert all(run.step_at(path) == step for path, step in done.items()), "a completed step changed"
        if before.ended:
            assert (run.status, run.steps, run.ended_at) == (before.status, before.steps, before.ended_at)
            assert not moved.effects
        if fact is None:
            assert run == before
        else:
            assert fact.seq == run.seq == before.seq + 1
    under_way = [step for step in run.steps if step.status in ("running", "waiting")]
    if run.ended:
        assert not under_way
        assert run.waiting is None
        assert run.ended_at is not None
    else:
        assert len(under_way) == 1, "a running run has one step under way or waiting"
        assert (run.waiting is not None) == (under_way[0].status == "waiting")
    if run.status == "completed":
        assert all(step.status == "completed" for step in run.steps)


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=6), st.sampled_from(["live", "sandbox"]), st.data())
def test_run_keeps_its_laws_through_any_inputs_and_restarts(types: list[str], lane: str, data: st.DataObject) -> None:
    """Whatever arrives, in whatever order, with a restart after each: the laws hold, and replaying agrees."""
    plan = plan_of(*types)
    first = started(lane)
    moved = start_run(first, plan)
    assert_lawful(None, moved)
    given_inputs: list[Input] = []
    for step in range(data.draw(st.integers(0, 12))):
        given_input = data.draw(inputs_for(moved.run, step))
        before = restarted(moved.run)
        moved = apply_input(before, plan, given_input)
        assert_lawful(before, moved)
        again = apply_input(moved.run, plan, given_input)
        if not isinstance(given_input, TaskSubmitted | EffectFailed):
            assert again.fact is None, "the same input twice changes nothing the second time"
        given_inputs.append(input_decoder.decode(encode(given_input)))
    replayed = start_run(first, plan).run
    for given_input in given_inputs:
        replayed = apply_input(replayed, plan, given_input).run
    assert replayed == moved.run


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=8))
def test_run_whose_effects_succeed_and_tasks_are_completed_completes(types: list[str]) -> None:
    """Every run reaches its end when the world plays along, each effect begun exactly once."""
    plan = plan_of(*types)
    moved = start_run(started(), plan)
    begun: list[str] = []
    for _ in range(len(types) + 1):
        if moved.run.ended:
            break
        if moved.run.waiting is not None and moved.run.waiting.task_id is not None:
            given_input: Input = TaskSubmitted(
                task_id=moved.run.waiting.task_id, submission_id="s", output={}, submitted_by="i", at=NOW
            )
        else:
            [effect] = moved.effects
            assert effects_under_way(moved.run) == (effect,)
            begun.append(effect.path)
            given_input = EffectSucceeded(path=effect.path, attempt=1, answer={"status": 200, "body": {}}, at=NOW)
        moved = apply_input(moved.run, plan, given_input)
    assert moved.run.status == "completed"
    assert len(begun) == len(set(begun)) == sum(kind != "human_task" for kind in types)


@given(st.lists(st.sampled_from(TYPES), min_size=1, max_size=8))
def test_dry_run_opens_no_task(types: list[str]) -> None:
    """In the sandbox nobody is asked: a task takes a sample answer and the run goes on."""
    plan = plan_of(*types)
    moved = start_run(started("sandbox"), plan)
    facts: list[RunAdvanced | None] = [moved.fact]
    while not moved.run.ended:
        [effect] = moved.effects
        moved = apply_input(moved.run, plan, EffectSucceeded(path=effect.path, attempt=1, answer={}, at=NOW))
        facts.append(moved.fact)
    assert moved.run.status == "completed"
    assert not any(fact is not None and (fact.tasks or fact.waiting) for fact in facts)


def test_effect_is_rendered_once_and_sent_unchanged_on_every_attempt() -> None:
    plan = plan_of("call_webhook")
    moved = start_run(started(), plan)
    [first] = moved.effects
    error = StepError(kind="unreachable", message="down", retryable=True)
    for attempt in range(1, MAX_ATTEMPTS):
        moved = apply_input(moved.run, plan, EffectFailed(path=first.path, attempt=attempt, error=error, at=NOW))
        [again] = moved.effects
        assert (again.request, again.key, again.attempt) == (first.request, first.key, attempt + 1)
        assert again.pause_seconds > 0
    moved = apply_input(moved.run, plan, EffectFailed(path=first.path, attempt=MAX_ATTEMPTS, error=error, at=NOW))
    assert moved.run.status == "failed"
    assert not moved.effects


def test_late_success_of_an_earlier_attempt_completes_the_step() -> None:
    plan = plan_of("call_webhook")
    moved = start_run(started(), plan)
    error = StepError(kind="timeout", message="slow", retryable=True)
    moved = apply_input(moved.run, plan, EffectFailed(path="call_webhook", attempt=1, error=error, at=NOW))
    late_failure = EffectFailed(path="call_webhook", attempt=1, error=error, at=NOW)
    assert apply_input(moved.run, plan, late_failure).fact is None
    late = EffectSucceeded(path="call_webhook", attempt=1, answer={"status": 200}, at=NOW)
    assert apply_input(moved.run, plan, late).run.status == "completed"


def test_parameters_that_do_not_fit_fail_the_step_in_words() -> None:
    """An address that turns out empty, or a record without an id, is an error that says what would be right."""
    moved = start_run(started(record={"id": "case-1"}), plan_of("send_email"))
    assert moved.run.status == "failed"
    assert moved.run.error is not None
    assert "to" in moved.run.error.message
    moved = start_run(started(record={"name": "no id"}), plan_of("assign_to_queue"))
    assert moved.run.error is not None
    assert "id" in moved.run.error.message


def test_missing_field_of_a_record_is_noted_on_the_step() -> None:
    moved = start_run(
        started(record={"id": "c"}), plan_of("notify_user", notify_user={"user": "i", "message": "a {{ record.x }}"})
    )
    assert moved.fact is not None
    assert "record.x" in moved.fact.steps[0].notes[0]


def test_secrets_in_headers_are_redacted_in_history_and_kept_in_the_request() -> None:
    params = {
        "url": "https://example.com",
        "headers": {"Authorization": "Bearer s3cret", "X-Api-Key": "k", "X-Team": "a"},
    }
    moved = start_run(started(), plan_of("call_webhook", call_webhook=params))
    assert moved.fact is not None
    shown = encode(moved.fact.steps[0].request).decode()
    assert "s3cret" not in shown
    assert '"X-Team":"a"' in shown
    assert "s3cret" in encode(moved.effects[0].request).decode()


def test_submission_with_the_same_id_twice_is_one_completion() -> None:
    plan = plan_of("human_task")
    moved = start_run(started(), plan)
    waiting = moved.run.waiting
    assert waiting is not None
    submission = TaskSubmitted(task_id=waiting.task_id or "", submission_id="s", output={}, submitted_by="i", at=NOW)
    moved = apply_input(moved.run, plan, submission)
    assert moved.fact is not None
    assert moved.fact.verdict is not None
    assert moved.fact.verdict.accepted
    assert apply_input(moved.run, plan, submission).fact is None
    other = msgspec.structs.replace(submission, submission_id="t")
    refused = apply_input(moved.run, plan, other)
    assert refused.fact is not None
    assert refused.fact.verdict is not None
    assert refused.fact.verdict.reason == "already_completed"
