"""What a run did in a row, told at once: several facts of one run as one.

A reader that applies the one holds what it would hold after all of them. It carries the last one's number, so that
a reader that knows a part of them takes it, and one that knows all of them does not. A verdict stands alone, and so
does what is told of a second attempt: of these a fact holds one.
"""

from collections.abc import Sequence

from msgspec import structs

from automations.contracts.results import RunAdvanced, StepView, TaskView


def join_facts(facts: Sequence[RunAdvanced]) -> list[RunAdvanced]:
    """Return facts of one run, given in their order, as few."""
    joined: list[RunAdvanced] = []
    group: list[RunAdvanced] = []
    for fact in facts:
        if _stands_alone(fact):
            joined += [*_together(group), fact]
            group = []
        else:
            group.append(fact)
    return joined + _together(group)


def _stands_alone(fact: RunAdvanced) -> bool:
    return fact.verdict is not None or any(step.attempts > 1 for step in fact.steps)


def _together(facts: Sequence[RunAdvanced]) -> list[RunAdvanced]:
    """Return facts as one, if there are any."""
    if len(facts) < 2:
        return list(facts)
    last = facts[-1]
    steps: dict[str, StepView] = {}
    tasks: dict[str, TaskView] = {}
    for fact in facts:
        for step in fact.steps:
            before = steps.get(step.path)
            steps[step.path] = step if before is None else _laid_over(before, step)
        for task in fact.tasks:
            known = tasks.get(task.task_id)
            tasks[task.task_id] = task if known is None else _task_laid_over(known, task)
    start = next((fact.start for fact in facts if fact.start is not None), None)
    return [structs.replace(last, start=start, steps=tuple(steps.values()), tasks=tuple(tasks.values()))]


def _laid_over(before: StepView, after: StepView) -> StepView:
    """Return the step after both; what the later one leaves out has not changed with it."""
    return StepView(
        path=after.path,
        id=after.id,
        type=after.type,
        status=after.status,
        attempts=max(before.attempts, after.attempts),
        name=before.name if after.name is None else after.name,
        input=before.input if after.input is None else after.input,
        request=before.request if after.request is None else after.request,
        output=before.output if after.output is None else after.output,
        error=before.error if after.error is None else after.error,
        notes=after.notes or before.notes,
        reason=before.reason if after.reason is None else after.reason,
        started_at=before.started_at if after.started_at is None else after.started_at,
        ended_at=before.ended_at if after.ended_at is None else after.ended_at,
    )


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
