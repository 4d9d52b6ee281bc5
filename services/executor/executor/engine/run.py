"""A run and its steps, as the journal holds them. Values are never changed: a transition makes new ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.commands import TriggerEvent
from automations.contracts.identity import Lane
from automations.contracts.results import RunMode, RunStatus, StepError, StepStatus, Waiting
from executor.actions.requests import Request


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One step of a run: what was asked, as it was rendered once, and what came of it."""

    path: str
    id: str
    type: str
    status: StepStatus
    started_at: datetime
    name: str | None = None
    attempts: int = 1
    params: dict[str, Any] = {}
    """The parameters after rendering."""
    request: Request | None = None
    """The effect, rendered at the first attempt and sent unchanged on every one."""
    output: Any = None
    error: StepError | None = None
    ended_at: datetime | None = None
    task_id: str | None = None
    submission_id: str | None = None
    """The submission that completed the step's task."""


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One firing of an automation, complete: whoever holds this value can go on with the run."""

    run_id: str
    tenant_id: str
    automation_id: str
    version: int
    lane: Lane
    order_key: str | None
    cause: str
    event: TriggerEvent
    chain_id: str
    depth: int
    started_at: datetime
    status: RunStatus = "running"
    seq: int = 0
    """The number of the last fact."""
    steps: tuple[Step, ...] = ()
    waiting: Waiting | None = None
    error: StepError | None = None
    ended_at: datetime | None = None
    test: bool = False

    @property
    def dry_run(self) -> bool:
        return self.test or self.lane == "sandbox"

    @property
    def mode(self) -> RunMode:
        if self.test:
            return "test"
        return "dry_run" if self.dry_run else "live"

    @property
    def ended(self) -> bool:
        return self.status != "running"

    def step_at(self, path: str) -> Step | None:
        """Return the step at `path`; None where the run has not come to it."""
        return next((step for step in self.steps if step.path == path), None)

    def outputs(self) -> Mapping[str, object]:
        """Return what templates see as `steps`."""
        return {step.id: {"status": step.status, "output": step.output} for step in self.steps}
