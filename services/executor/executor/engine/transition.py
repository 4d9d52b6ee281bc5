"""How a run moves: one input in; the new run, the fact about it, effects and times out.

The laws, which the tests state as properties:
- applying the same input twice changes nothing the second time;
- a run that has ended never changes its status again;
- a step begins once; a completed step is never begun again;
- a late success of an earlier attempt completes a step that still runs, a late failure of one is ignored;
- every run that is `running` has a step in flight, a next attempt with its time, or states what it waits for;
- the state is all there is: a run that went through bytes and back goes on in the same way, and replaying the
  inputs gives the same state.
"""

from datetime import datetime
from typing import Final, NamedTuple

from automations.contracts.commands import Rerun
from automations.contracts.limits import TOO_LARGE
from automations.contracts.results import RunStart, TaskView, Verdict
from automations.contracts.step_errors import StepError
from executor.actions.requests import AskPerson, CrmCall, Notify, WebhookCall
from executor.engine.beginnings import delay_output, keep_values
from executor.engine.endings import TIMED_OUT, complete_step, end_run, fail_step, withdraw
from executor.engine.inputs import (
    CancelRequested,
    EffectFailed,
    EffectSucceeded,
    Input,
    Started,
    TaskSubmitted,
    TimerFired,
    TurnGranted,
)
from executor.engine.items import time_out_loop
from executor.engine.outcomes import RUN_TIMER, Effect, Transition, effect_of, timers_of
from executor.engine.plan import Plan, descendants_of
from executor.engine.progress import Progress
from executor.engine.retries import decide_retry
from executor.engine.run import Run, Step, prefix_of
from executor.engine.states import StepEvent, next_step_state
from executor.engine.step_requests import circumstances_of
from executor.engine.walk import go_on

_COPIES: Final[dict[str, StepEvent]] = {
    "completed": "copy_completed",
    "failed": "copy_failed",
    "skipped": "copy_skipped",
}


class TakenUp(NamedTuple):
    """What to do first with a run that another process performed until it was gone."""

    effects: tuple[Effect, ...]
    """To be performed again, with the same keys and bytes."""
    inputs: tuple[Input, ...]
    """What is known of the others."""


def run_before(given: Started) -> Run:
    """Return the run that a command starts, before anything of it has happened."""
    command = given.command
    caused_by = command.caused_by
    return Run(
        run_id=command.run_id,
        tenant_id=command.tenant_id,
        automation_id=command.automation_id,
        version=command.version,
        lane=command.lane,
        order_key=command.order_key,
        cause=command.cause,
        event=command.event,
        chain_id=caused_by.chain_id or command.run_id,
        depth=caused_by.depth,
        started_at=given.at,
        state="running" if given.turn_free else "queued",
        test=command.test is not None,
    )


def start_run(given: Started, plan: Plan) -> Transition:
    """Return the run that a command starts: at its first effects, waits or end, or queued for its turn.

    Raises:
        ValueError: the step that it is to begin at is not in the version.
    """
    command, run = given.command, run_before(given)
    progress = Progress(run, plan, given.at)
    progress.start = RunStart(
        mode=run.mode,
        cause=run.cause,
        event=run.event,
        chain_id=run.chain_id,
        depth=run.depth,
        position=command.position,
    )
    if plan.graph is not None and command.rerun is not None:
        _copy_results(progress, command.rerun)
    if given.turn_free:
        _begin(progress)
        go_on(progress)
    return progress.finish()


def apply_input(run: Run, plan: Plan, given: Input) -> Transition:
    """Return the run after one input; what no longer applies changes nothing."""
    progress = Progress(run, plan, given.at)
    match given:
        case EffectSucceeded():
            changed = _apply_success(progress, given)
        case EffectFailed():
            changed = _apply_failure(progress, given)
        case TaskSubmitted():
            changed = _apply_submission(progress, given)
        case TimerFired():
            changed = _apply_timer(progress, given)
        case CancelRequested():
            changed = _apply_cancellation(progress, given)
        case TurnGranted():
            changed = _apply_turn(progress)
        case Started():
            changed = False
    if not changed:
        return Transition(run, None, (), timers_of(run))
    go_on(progress)
    return progress.finish()


def take_up(run: Run, plan: Plan, at: datetime) -> TakenUp:
    """Return what to do first with a run that was in flight when its process was gone.

    An effect that asked to be sent at most once is not sent again: nobody can tell whether it was. A message for
    people is handed to notifier again all the same, because notifier knows what it has sent.
    """
    effects: list[Effect] = []
    inputs: list[Input] = []
    for step in () if run.ended else run.steps:
        if step.status != "running" or step.request is None or step.wake_at is not None:
            continue
        action = plan.at(step.path)
        if action.at_most_once and not isinstance(step.request, Notify):
            error = unknown_outcome("the process ended while the effect was on its way")
            inputs.append(EffectFailed(path=step.path, attempt=step.attempts, error=error, at=at))
        else:
            effects.append(effect_of(run.run_id, step, action.type, action.at_most_once))
    return TakenUp(tuple(effects), tuple(inputs))


def calls_put_off(run: Run, plan: Plan) -> tuple[Effect, ...]:
    """Return the calls under way of a run that nobody performed: none of them has begun, they waited for a place."""
    return (
        ()
        if run.ended
        else tuple(
            effect_of(run.run_id, step, (action := plan.at(step.path)).type, action.at_most_once)
            for step in run.steps
            if step.status == "running" and isinstance(step.request, CrmCall | WebhookCall) and step.wake_at is None
        )
    )


def unknown_outcome(why: str) -> StepError:
    """Return the error of an effect that may or may not have happened, and must not be sent twice."""
    return StepError(kind="unknown", message=f"nobody can tell whether it was done: {why}; it is not sent again")


def _begin(progress: Progress) -> None:
    """Have the first step begin, or those that follow on copied results; the time for the run counts from here."""
    plan = progress.plan
    if plan.timeout is not None and not progress.run.dry_run:
        progress.timeout_at = progress.at + plan.timeout
    for path in progress.steps:
        progress.settle(path)
    if plan.graph is not None and plan.graph.start not in progress.steps:
        progress.ready.append(plan.graph.start)


def _copy_results(progress: Progress, rerun: Rerun) -> None:
    """Take over what the first run came to before the step that is run again."""
    plan = progress.plan
    if rerun.step is None:
        return
    if rerun.step not in plan.actions:
        raise ValueError(f'the version has no action "{rerun.step}" to begin at')
    anew = descendants_of(plan, rerun.step)
    for copied in rerun.steps:
        action = plan.actions.get(copied.id)
        if action is None or copied.id in anew or copied.id in progress.steps:
            continue
        status = next_step_state("pending", _COPIES[copied.status])
        step = Step(path=copied.id, status=status, started_at=progress.at, output=copied.output, error=copied.error)
        progress.steps[copied.id] = step
        notes = (f"taken over from the run {rerun.run_id}",)
        progress.hold("what was taken over", copied.output)
        told = {"output": copied.output, "error": copied.error, "notes": notes}
        progress.note(copied.id, status, name=action.name, **told)
        if action.type == "set" and status == "completed":
            keep_values(progress, "", copied.output["values"])


def _apply_turn(progress: Progress) -> bool:
    if progress.state != "queued":
        return False
    progress.move_run("grant")
    _begin(progress)
    return True


def _apply_success(progress: Progress, given: EffectSucceeded) -> bool:
    step = _step_in_flight(progress, given.path)
    if step is None or step.request is None:
        return False
    performer = progress.plan.at(step.path).performer
    assert performer is not None
    circumstances = circumstances_of(progress.run, step.path, step.started_at)
    complete_step(progress, step, performer.read(step.request, given.answer, circumstances))
    return True


def _apply_failure(progress: Progress, given: EffectFailed) -> bool:
    step = _step_in_flight(progress, given.path)
    if step is None or step.request is None or given.attempt != step.attempts or step.wake_at is not None:
        return False
    moment = None
    if given.error.retryable and not progress.is_closed(prefix_of(step.path)):
        moment = decide_retry(
            progress.plan.at(step.path).retries,
            key=circumstances_of(progress.run, step.path, given.at).key,
            attempts=step.attempts,
            begun_at=step.started_at,
            now=given.at,
            asked_seconds=given.retry_after_seconds,
            not_after=step.timeout_at,
        )
    if moment is None:
        fail_step(progress, step, given.error)
        return True
    again = progress.move_step(step, "try_again", attempts=step.attempts + 1, wake_at=moment)
    progress.note(step.path, again.status, again.attempts, error=given.error, next_attempt_at=moment)
    return True


def _apply_submission(progress: Progress, given: TaskSubmitted) -> bool:
    step = next((step for step in progress.steps.values() if step.task_id == given.task_id), None)
    accepted_before = progress.closed_tasks.get(given.task_id) if step is None else step.submission_id
    if accepted_before == given.submission_id:
        return False
    reason = _reason_to_refuse(progress, step, given.task_id)
    if reason is None and progress.hold("the answer", given.output) is not None:
        reason = TOO_LARGE
    progress.verdict = Verdict(
        submission_id=given.submission_id, task_id=given.task_id, accepted=reason is None, reason=reason
    )
    if step is not None and reason is None:
        progress.tasks.append(TaskView(task_id=given.task_id, path=step.path, status="completed"))
        performer = progress.plan.at(step.path).performer
        assert performer is not None
        assert step.request is not None
        circumstances = circumstances_of(progress.run, step.path, step.started_at)
        output = performer.read(step.request, given.output, circumstances)
        complete_step(progress, step, output, held=True, submission_id=given.submission_id)
    return True


def _reason_to_refuse(progress: Progress, step: Step | None, task: str) -> str | None:
    if step is None:
        if task not in progress.closed_tasks:
            return "unknown_task"
        return "already_completed" if progress.closed_tasks[task] else "withdrawn"
    if step.status == "completed":
        return "already_completed"
    if step.status != "waiting":
        return "timed_out" if step.error is not None and step.error.kind == TIMED_OUT else "withdrawn"
    return None


def _apply_timer(progress: Progress, given: TimerFired) -> bool:
    if given.key == RUN_TIMER:
        return _time_out_run(progress)
    kind, _, path = given.key.partition(":")
    step = progress.steps.get(path)
    if step is None or not step.under_way or progress.ended_at is not None:
        return False
    if kind == "timeout":
        return _time_out_step(progress, step)
    if step.wake_at is None:
        return False
    if kind == "delay" and step.status == "waiting":
        complete_step(progress, step, delay_output(step.wake_at))
        return True
    if kind == f"attempt-{step.attempts}":
        step = progress.change_step(step, wake_at=None)
        progress.note(path, step.status, step.attempts)
        progress.perform(step, progress.plan.at(path))
        return True
    return False


def _time_out_run(progress: Progress) -> bool:
    if progress.state != "running" or progress.timeout_at is None:
        return False
    error = StepError(kind=TIMED_OUT, message="the run took longer than its automation's `timeout`")
    end_run(progress, "time_out", error)
    return True


def _time_out_step(progress: Progress, step: Step) -> bool:
    if step.timeout_at is None:
        return False
    error = StepError(kind=TIMED_OUT, message="the step took longer than its `timeout`")
    if step.loop is not None:
        time_out_loop(progress, step, error)
        return True
    in_flight = step.status == "running" and step.request is not None and step.wake_at is None
    if step.task_id is not None:
        progress.tasks.append(TaskView(task_id=step.task_id, path=step.path, status="withdrawn"))
    if in_flight and progress.plan.at(step.path).at_most_once:
        error = unknown_outcome("the step's time was up before an answer came")
    fail_step(progress, step, error)
    return True


def _apply_cancellation(progress: Progress, given: CancelRequested) -> bool:
    """Cancel the run; a message that notifier was asked to send is not waited for."""
    if progress.state not in ("queued", "running"):
        return False
    said = f": {given.reason}" if given.reason else ""
    end_run(progress, "cancel", StepError(kind="cancelled", message=f"cancelled by {given.requested_by}{said}"))
    for step in list(progress.under_way()):
        if isinstance(step.request, Notify):
            withdraw(progress, step)
    return True


def _step_in_flight(progress: Progress, path: str) -> Step | None:
    """Return the step whose effect an answer is about, if it still matters."""
    step = progress.steps.get(path)
    if step is None or step.status != "running" or isinstance(step.request, AskPerson):
        return None
    return None if progress.ended_at is not None else step
