"""What a run did in a row, told at once: several facts of one run as one.

A reader that applies the one holds what it would hold after all of them. It carries the last one's number, so that
a reader that knows a part of them takes it, and one that knows all of them does not.
"""

from collections.abc import Sequence

from automations.contracts.results import RunAdvanced, StepView, TaskView


def merge_facts(facts: Sequence[RunAdvanced]) -> RunAdvanced:
    """Return facts of one run, given in their order, as one; of verdicts no more than one can be among them."""
    if len(facts) == 1:
        return facts[0]
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
    return RunAdvanced(
        tenant_id=last.tenant_id,
        run_id=last.run_id,
        automation_id=last.automation_id,
        version=last.version,
        lane=last.lane,
        order_key=last.order_key,
        seq=last.seq,
        at=last.at,
        started_at=last.started_at,
        status=last.status,
        start=next((fact.start for fact in facts if fact.start is not None), None),
        steps=tuple(steps.values()),
        waiting=last.waiting,
        tasks=tuple(tasks.values()),
        verdict=next((fact.verdict for fact in facts if fact.verdict is not None), None),
        error=last.error,
        ended_at=last.ended_at,
        test=last.test,
    )


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
