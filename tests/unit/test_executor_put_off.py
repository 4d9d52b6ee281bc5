"""Calls that were put off: which they are, and what becomes of them when their run ends."""

from typing import Any

from automations.contracts.wire import encode
from executor.active_run import ActiveRun
from executor.engine.inputs import CancelRequested, EffectFailed
from executor.engine.outcomes import timers_of
from executor.engine.transition import apply_input, calls_put_off, take_up
from executor.publication import PublishedUpTo
from tests.support.engine_runs import NOW, EngineRun, plan_of, restarted, started, webhook

MESSAGE: dict[str, Any] = {"id": "tell", "type": "notify_user", "params": {"user": "ines", "message": "Text"}}
TASK: dict[str, Any] = {"id": "ask", "type": "human_task", "params": {"title": "Approve"}}
FIRST = webhook("first", next=["call", "once", "tell", "ask"])


def wide_run() -> EngineRun:
    """Return a run with two calls, a message and a task under way."""
    actions = [FIRST, webhook("call"), webhook("once", at_most_once=True), MESSAGE, TASK]
    moved = EngineRun(
        plan_of(*[action if "next" in action else {**action, "next": None} for action in actions]), started()
    )
    moved.succeed("first")
    return moved


def test_calls_under_way_of_a_run_that_nobody_performed_have_not_gone_out() -> None:
    """A message was handed to notifier, and a task is open: neither is a call."""
    moved = wide_run()
    calls = calls_put_off(restarted(moved.run), moved.plan)
    assert {call.path for call in calls} == {"call", "once"}
    assert {(call.path, encode(call.request), call.attempt) for call in calls} <= {
        (effect.path, encode(effect.request), effect.attempt) for effect in moved.begun
    }


def test_call_that_was_put_off_goes_out_though_it_is_to_be_sent_at_most_once() -> None:
    """After a crash nobody could tell; of a call that was put off it is known that it never left."""
    moved = wide_run()
    assert [given.path for given in take_up(moved.run, moved.plan, NOW).inputs if isinstance(given, EffectFailed)] == [
        "once"
    ]
    assert "once" in {call.path for call in calls_put_off(moved.run, moved.plan)}


def test_call_between_two_attempts_was_not_put_off() -> None:
    moved = EngineRun(plan_of(webhook("call")), started())
    moved.fail("call", retryable=True)
    assert calls_put_off(moved.run, moved.plan) == ()


async def test_run_that_is_cancelled_takes_back_the_calls_that_were_put_off() -> None:
    """The call that is on its way is waited for; the one that never left is not made any more."""
    moved = wide_run()
    active = ActiveRun(moved.run, PublishedUpTo(0), timers_of(moved.run), saved_seq=moved.run.seq)
    active.put_off["call"] = "a:1"
    active.withdraw_calls()
    assert not active.inputs, "a run that goes on keeps them"
    cancelled = apply_input(moved.run, moved.plan, CancelRequested(requested_by="ines", at=NOW))
    active.move(cancelled.run, cancelled.timers, cancelled.effects, inputs=1)
    active.withdraw_calls()
    [given] = [one.input for one in active.next_inputs()]
    assert isinstance(given, EffectFailed)
    assert (given.path, given.error.kind, active.put_off) == ("call", "cancelled", {})
    after = apply_input(cancelled.run, moved.plan, given).run
    assert [step.path for step in after.under_way() if step.status == "running" and step.path != "tell"] == ["once"]
