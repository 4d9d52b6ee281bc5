"""Facts as the projection reads them: payloads stay the bytes that they are.

The same messages as `automations.contracts.results`, but what is only stored is not parsed: inputs, outputs,
the event. A contract test holds the field names of both against each other.
"""

from datetime import datetime

import msgspec

from automations.contracts.identity import Lane
from automations.contracts.results import RunStatus, SkippedBecause, SkipReason, StepStatus
from automations.contracts.wire import Reader


class EventFact(msgspec.Struct, frozen=True, kw_only=True):
    """What is filtered by of an event."""

    id: str
    type: str
    object: str | None = None
    record_id: str | None = None


class StartFact(msgspec.Struct, frozen=True, kw_only=True):
    mode: str
    cause: str
    event: msgspec.Raw
    chain_id: str
    depth: int = 0
    position: msgspec.Raw = msgspec.Raw()


class StepFact(msgspec.Struct, frozen=True, kw_only=True):
    path: str
    id: str
    type: str
    status: StepStatus
    attempts: int = 0
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    request: msgspec.Raw = msgspec.Raw()
    output: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    notes: msgspec.Raw = msgspec.Raw()
    reason: SkippedBecause | None = None
    next_attempt_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None


class TaskFact(msgspec.Struct, frozen=True, kw_only=True):
    task_id: str
    path: str
    status: str
    title: str | None = None
    instructions: str | None = None
    assignee: str | None = None
    groups: tuple[str, ...] = ()
    form: msgspec.Raw = msgspec.Raw()
    due_at: datetime | None = None
    priority: str | None = None
    opened_at: datetime | None = None


class VerdictFact(msgspec.Struct, frozen=True, kw_only=True):
    submission_id: str
    task_id: str
    accepted: bool
    reason: str | None = None


class RunFact(msgspec.Struct, frozen=True, kw_only=True, tag="run_advanced"):
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
    start: StartFact | None = None
    steps: tuple[StepFact, ...] = ()
    waiting: msgspec.Raw = msgspec.Raw()
    tasks: tuple[TaskFact, ...] = ()
    verdict: VerdictFact | None = None
    error: msgspec.Raw = msgspec.Raw()
    ended_at: datetime | None = None
    test: bool = False


class SkipFact(msgspec.Struct, frozen=True, kw_only=True, tag="start_skipped"):
    tenant_id: str
    run_id: str
    automation_id: str
    version: int
    lane: Lane
    reason: SkipReason
    event: msgspec.Raw
    at: datetime
    detail: str | None = None
    chain_id: str | None = None


Fact = RunFact | SkipFact

fact_reader: Reader[Fact] = Reader(Fact)
event_reader: Reader[EventFact] = Reader(EventFact)
