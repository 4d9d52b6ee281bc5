"""Facts about runs, as executor publishes them: what happened, in each run's own numbers.

A run's facts carry `seq` 1, 2, 3 …; what a run did in a row without waiting for anybody may come as one fact with
the last of their numbers. A reader applies a fact only if its `seq` is higher than the one it holds, so that a fact
published again, alone or with others, changes nothing.
"""

from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from automations.contracts.commands import EventPosition, TriggerEvent
from automations.contracts.identity import Lane
from automations.contracts.step_errors import StepError
from automations.contracts.wire import Reader

OMITTED: Final = {"omitted": "too large to be kept in the history"}
"""Stands in the place of a step's data that is too large for Kafka."""

RunMode = Literal["live", "dry_run", "test"]
RunStatus = Literal["running", "completed", "failed", "cancelled"]
StepStatus = Literal["pending", "running", "waiting", "completed", "failed", "skipped", "cancelled"]
SkippedBecause = Literal["when_false", "path_not_taken"]
"""`when_false`: the action's own conditions did not hold. `path_not_taken`: no way led there."""
SkipReason = Literal["paused", "archived", "deleted", "late", "duplicate", "sandbox_off", "loop_guard"]


class StepView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step as it stands after a fact; a field left out has not changed with it."""

    path: str
    id: str
    type: str
    status: StepStatus
    attempts: int = 0
    name: str | None = None
    input: Any = None
    """The parameters after rendering."""
    request: Any = None
    """What was sent, or in a dry run would have been sent; secrets redacted."""
    output: Any = None
    error: StepError | None = None
    notes: tuple[str, ...] = ()
    """For instance record fields that a template names and the record does not have."""
    reason: SkippedBecause | None = None
    """Why the step was skipped."""
    next_attempt_at: datetime | None = None
    """When the step is tried again after `error`."""
    started_at: datetime | None = None
    ended_at: datetime | None = None


class Waiting(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a running run waits for: its turn, else what comes first of several waits, people before times."""

    for_: Literal["task", "notification", "time", "turn"] = msgspec.field(name="for")
    since: datetime
    path: str | None = None
    """The step that waits; None where the run waits for its turn and no step has begun."""
    task_id: str | None = None
    due_at: datetime | None = None


class TaskView(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A human task as it stands after a fact."""

    task_id: str
    path: str
    status: Literal["open", "completed", "withdrawn"]
    title: str | None = None
    instructions: str | None = None
    assignee: str | None = None
    groups: tuple[str, ...] = ()
    form: dict[str, Any] | None = None
    due_at: datetime | None = None
    priority: Literal["low", "normal", "high", "urgent"] | None = None
    opened_at: datetime | None = None


class Verdict(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run's word on one submission to a task of its own."""

    submission_id: str
    task_id: str
    accepted: bool
    reason: str | None = None
    """Why it was refused: `already_completed`, `withdrawn`, `timed_out`, `unknown_task`, `too_large`."""


class RunStart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a run from its beginning, carried by its first fact."""

    mode: RunMode
    cause: str
    event: TriggerEvent
    chain_id: str
    depth: int = 0
    position: EventPosition | None = None
    """Where the event lies on Kafka."""


class RunAdvanced(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run_advanced"):
    """A run took one input, or several in a row: it started, a step ended, a task was completed, or the run ended."""

    tenant_id: str
    run_id: str
    automation_id: str
    version: int
    lane: Lane
    order_key: str | None
    seq: int
    at: datetime
    started_at: datetime
    status: RunStatus
    start: RunStart | None = None
    steps: tuple[StepView, ...] = ()
    waiting: Waiting | None = None
    tasks: tuple[TaskView, ...] = ()
    verdict: Verdict | None = None
    error: StepError | None = None
    ended_at: datetime | None = None
    test: bool = False
    """The run is a test: dry, asked for by a person, and no part of an automation's history."""


class StartSkipped(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="start_skipped"):
    """A matching event started no run, and why."""

    tenant_id: str
    run_id: str
    """The run that would have been."""
    automation_id: str
    version: int
    lane: Lane
    reason: SkipReason
    event: TriggerEvent
    at: datetime
    detail: str | None = None
    chain_id: str | None = None
    """The chain of cause and effect that the event belongs to; None where nothing led to it."""


Result = RunAdvanced | StartSkipped

result_reader: Reader[Result] = Reader(Result)
