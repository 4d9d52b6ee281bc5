"""How a run moves: one input in, the new run, the fact about it and the effects to perform out.

The laws, which the tests state as properties:
- applying the same input twice changes nothing the second time;
- a run that has ended never changes its status again;
- a completed step is never begun again; a late success of an earlier attempt completes a step that still
  runs, a late failure of one is ignored;
- every run that is `running` has a step under way or states what it waits for.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec

from automations.contracts.identity import idempotency_key, task_id
from automations.contracts.results import (
    RunAdvanced,
    RunStart,
    StepError,
    StepView,
    TaskView,
    Verdict,
    Waiting,
)
from executor.actions.requests import AskPerson, Request
from executor.engine.inputs import EffectFailed, EffectSucceeded, Input, Started, TaskSubmitted
from executor.engine.plan import Plan, PlannedAction
from executor.engine.request_views import view_request
from executor.engine.run import Run, Step
from executor.engine.step_requests import circumstances_of, render_step

MAX_ATTEMPTS: Final = 4
"""Attempts at one effect, the first included."""
_BACK_OFF_SECONDS: Final = (0.5, 2.0, 8.0)
_LONGEST_PAUSE_SECONDS: Final = 60.0


class Effect(NamedTuple):
    """An effect to perform now, or after a pause."""

    path: str
    attempt: int
    request: Request
    key: str
    pause_seconds: float = 0.0


class Transition(NamedTuple):
    """What one input led to. `fact` is None where the input changed nothing."""

    run: Run
    fact: RunAdvanced | None
    effects: tuple[Effect, ...] = ()


class _Changes:
    """Collects what one transition changes, for its fact."""

    def __init__(self, at: datetime) -> None:
        self.at = at
        self.steps: dict[str, StepView] = {}
        self.tasks: list[TaskView] = []
        self.effects: list[Effect] = []
        self.start: RunStart | None = None
        self.verdict: Verdict | None = None


def start_run(command_input: Started, plan: Plan) -> Transition:
    """Return the run that a command starts, at its first effect, wait or end."""
    command, at = command_input.command, command_input.at
    caused_by = command.caused_by
    run = Run(
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
        started_at=at,
        test=command.test is not None,
    )
    changes = _Changes(at)
    changes.start = RunStart(
        mode=run.mode,
        cause=run.cause,
        event=run.event,
        chain_id=run.chain_id,
        depth=run.depth,
        position=command.position,
    )
    return _finish(_go_on(run, plan, changes), changes)


def apply_input(run: Run, plan: Plan, given: Input) -> Transition:
    """Return the run after one input; what no longer applies changes nothing."""
    match given:
        case EffectSucceeded():
            return _apply_success(run, plan, given)
        case EffectFailed():
            return _apply_failure(run, given)
        case TaskSubmitted():
            return _apply_submission(run, plan, given)
        case Started():
            return Transition(run, None)


def effects_under_way(run: Run) -> tuple[Effect, ...]:
    """Return the effects that were begun and not ended, for the process that takes the run over."""
    if run.ended:
        return ()
    return tuple(
        Effect(step.path, step.attempts, step.request, idempotency_key(run.run_id, step.path))
        for step in run.steps
        if step.status == "running" and step.request is not None
    )


def _apply_success(run: Run, plan: Plan, given: EffectSucceeded) -> Transition:
    step = run.step_at(given.path)
    if run.ended or step is None or step.status != "running" or step.request is None:
        return Transition(run, None)
    changes = _Changes(given.at)
    action = _action_of(plan, step)
    circumstances = circumstances_of(run, step.path, step.started_at)
    output = action.performer.read(step.request, given.answer, circumstances)
    run = _complete_step(run, step, output, changes)
    return _finish(_go_on(run, plan, changes), changes)


def _apply_failure(run: Run, given: EffectFailed) -> Transition:
    step = run.step_at(given.path)
    if run.ended or step is None or step.status != "running" or given.attempt < step.attempts:
        return Transition(run, None)
    changes = _Changes(given.at)
    if given.error.retryable and step.attempts < MAX_ATTEMPTS and step.request is not None:
        again = msgspec.structs.replace(step, attempts=step.attempts + 1, error=given.error)
        run = _replace_step(run, again)
        pause = min(given.retry_after_seconds or _BACK_OFF_SECONDS[step.attempts - 1], _LONGEST_PAUSE_SECONDS)
        key = idempotency_key(run.run_id, step.path)
        changes.effects.append(Effect(step.path, again.attempts, step.request, key, pause))
        changes.steps[step.path] = _view(again, error=given.error)
        return _finish(run, changes)
    return _finish(_fail(run, step, given.error, changes), changes)


def _apply_submission(run: Run, plan: Plan, given: TaskSubmitted) -> Transition:
    step = next((step for step in run.steps if step.task_id == given.task_id), None)
    if step is not None and step.submission_id == given.submission_id:
        return Transition(run, None)
    changes = _Changes(given.at)
    reason = _reason_to_refuse(run, step)
    changes.verdict = Verdict(
        submission_id=given.submission_id, task_id=given.task_id, accepted=reason is None, reason=reason
    )
    if step is None or reason is not None:
        return _finish(run, changes)
    changes.tasks.append(TaskView(task_id=given.task_id, path=step.path, status="completed"))
    step = msgspec.structs.replace(step, submission_id=given.submission_id)
    run = msgspec.structs.replace(run, waiting=None)
    run = _complete_step(run, step, given.output, changes)
    return _finish(_go_on(run, plan, changes), changes)


def _reason_to_refuse(run: Run, step: Step | None) -> str | None:
    if step is None:
        return "unknown_task"
    if step.status == "completed":
        return "already_completed"
    if run.ended or step.status != "waiting":
        return "withdrawn"
    return None


def _go_on(run: Run, plan: Plan, changes: _Changes) -> Run:
    """Begin the next action; go on where it ends at once (a dry task), stop at an effect, a wait or the end."""
    while not run.ended:
        if len(run.steps) == len(plan.actions):
            return msgspec.structs.replace(run, status="completed", ended_at=changes.at)
        run, under_way = _begin(run, plan.actions[len(run.steps)], changes)
        if under_way:
            break
    return run


def _begin(run: Run, action: PlannedAction, changes: _Changes) -> tuple[Run, bool]:
    """Return the run with the action's step begun, and whether that step is now under way."""
    path, at = action.id, changes.at
    rendered = render_step(run, action, path, at)
    step = Step(
        path=path,
        id=action.id,
        type=action.type.type,
        name=action.name,
        status="running",
        started_at=at,
        params=rendered.params,
        request=rendered.request,
    )
    notes = tuple(f"the record has no {name}" for name in rendered.missing)
    changes.steps[path] = _view(
        step,
        name=action.name,
        input=rendered.params,
        request=None if rendered.request is None else view_request(rendered.request),
        notes=notes,
        started_at=at,
    )
    run = msgspec.structs.replace(run, steps=(*run.steps, step))
    if rendered.error is not None or rendered.request is None:
        error = rendered.error or StepError(kind="invalid", message="the step asks for nothing")
        return _fail(run, step, error, changes), False
    if isinstance(rendered.request, AskPerson):
        return _ask(run, step, rendered.request, action, changes)
    changes.effects.append(Effect(path, 1, rendered.request, idempotency_key(run.run_id, path)))
    return run, True


def _ask(run: Run, step: Step, asked: AskPerson, action: PlannedAction, changes: _Changes) -> tuple[Run, bool]:
    """Open the task and wait; in a dry run nobody is asked, and a sample answer is taken."""
    if run.dry_run:
        answer = action.performer.simulate(asked, circumstances_of(run, step.path, changes.at))
        return _complete_step(run, step, dict(answer), changes), False
    task = task_id(run.run_id, step.path)
    step = msgspec.structs.replace(step, status="waiting", task_id=task)
    changes.tasks.append(
        TaskView(
            task_id=task,
            path=step.path,
            status="open",
            title=asked.title,
            instructions=asked.instructions,
            assignee=asked.assignee,
            groups=asked.groups,
            form=asked.form,
            due_at=asked.due_at,
            opened_at=changes.at,
        )
    )
    changes.steps[step.path] = msgspec.structs.replace(changes.steps[step.path], status="waiting")
    waiting = Waiting(for_="task", path=step.path, since=changes.at, task_id=task, due_at=asked.due_at)
    return msgspec.structs.replace(_replace_step(run, step), waiting=waiting), True


def _complete_step(run: Run, step: Step, output: Any, changes: _Changes) -> Run:
    done = msgspec.structs.replace(step, status="completed", output=output, error=None, ended_at=changes.at)
    _note(changes, done, output=output, ended_at=changes.at)
    return _replace_step(run, done)


def _fail(run: Run, step: Step, error: StepError, changes: _Changes) -> Run:
    """End the step and the run: no further step begins."""
    failed = msgspec.structs.replace(step, status="failed", error=error, ended_at=changes.at)
    _note(changes, failed, error=error, ended_at=changes.at)
    run = _replace_step(run, failed)
    return msgspec.structs.replace(run, status="failed", error=error, ended_at=changes.at, waiting=None)


def _note(changes: _Changes, step: Step, **changed: Any) -> None:
    """Add what changed of a step to the fact, on top of what this transition already says of it."""
    seen = changes.steps.get(step.path)
    if seen is None:
        changes.steps[step.path] = _view(step, **changed)
    else:
        changes.steps[step.path] = msgspec.structs.replace(seen, status=step.status, attempts=step.attempts, **changed)


def _view(step: Step, **changed: Any) -> StepView:
    return StepView(path=step.path, id=step.id, type=step.type, status=step.status, attempts=step.attempts, **changed)


def _replace_step(run: Run, step: Step) -> Run:
    steps: Sequence[Step] = run.steps
    return msgspec.structs.replace(run, steps=tuple(step if other.path == step.path else other for other in steps))


def _action_of(plan: Plan, step: Step) -> PlannedAction:
    return next(action for action in plan.actions if action.id == step.id)


def _finish(run: Run, changes: _Changes) -> Transition:
    run = msgspec.structs.replace(run, seq=run.seq + 1)
    fact = RunAdvanced(
        tenant_id=run.tenant_id,
        run_id=run.run_id,
        automation_id=run.automation_id,
        version=run.version,
        lane=run.lane,
        order_key=run.order_key,
        seq=run.seq,
        at=changes.at,
        started_at=run.started_at,
        status=run.status,
        start=changes.start,
        steps=tuple(changes.steps.values()),
        waiting=run.waiting,
        tasks=tuple(changes.tasks),
        verdict=changes.verdict,
        error=run.error,
        ended_at=run.ended_at,
        test=run.test,
    )
    return Transition(run, fact, tuple(changes.effects))
