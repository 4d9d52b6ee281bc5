"""How steps end, and what their ends mean for the item or the run around them.

A failure that nothing leads on from *closes* what is around the step, an item of a loop or the run: no step
begins there any more, waits are withdrawn, steps in flight finish. The first reason to close decides.
"""

from typing import Any

from automations.contracts.results import TaskView
from automations.contracts.step_errors import StepError
from automations.definition.graph import Edge
from executor.engine.plan import PlannedAction
from executor.engine.progress import Progress
from executor.engine.run import Step, prefix_of
from executor.engine.states import RunEvent, StepEvent

TIMED_OUT = "timeout"
"""The kind of the error of a step, or a run, whose time was up."""


def complete_step(progress: Progress, step: Step, output: Any, *, held: bool = False, **changed: Any) -> None:
    """End a step well, unless it yields too much; `held` says that its output was counted before."""
    error = None if held else progress.hold("what the step yields", output)
    if error is not None:
        fail_step(progress, step, error)
        return
    done = _end(progress, step, "complete", output=output, error=None, **changed)
    progress.note(step.path, done.status, done.attempts, output=output, ended_at=progress.at)
    progress.settle(step.path)


def fail_step(progress: Progress, step: Step, error: StepError, **told: Any) -> None:
    """End a step with an error; where nothing leads on from it, close what is around it."""
    event: StepEvent = "time_out" if error.kind == TIMED_OUT and step.status == "waiting" else "fail"
    failed = _end(progress, step, event, error=error)
    progress.note(step.path, failed.status, failed.attempts, error=error, ended_at=progress.at, **told)
    progress.settle(step.path)
    prefix = prefix_of(step.path)
    if route_of(progress.plan.at(step.path), error) != "fail" or progress.is_closed(prefix):
        return
    if prefix:
        close_item(progress, prefix, error)
    else:
        end_run(progress, "fail", error)


def close_item(progress: Progress, prefix: str, error: StepError) -> None:
    """Have an item of a loop fail; it ends when no step of it is in flight."""
    progress.change_item(prefix, error=error)
    progress.touched[prefix] = None
    _withdraw_waits(progress, prefix)


def end_run(progress: Progress, event: RunEvent, error: StepError | None = None) -> None:
    """Decide how the run ends, if nothing has before; it ends when no step is in flight."""
    if progress.move_run(event, error):
        progress.timeout_at = None
        _withdraw_waits(progress, "")


def withdraw(progress: Progress, step: Step) -> None:
    """End a step under way that is not wanted any more, and its task."""
    cancelled = _end(progress, step, "withdraw")
    progress.note(step.path, cancelled.status, cancelled.attempts, ended_at=progress.at)
    if step.task_id is not None:
        progress.tasks.append(TaskView(task_id=step.task_id, path=step.path, status="withdrawn"))
    progress.settle(step.path)


def forget_below(progress: Progress, prefix: str) -> None:
    """Take what lies below a prefix out of the state; of its tasks it stays known that they are closed."""
    gone = [step for path, step in progress.steps.items() if path.startswith(prefix)]
    for step in gone:
        del progress.steps[step.path]
    tasks = {step.task_id: step.submission_id or "" for step in gone if step.task_id is not None}
    if tasks:
        progress.closed_tasks = {**progress.closed_tasks, **tasks}
    for path in [path for path in progress.unreached if path.startswith(prefix)]:
        del progress.unreached[path]


def route_of(action: PlannedAction, error: StepError | None) -> str:
    """Return what a failure of the action leads to."""
    return action.on_timeout if error is not None and error.kind == TIMED_OUT else action.on_error


def is_live(progress: Progress, edge: Edge, source: Step) -> bool:
    """Whether an edge leads on, now that the step at its source has ended."""
    if source.status == "skipped":
        return edge.kind == "next"
    if source.status == "completed":
        if edge.kind in ("branch", "otherwise"):
            entry = source.output["entry"]
            return bool(entry is None if edge.kind == "otherwise" else entry == edge.place + 1)
        return edge.kind == "next"
    if source.status == "failed":
        route = route_of(progress.plan.at(source.path), source.error)
        return edge.kind == ("next" if route == "continue" else route)
    return False


def _end(progress: Progress, step: Step, event: StepEvent, **changed: Any) -> Step:
    """Put a step into a last state; what only going on needed goes."""
    return progress.move_step(step, event, request=None, timeout_at=None, wake_at=None, loop=None, **changed)


def _withdraw_waits(progress: Progress, prefix: str) -> None:
    """Withdraw open tasks, delays and pauses between attempts below a prefix."""
    for step in list(progress.under_way(prefix)):
        if step.status == "waiting" or step.wake_at is not None:
            withdraw(progress, step)
