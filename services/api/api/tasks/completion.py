"""Completing a human task: api stores one submission, the run judges it.

A second submission to a task is refused while the first is not judged, and after it was accepted; a refused
one leaves the task free. The answer waits for the run's word: 200 with the run, 409 with the reason, and 202
where no word came within five seconds. Where the run has not opened a task yet, up to ten seconds are given.
"""

import asyncio
import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.outbox.sender import OutboxSender
from api.problems import Refused, not_found, unprocessable
from api.runs.routes import load_run_body
from api.runs.store import RunRows, RunStore, is_uuid
from api.signals import RunSignals, wait_for_change
from api.tasks.store import TaskStore, Verdict
from automations.clock import monotonic_seconds
from automations.contracts.limits import MAX_STEP_BYTES, TOO_LARGE
from automations.contracts.wire import encode
from automations.definition.forms import answer_problems
from automations.problems import Problem, pointer_join

VERDICT_SECONDS = 5.0
OPENING_SECONDS = 10.0

_REASONS = {
    "already_completed": "The task was completed already.",
    "withdrawn": "The task was withdrawn: its run has ended or went on without it.",
    "timed_out": "The task's time is up: its run went on, or ended, without it.",
    "unknown_task": "The run knows no such task.",
    "too_large": "The answer is larger than the run can hold; answer with less.",
}
_ENDED_STEPS = ("completed", "failed", "skipped", "cancelled")

Row = Mapping[str, Any]


class Submission(NamedTuple):
    """What a request to complete a task says."""

    output: dict[str, Any]
    task_id: str | None = None
    step: str | None = None


def read_submission(body: dict[str, Any]) -> Submission:
    """Return what the body says; an empty one is an empty output.

    Raises:
        Refused: a field is of the wrong type, or unknown (422).
    """
    problems = []
    output = body.get("output")
    if output is not None and not isinstance(output, dict):
        problems.append(Problem("/output", 'must be an object, for instance {"approved": true}', "type"))
    elif output is not None and (size := len(encode(output))) > MAX_STEP_BYTES:
        message = f"has {size} bytes; at most {MAX_STEP_BYTES} are taken: answer with less, or with a link"
        problems.append(Problem("/output", message, TOO_LARGE))
    problems += [
        Problem(f"/{name}", "must be text", "type")
        for name in ("task_id", "step")
        if body.get(name) is not None and not isinstance(body[name], str)
    ]
    for name in body:
        if name not in ("output", "task_id", "step"):
            message = "is not known here; what the task yields belongs into `output`"
            problems.append(Problem(pointer_join("", name), message, "unknown_field"))
    if problems:
        raise unprocessable(problems)
    return Submission(output or {}, body.get("task_id"), body.get("step"))


class TaskDesk:
    """Takes submissions to tasks."""

    def __init__(self, tasks: TaskStore, runs: RunStore, sender: OutboxSender, signals: RunSignals) -> None:
        self._tasks = tasks
        self._runs = runs
        self._sender = sender
        self._signals = signals

    async def complete(self, caller: Caller, task_id: str, submission: Submission) -> Response:
        """Submit to one task."""
        task = await self._tasks.load(caller.tenant_id, task_id)
        if task is None:
            raise not_found(f"task {task_id}")
        if task["status"] != "open":
            raise not_open(task)
        return await self._submit(caller, task, submission)

    async def complete_of_run(
        self, caller: Caller, automation_id: str, run_id: str, submission: Submission
    ) -> Response:
        """Submit to the open task of a run, the named one where several are open."""
        if not is_uuid(run_id):
            raise not_found(f"run {run_id} of automation {automation_id}")
        run_id = str(uuid.UUID(run_id))
        with self._signals.watching(run_id) as changed:
            deadline = monotonic_seconds() + OPENING_SECONDS
            while True:
                changed.clear()
                is_last_look = monotonic_seconds() >= deadline
                task = await self._find(caller, automation_id, run_id, submission, is_last_look=is_last_look)
                if task is not None:
                    return await self._submit(caller, task, submission)
                await wait_for_change(changed, deadline)

    async def _find(
        self, caller: Caller, automation_id: str, run_id: str, submission: Submission, *, is_last_look: bool
    ) -> Row | None:
        """Return the task that is meant; None while it may still open."""
        run = await self._runs.load(caller.tenant_id, run_id)
        if run is not None and run.run["automation_id"] != automation_id:
            raise not_found(f"run {run_id} of automation {automation_id}")
        if run is None:
            if is_last_look:
                raise not_found(f"run {run_id} of automation {automation_id}")
            return None
        tasks = await self._tasks.load_of_run(caller.tenant_id, run_id)
        task = choose_task(tasks, submission)
        if task is None and (is_last_look or not may_open_a_task(run, submission)):
            raise no_open_task(run, tasks)
        return task

    async def _submit(self, caller: Caller, task: Row, submission: Submission) -> Response:
        _refuse_unfit(task, submission.output)
        run_id = str(task["run_id"])
        submission_id = str(uuid.uuid4())
        with self._signals.watching(run_id) as changed:
            sending = await self._tasks.save_submission(task, submission_id, submission.output, caller.name)
            if sending is None:
                occupied = await self._tasks.load(caller.tenant_id, task["task_id"])
                raise not_open(occupied or task)
            deadline = monotonic_seconds() + VERDICT_SECONDS
            await self._sender.wait_sent(sending, VERDICT_SECONDS)
            verdict = await self._await_verdict(submission_id, changed, deadline)
        if verdict is not None and not verdict.accepted:
            reason = verdict.reason or "refused"
            raise Refused(409, _REASONS.get(reason, f"The run refused it: {reason}."), reason=reason)
        body = await load_run_body(self._runs, caller.tenant_id, run_id)
        return json_response(body, 202 if verdict is None else 200)

    async def _await_verdict(self, submission_id: str, changed: asyncio.Event, deadline: float) -> Verdict | None:
        while True:
            changed.clear()
            verdict = await self._tasks.load_verdict(submission_id)
            if verdict is not None or monotonic_seconds() >= deadline:
                return verdict
            await wait_for_change(changed, deadline)


def _refuse_unfit(task: Row, output: dict[str, Any]) -> None:
    """Refuse an output that does not fit the task's form.

    Raises:
        Refused: with every field that does not fit (422).
    """
    if task["form"] is None:
        return
    form = msgspec.json.decode(task["form"])
    problems = answer_problems(form, output, "/output") if isinstance(form, dict) else []
    if problems:
        raise unprocessable(problems)


def choose_task(tasks: Sequence[Row], submission: Submission) -> Row | None:
    """Return the open task that a submission means; None where none is open yet.

    Raises:
        Refused: the named task is no longer open, or several are open and none is named (409).
    """
    named = [task for task in tasks if _is_meant(task, submission)]
    still_open = [task for task in named if task["status"] == "open"]
    if len(still_open) > 1:
        listed = [{"task_id": task["task_id"], "step": task["path"], "title": task["title"]} for task in still_open]
        raise Refused(409, "Several tasks of the run are open; name one by `task_id` or `step`.", tasks=listed)
    if still_open:
        return still_open[0]
    if named and (submission.task_id is not None or submission.step is not None):
        raise not_open(named[-1])
    return None


def may_open_a_task(run: RunRows, submission: Submission) -> bool:
    """Whether the run can still open a task that the submission could mean, as far as its version tells."""
    if run.run["status"] != "running":
        return False
    if not run.actions:
        return True
    ended = {step["path"] for step in run.steps if step["status"] in _ENDED_STEPS}
    wanted = submission.step and submission.step.rpartition(".")[2]
    return any(wanted in (None, action_id) for action_id in _tasks_ahead(run.actions, ended))


def _tasks_ahead(actions: Sequence[Row], ended: Collection[str]) -> Iterator[object]:
    """Give the ids of human tasks that may open; a loop under way may open those inside of it, for any item."""
    for action in actions:
        if action.get("id") in ended:
            continue
        if action.get("type") == "human_task":
            yield action.get("id")
        yield from _tasks_ahead(action.get("actions") or (), ())


def no_open_task(run: RunRows, tasks: Sequence[Row]) -> Refused:
    """Return the refusal for a run that waits for nobody."""
    if tasks:
        return not_open(tasks[-1])
    if run.run["status"] == "running":
        return Refused(409, "The run has no open task.", reason="no_open_task")
    return Refused(409, f"The run has ended ({run.run['status']}); it has no open task.", reason="run_ended")


def not_open(task: Row) -> Refused:
    """Return the refusal of a second submission: who was first, and when; or why the task is closed."""
    more = {"task_id": task["task_id"], "task_status": task["status"]}
    if task["submitted_at"] is not None:
        who, when = task["submitted_by"], task["submitted_at"].isoformat()
        verb = "completed" if task["accepted"] else "submitted"
        reason = "already_completed" if task["accepted"] else "already_submitted"
        return Refused(
            409,
            f"The task was {verb} by {who} at {when}.",
            reason=reason,
            submitted_by=who,
            submitted_at=task["submitted_at"],
            **more,
        )
    withdrawn = "timed_out" if task["timed_out"] else "withdrawn"
    reason = withdrawn if task["status"] == "withdrawn" else "already_completed"
    return Refused(409, _REASONS[reason], reason=reason, **more)


def _is_meant(task: Row, submission: Submission) -> bool:
    if submission.task_id is not None and task["task_id"] != submission.task_id:
        return False
    path: str = task["path"]
    return submission.step is None or path == submission.step or path.endswith(f".{submission.step}")
