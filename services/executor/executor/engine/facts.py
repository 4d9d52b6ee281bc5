"""What a run tells history: facts, each made when it is told, of one transition or of several in a row.

A reader that applies the fact of several holds what it would hold after all of theirs. It carries the last one's
number, so that a reader that knows a part of them takes it, and one that knows all of them does not. A verdict stands
alone, and so does what is told of a second attempt: of these a fact holds one.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.results import RunAdvanced, RunStart, StepView, TaskView, Verdict, Waiting
from executor.actions.requests import AskPerson
from executor.engine.plan import Plan
from executor.engine.run import Run, Step

StepNotes = Mapping[str, Any]
"""What is told of one step: fields of `StepView`, but for those that its action gives."""


class Told(msgspec.Struct, frozen=True, gc=False):
    """What one transition tells."""

    run: Run
    """As it is after it."""
    plan: Plan
    at: datetime
    steps: Mapping[str, StepNotes]
    """By path."""
    tasks: Sequence[TaskView] = ()
    verdict: Verdict | None = None
    start: RunStart | None = None
    goes_on: bool = False
    """An effect was handed out: nothing is waited for alone."""

    def fact(self) -> RunAdvanced:
        """Return it as a fact."""
        return self._as_fact(self.steps, self.tasks, self.start)

    def told_with(self, before: "Sequence[Told]") -> RunAdvanced:
        """Return it as one fact with those before it."""
        steps: dict[str, StepNotes] = {}
        tasks: dict[str, TaskView] = {}
        start = None
        for one in (*before, self):
            start = start or one.start
            for path, notes in one.steps.items():
                known_notes = steps.get(path)
                steps[path] = notes if known_notes is None else _laid_over(known_notes, notes)
            for task in one.tasks:
                known = tasks.get(task.task_id)
                tasks[task.task_id] = task if known is None else _task_laid_over(known, task)
        return self._as_fact(steps, tuple(tasks.values()), start)

    def _as_fact(
        self, steps: Mapping[str, StepNotes], tasks: Sequence[TaskView], start: RunStart | None
    ) -> RunAdvanced:
        run, plan = self.run, self.plan
        return RunAdvanced(
            tenant_id=run.tenant_id,
            run_id=run.run_id,
            automation_id=run.automation_id,
            version=run.version,
            lane=run.lane,
            order_key=run.order_key,
            seq=run.seq,
            at=self.at,
            started_at=run.started_at,
            status=run.status,
            start=start,
            steps=tuple([_view(path, plan, notes) for path, notes in steps.items()]),
            waiting=None if self.goes_on or run.ended_at is not None else waiting_of(run),
            tasks=tuple(tasks),
            verdict=self.verdict,
            error=None if run.ended_at is None else run.error,
            ended_at=run.ended_at,
            test=run.test,
        )

    @property
    def stands_alone(self) -> bool:
        """Whether it is told by itself."""
        for notes in self.steps.values():
            if notes["attempts"] > 1:
                return True
        return self.verdict is not None


def join_told(told: Sequence[Told]) -> list[RunAdvanced]:
    """Return what transitions of one run tell, given in their order, as few facts."""
    facts: list[RunAdvanced] = []
    group: list[Told] = []
    for one in told:
        if one.stands_alone:
            facts += [*_together(group), one.fact()]
            group = []
        else:
            group.append(one)
    return facts + _together(group)


def _together(told: Sequence[Told]) -> list[RunAdvanced]:
    """Return what is told as one fact, if there is anything."""
    if len(told) < 2:
        return [one.fact() for one in told]
    return [told[-1].told_with(told[:-1])]


def _view(path: str, plan: Plan, notes: StepNotes) -> StepView:
    action = plan.at(path)
    return StepView(path=path, id=action.id, type=action.type, **notes)


def _laid_over(before: StepNotes, after: StepNotes) -> StepNotes:
    """Return what is told of a step after both; what the later one leaves out has not changed with it."""
    said = {name: value for name, value in after.items() if value is not None and value != ()}
    said["attempts"] = max(before["attempts"], after["attempts"])
    return {**before, **said}


def _task_laid_over(before: TaskView, after: TaskView) -> TaskView:
    return TaskView(
        task_id=after.task_id,
        path=after.path,
        status=after.status,
        title=before.title if after.title is None else after.title,
        instructions=before.instructions if after.instructions is None else after.instructions,
        assignee=before.assignee if after.assignee is None else after.assignee,
        groups=after.groups or before.groups,
        form=before.form if after.form is None else after.form,
        due_at=before.due_at if after.due_at is None else after.due_at,
        priority=before.priority if after.priority is None else after.priority,
        opened_at=before.opened_at if after.opened_at is None else after.opened_at,
    )


def waiting_of(run: Run) -> Waiting | None:
    """Return what a queued or parked run waits for: its turn, or a person before a time, else what comes first."""
    if run.state == "queued":
        return Waiting(for_="turn", since=run.started_at)
    if not run.parked:
        return None
    waits = [_wait(step) for step in run.under_way() if step.status == "waiting"]
    return min(waits, key=lambda wait: (wait.task_id is None, wait.due_at is None, wait.due_at), default=None)


def _wait(step: Step) -> Waiting:
    if isinstance(step.request, AskPerson):
        due_at = step.request.due_at or step.timeout_at
        return Waiting(for_="task", path=step.path, since=step.started_at, task_id=step.task_id, due_at=due_at)
    return Waiting(for_="time", path=step.path, since=step.started_at, due_at=step.wake_at)
