"""How a step begins: by its type. What steers the run ends at once or waits; an effect is handed out."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from automations.contracts.identity import task_id
from automations.contracts.results import OMITTED, TaskView
from automations.contracts.step_errors import StepError
from automations.definition.actions.delay import DelayParams
from automations.definition.actions.set import SetParams
from automations.definition.actions.stop import StopParams
from automations.paths import Scope
from executor.actions.requests import AskPerson
from executor.engine.endings import complete_step, end_run, fail_step
from executor.engine.items import begin_items
from executor.engine.plan import PlannedAction
from executor.engine.progress import Progress
from executor.engine.request_views import view_request
from executor.engine.run import Loop, Step, prefix_of
from executor.engine.states import next_step_state
from executor.engine.step_requests import (
    CannotBegin,
    FilledIn,
    circumstances_of,
    fill_in,
    notes_of,
    render_items,
    render_request,
)

Begin = Callable[[Progress, PlannedAction, Step, Scope | None], None]


def begin_step(progress: Progress, path: str) -> None:
    """Begin the step at a path that a live edge leads to, or skip it where its own conditions do not hold."""
    action = progress.plan.at(path)
    scope = None
    if action.when is not None or action.ready_params is None or action.type in _NEED_SCOPE:
        scope = progress.scope(prefix_of(path), action)
    at = progress.at
    if action.when is not None and scope is not None and not action.when(scope):
        status = next_step_state("pending", "skip")
        progress.steps[path] = Step(path=path, status=status, started_at=at)
        progress.note(path, status, name=action.name, reason="when_false", started_at=at, ended_at=at)
        progress.settle(path)
        return
    step = Step(
        path=path,
        status=next_step_state("pending", "begin"),
        started_at=at,
        timeout_at=None if action.timeout is None or progress.run.dry_run else at + action.timeout,
    )
    progress.steps[path] = step
    progress.note(path, step.status, 1, name=action.name, started_at=at)
    try:
        _BEGIN.get(action.type, _begin_effect)(progress, action, step, scope)
    except CannotBegin as refusal:
        told = {"input": dict(refusal.params), "notes": notes_of(refusal.missing)}
        fail_step(progress, step, refusal.error, **told)


def _begin_effect(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    filled = fill_in(action, scope)
    request = render_request(action, filled, circumstances_of(progress.run, step.path, progress.at))
    _hold(progress, "what the step asks for", request)
    shown, notes = view_request(request), notes_of(filled.missing)
    progress.note(step.path, step.status, 1, input=filled.shown, notes=notes, request=shown)
    progress.perform(progress.change_step(step, request=request), action)


def _ask(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    """Open a task and wait; in a dry run nobody is asked, and a sample answer is taken."""
    filled = _filled_in(progress, action, step, scope)
    circumstances = circumstances_of(progress.run, step.path, progress.at)
    asked = render_request(action, filled, circumstances)
    _hold(progress, "what the step asks for", asked)
    assert isinstance(asked, AskPerson)
    assert action.performer is not None
    progress.note(step.path, step.status, 1, request=view_request(asked))
    if progress.run.dry_run:
        complete_step(progress, step, dict(action.performer.simulate(asked, circumstances)))
        return
    task = task_id(progress.run.run_id, step.path)
    step = progress.move_step(step, "wait", task_id=task, request=asked)
    progress.note(step.path, step.status, 1)
    progress.tasks.append(
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
            priority=asked.priority,
            opened_at=progress.at,
        )
    )


def _branch(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    assert scope is not None
    for place, way in enumerate(action.ways):
        if way.holds(scope):
            complete_step(progress, step, {"entry": place + 1, "next": way.next})
            return
    complete_step(progress, step, {"entry": None, "next": action.otherwise})


def _set(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    """Give names to values: those of the run, or inside of a loop those of the item."""
    params = _filled_in(progress, action, step, scope).params
    assert isinstance(params, SetParams)
    keep_values(progress, prefix_of(step.path), params.values)
    complete_step(progress, step, {"values": params.values}, held=True)


def keep_values(progress: Progress, prefix: str, values: dict[str, Any]) -> None:
    """Lay named values over those that are there."""
    item = progress.item(prefix) if prefix else None
    if item is None:
        progress.vars = {**progress.vars, **values}
    else:
        progress.change_item(prefix, vars={**item.vars, **values})


def _stop(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    params = _filled_in(progress, action, step, scope).params
    assert isinstance(params, StopParams)
    complete_step(progress, step, {"status": params.status, "reason": params.reason})
    if params.status == "failed":
        message = params.reason or f'the action "{action.id}" ended the run as failed'
        end_run(progress, "fail", StepError(kind="stopped", message=message))
    else:
        end_run(progress, "stop")


def _delay(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    """Wait for a time; a dry run does not, and a time that is past is no wait."""
    params = _filled_in(progress, action, step, scope).params
    assert isinstance(params, DelayParams)
    until = params.until if params.for_ is None else progress.at + params.for_
    assert until is not None
    if until <= progress.at or progress.run.dry_run:
        complete_step(progress, step, delay_output(until))
        return
    step = progress.move_step(step, "wait", wake_at=until)
    progress.note(step.path, step.status, 1)


def delay_output(until: datetime) -> dict[str, Any]:
    """Return the output of a delay that went on at that time."""
    return {"until": until.isoformat().replace("+00:00", "Z")}


def _for_each(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> None:
    assert scope is not None
    assert action.loop is not None
    items = render_items(action.loop, scope)
    _hold(progress, "the list of items", items)
    progress.note(step.path, step.status, 1, input={"items": items})
    progress.change_step(step, loop=Loop(waiting=tuple(items)))
    begin_items(progress, step.path)


_NEED_SCOPE: Final = frozenset({"branch", "for_each"})
_BEGIN: Final[dict[str, Begin]] = {
    "branch": _branch,
    "delay": _delay,
    "for_each": _for_each,
    "human_task": _ask,
    "set": _set,
    "stop": _stop,
}


def _filled_in(progress: Progress, action: PlannedAction, step: Step, scope: Scope | None) -> FilledIn:
    filled = fill_in(action, scope)
    _hold(progress, "what the parameters come to", filled.shown)
    progress.note(step.path, step.status, 1, input=filled.shown, notes=notes_of(filled.missing))
    return filled


def _hold(progress: Progress, what: str, value: object) -> None:
    """Count what a step asks for, or names.

    Raises:
        CannotBegin: it is too large, and so shown to nobody.
    """
    error = progress.hold(what, value)
    if error is not None:
        raise CannotBegin(error, OMITTED)
