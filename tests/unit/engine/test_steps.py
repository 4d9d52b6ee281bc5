"""Single steps: what is asked, how it is tried again, what is told of it."""

from datetime import datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.commands import CopiedStep, Rerun
from automations.contracts.wire import encode
from automations.definition import ACTION_TYPES
from automations.definition.document import RetryPolicy
from executor.actions import PERFORMERS
from executor.actions.requests import AskPerson, WebhookCall
from executor.engine.inputs import EffectFailed, TaskSubmitted
from executor.engine.retries import LONGEST_ASKED_SECONDS, Retries, decide_retry, pause_seconds
from executor.engine.transition import take_up
from tests.support.engine_runs import NOW, RUN_ID, EngineRun, error_of, plan_of, started, webhook

TASK: dict[str, Any] = {"id": "ask", "type": "human_task", "params": {"title": "Approve {{ record.name }}"}}


def test_every_type_of_action_has_an_effect_or_steers() -> None:
    assert set(ACTION_TYPES) - set(PERFORMERS) == {"branch", "delay", "for_each", "set", "stop"}


def test_effect_is_rendered_once_and_sent_unchanged_on_every_attempt() -> None:
    moved = EngineRun(plan_of(webhook("call")), started())
    [first] = moved.begun
    for attempt in range(1, 4):
        moved.fail("call", retryable=True)
        [timer] = moved.timers
        assert not moved.in_flight, "between attempts nothing is in flight"
        moved.fire(timer.key)
        again = moved.begun[-1]
        assert (again.request, again.key, again.attempt) == (first.request, first.key, attempt + 1)
    moved.fail("call", retryable=True)
    assert moved.run.status == "failed"
    assert len(moved.begun) == 4


def test_late_success_of_an_earlier_attempt_completes_the_step() -> None:
    moved = EngineRun(plan_of(webhook("call")), started())
    moved.fail("call", retryable=True)
    assert moved.fail("call", retryable=True, attempt=1).fact is None, "a late failure changes nothing"
    assert moved.succeed("call", attempt=1).run.status == "completed"


def test_error_that_no_attempt_can_mend_fails_the_step_at_once() -> None:
    moved = EngineRun(plan_of(webhook("call")), started())
    moved.fail("call")
    assert moved.run.status == "failed"
    assert len(moved.begun) == 1


@given(st.floats(0, 100), st.floats(1, 10), st.floats(0, 1_000), st.integers(1, 99), st.text(max_size=20))
def test_pause_is_between_half_and_all_of_what_the_policy_says(
    first: float, factor: float, longest: float, attempts: int, key: str
) -> None:
    """Pauses grow up to a limit, are scattered, and are the same whenever they are reckoned."""
    policy = Retries(100, first, factor, longest, None)
    pause = pause_seconds(policy, key, attempts)
    whole = min(first * factor ** (attempts - 1), longest)
    assert whole / 2 <= pause + 1e-9
    assert pause <= whole + 1e-9
    assert pause == pause_seconds(policy, key, attempts)


def test_pauses_of_many_runs_are_scattered() -> None:
    policy = Retries.of(RetryPolicy())
    pauses = sorted(pause_seconds(policy, f"run-{number}:call", 1) for number in range(1_000))
    assert pauses[100] < 0.3 < 0.45 < pauses[900]


def moment(**changes: Any) -> datetime | None:
    policy = Retries.of(RetryPolicy.model_validate({"max_attempts": 3, **changes.pop("retry", {})}))
    known: dict[str, Any] = {"key": "k", "attempts": 1, "begun_at": NOW, "now": NOW}
    return decide_retry(policy, **{**known, **changes})


def test_attempts_end_with_their_number_their_time_and_the_steps_own() -> None:
    assert moment() is not None
    assert moment(attempts=3) is None
    assert moment(retry={"within": "10s"}, now=NOW + timedelta(seconds=11)) is None
    assert moment(retry={"within": "10s"}) is not None
    assert moment(not_after=NOW + timedelta(seconds=0.1)) is None


def test_other_side_may_ask_for_a_longer_pause_up_to_an_hour() -> None:
    assert moment(asked_seconds=120.0) == NOW + timedelta(seconds=120)
    assert moment(asked_seconds=1e9) == NOW + timedelta(seconds=LONGEST_ASKED_SECONDS)
    soon = moment(asked_seconds=0.0)
    assert soon is not None
    assert soon > NOW
    assert moment(asked_seconds=120.0, retry={"within": "60s"}) is None


def test_effect_that_is_sent_at_most_once_is_unknown_after_a_crash() -> None:
    """Nobody can tell whether it was done: the step fails as such; a message is left to notifier, which knows."""
    moved = EngineRun(plan_of(webhook("call", at_most_once=True)), started())
    assert moved.begun[0].at_most_once
    taken = take_up(moved.run, moved.plan, NOW)
    assert not taken.effects
    [given_input] = taken.inputs
    assert isinstance(given_input, EffectFailed)
    moved.give(given_input)
    assert moved.run.error is not None
    assert moved.run.error.kind == "unknown"
    message = {"id": "tell", "type": "notify_user", "params": {"user": "i", "message": "m"}, "at_most_once": True}
    moved = EngineRun(plan_of(message), started())
    assert [effect.path for effect in take_up(moved.run, moved.plan, NOW).effects] == ["tell"]


def test_effect_that_is_sent_at_most_once_may_wait_for_its_next_attempt_through_a_crash() -> None:
    moved = EngineRun(plan_of(webhook("call", at_most_once=True)), started())
    moved.fail("call", retryable=True)
    taken = take_up(moved.run, moved.plan, NOW)
    assert not taken.effects
    assert not taken.inputs
    assert moved.timers


def test_parameters_that_do_not_fit_fail_the_step_in_words() -> None:
    """An address that turns out empty, or a record without an id, is an error that says what would be right."""
    mail = {"type": "send_email", "params": {"to": "{{ record.email }}", "subject": "Hello"}}
    moved = EngineRun(plan_of(mail), started(record={"id": "case-1"}))
    assert moved.run.error is not None
    assert "to" in moved.run.error.message
    queue = {"type": "assign_to_queue", "params": {"queue_id": "tier-2"}}
    moved = EngineRun(plan_of(queue), started(record={"name": "no id"}))
    assert moved.run.error is not None
    assert "id" in moved.run.error.message


def test_missing_field_of_a_record_is_noted_on_the_step() -> None:
    note = {"type": "notify_user", "params": {"user": "i", "message": "a {{ record.x }}"}}
    moved = EngineRun(plan_of(note), started(record={"id": "c"}))
    assert "record.x" in moved.facts[0].steps[0].notes[0]


def test_secrets_in_headers_are_redacted_in_history_and_kept_in_the_request() -> None:
    headers = {"Authorization": "Bearer s3cret", "X-Api-Key": "k", "X-Team": "a"}
    moved = EngineRun(plan_of(webhook("call", params={"url": "https://example.com", "headers": headers})), started())
    shown = encode(moved.facts[0].steps[0].request).decode()
    assert "s3cret" not in shown
    assert '"X-Team":"a"' in shown
    assert "s3cret" in encode(moved.begun[0].request).decode()


def test_submission_with_the_same_id_twice_is_one_completion() -> None:
    moved = EngineRun(plan_of(TASK), started())
    moved.submit("ask", submission="s")
    verdict = moved.facts[-1].verdict
    assert verdict is not None
    assert verdict.accepted
    first = moved.inputs[-1]
    assert isinstance(first, TaskSubmitted)
    assert moved.give(first).fact is None
    refused = moved.give(msgspec.structs.replace(first, submission_id="t"))
    assert refused.fact is not None
    assert refused.fact.verdict is not None
    assert refused.fact.verdict.reason == "already_completed"


def test_completion_of_a_task_in_an_item_that_has_ended_is_still_judged() -> None:
    each = {"id": "each", "type": "for_each", "items": [1, 2], "actions": [TASK]}
    moved = EngineRun(plan_of(each), started())
    moved.submit("each[0].ask", submission="s")
    first = moved.inputs[-1]
    assert isinstance(first, TaskSubmitted)
    assert moved.give(first).fact is None
    refused = moved.give(msgspec.structs.replace(first, submission_id="t"))
    assert refused.fact is not None
    assert refused.fact.verdict is not None
    assert refused.fact.verdict.reason == "already_completed"


def test_task_tells_when_it_is_due_and_how_urgent_it_is() -> None:
    params = {"title": "Approve", "due": "2d", "priority": "high"}
    moved = EngineRun(plan_of({**TASK, "params": params, "timeout": "3d"}), started())
    [task] = moved.facts[0].tasks
    assert (task.due_at, task.priority) == (NOW + timedelta(days=2), "high")
    waiting = moved.facts[0].waiting
    assert waiting is not None
    assert waiting.due_at == task.due_at
    [timer] = moved.timers
    assert timer.due_at == NOW + timedelta(days=3)
    assert isinstance(moved.run.steps[0].request, AskPerson)


def test_delay_until_a_time_that_is_past_is_no_wait() -> None:
    late = {"id": "wait", "type": "delay", "params": {"until": "{{ record.renewal }}"}}
    moved = EngineRun(plan_of(late), started(record={"id": "c", "renewal": "2020-01-01"}))
    assert moved.run.status == "completed"
    moved = EngineRun(plan_of(late), started(record={"id": "c", "renewal": "2026-03-02T09:30:00Z"}))
    assert moved.facts[-1].waiting is not None
    assert moved.facts[-1].waiting.for_ == "time"
    assert moved.timers[0].due_at == NOW + timedelta(days=1)
    moved.fire("delay:wait")
    assert moved.history["wait"].output == {"until": "2026-03-02T09:30:00Z"}


def test_run_with_a_step_in_flight_states_no_wait_until_all_that_is_left_waits() -> None:
    moved = EngineRun(plan_of(webhook("a", next=["b", "ask"]), webhook("b", next=None), TASK), started())
    moved.succeed("a")
    assert moved.facts[-1].waiting is None
    assert not moved.run.parked
    moved.succeed("b")
    assert moved.facts[-1].waiting is not None
    assert moved.run.parked


def rerun_of(plan: Any, step: str | None, *steps: CopiedStep) -> EngineRun:
    return EngineRun(plan, started(rerun=Rerun(run_id=RUN_ID, step=step, steps=steps)))


def test_rerun_from_a_step_performs_nothing_of_what_came_before() -> None:
    """Results before the step are taken over with named values; it and what follows begin anew."""
    keep = {"id": "keep", "type": "set", "params": {"values": {"n": "{{ steps.a.output.status }}"}}}
    last = webhook("c", params={"url": "https://example.com", "body": "{{ vars.n }} {{ steps.a.output.status }}"})
    plan = plan_of(webhook("a"), keep, webhook("b"), last)
    copied = (
        CopiedStep(id="a", status="completed", output={"status": 201}),
        CopiedStep(id="keep", status="completed", output={"values": {"n": 201}}),
        CopiedStep(id="b", status="failed", error=error_of()),
        CopiedStep(id="c", status="completed", output={}),
    )
    moved = rerun_of(plan, "b", *copied)
    assert [effect.path for effect in moved.begun] == ["b"]
    assert "taken over" in moved.history["a"].notes[0]
    moved.succeed("b")
    assert moved.begun[-1].request.body == "201 201"  # type: ignore[union-attr]
    moved.succeed("c")
    assert moved.run.status == "completed"
    assert moved.replayed() == moved.run


def test_rerun_from_the_start_copies_nothing() -> None:
    moved = rerun_of(plan_of(webhook("a")), None, CopiedStep(id="a", status="completed", output={}))
    assert [effect.path for effect in moved.begun] == ["a"]


def test_rerun_keeps_the_ways_that_were_taken() -> None:
    """A branch, a failure that was led away and a skipped step lead on as they did."""
    branch = {"id": "way", "type": "branch", "branches": [{"when": {"vip": True}, "next": "a"}], "otherwise": "b"}
    plan = plan_of(
        branch, webhook("a", next="c"), webhook("b", on_error={"next": "c"}, next=None), webhook("c"), webhook("d")
    )
    copied = (
        CopiedStep(id="way", status="completed", output={"entry": None, "next": "b"}),
        CopiedStep(id="b", status="failed", error=error_of()),
        CopiedStep(id="c", status="completed", output={}),
    )
    moved = rerun_of(plan, "d", *copied)
    assert [effect.path for effect in moved.begun] == ["d"]
    assert moved.statuses()["a"] == "not_reached"


def test_rerun_from_a_step_that_the_version_does_not_have_is_refused() -> None:
    with pytest.raises(ValueError, match="nowhere"):
        rerun_of(plan_of(webhook("a")), "nowhere")


def test_cancelled_run_does_not_wait_for_notifier() -> None:
    from executor.engine.inputs import CancelRequested

    note = {"id": "tell", "type": "notify_user", "params": {"user": "i", "message": "m"}}
    moved = EngineRun(plan_of(note), started())
    moved.give(CancelRequested(requested_by="ines", reason="enough", at=moved.at()))
    assert moved.run.status == "cancelled"
    assert moved.statuses() == {"tell": "cancelled"}
    assert moved.run.error is not None
    assert "ines" in moved.run.error.message


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ event.type }}", "case.created"),
        ('{{ ["event"].type }}', "case.created"),
        ("{% if event.object == 'case' %}a case{% endif %}", "a case"),
        ("{{ steps.first.status }}", "completed"),
        ("{{ steps['first'].output.status }}", 200),
        ("{{ record.name }}", "Portal"),
    ],
)
def test_step_is_given_what_its_texts_name(text: str, value: object) -> None:
    second = webhook("second")
    second["params"]["body"] = {"inner": [text]}
    moved = EngineRun(plan_of(webhook("first"), second), started())
    moved.succeed("first")
    assert moved.begun[-1].request == WebhookCall(
        method="POST", url="https://example.com/hook", body={"inner": [value]}
    )


@pytest.mark.parametrize("when", [{"event.type": "case.created"}, {"any": [{"steps.first.status": "completed"}]}])
def test_step_is_given_what_its_conditions_name(when: dict[str, Any]) -> None:
    moved = EngineRun(plan_of(webhook("first"), webhook("second", when=when)), started())
    moved.succeed("first")
    assert [effect.path for effect in moved.begun] == ["first", "second"]
