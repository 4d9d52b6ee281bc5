"""A run and its steps, as the journal holds them. Values are never changed: a transition makes new ones.

A state holds what going on needs and no more. A step's parameters and its rendered request are told once, by
the fact of its beginning; the request is kept while the step is under way. An action whose path was not taken
is a name in `unreached`. The steps inside of a loop's item leave the state when the item ends, and its result
stays. States of the release before there were graphs have more fields in their steps, and are read as well.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

import msgspec

from automations.contracts.commands import TriggerEvent
from automations.contracts.identity import Lane
from automations.contracts.results import RunMode, RunStatus, StepStatus
from automations.contracts.step_errors import StepError
from executor.actions.requests import Request
from executor.engine.states import UNDER_WAY, RunState, shown_status


class LoopItem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """An item of a loop that is under way."""

    item: Any
    vars: dict[str, Any] = {}
    """Its own copy of the named values, made when it began."""
    error: StepError | None = None
    """Why it fails; it ends when its steps in flight have ended."""


class ItemResult(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What an item of a loop came to."""

    status: Literal["completed", "failed"]
    output: dict[str, Any] = {}
    """The outputs of its completed steps, by action id."""


class Loop(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """How far a loop is. Its items were fixed when it began; they begin in order."""

    waiting: tuple[Any, ...] = ()
    """The items that have not begun."""
    under_way: dict[int, LoopItem] = {}
    results: dict[int, ItemResult] = {}
    error: StepError | None = None
    """Why the loop fails; no further item begins."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One step of a run, from its beginning on."""

    path: str
    status: StepStatus
    started_at: datetime
    attempts: int = 1
    """Attempts at its effect, the one under way or next included."""
    request: Request | None = None
    """The effect, rendered at the first attempt and sent unchanged on every one; gone when the step has ended."""
    output: Any = None
    error: StepError | None = None
    task_id: str | None = None
    submission_id: str | None = None
    """The submission that completed the step's task."""
    timeout_at: datetime | None = None
    """When the whole step runs out of time."""
    wake_at: datetime | None = None
    """When a delay is over, or the next attempt begins."""
    loop: Loop | None = None

    @property
    def under_way(self) -> bool:
        return self.status in UNDER_WAY


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
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
    state: RunState = msgspec.field(name="status", default="running")
    """What history shows as its status, and which end was decided while steps are still in flight."""
    seq: int = 0
    """The number of the last fact."""
    steps: tuple[Step, ...] = ()
    """In the order they began."""
    unreached: tuple[str, ...] = ()
    """The paths of actions that no way led to."""
    vars: dict[str, Any] = {}
    """The values that were given names."""
    closed_tasks: dict[str, str] = {}
    """Tasks of items that have ended, with the submission that completed them, or nothing."""
    data_bytes: int = 0
    """What its steps asked for, yielded and gave names to, but for small values; see `automations.contracts.limits`."""
    timeout_at: datetime | None = None
    error: StepError | None = None
    """Why the run fails or failed."""
    ended_at: datetime | None = None
    test: bool = False

    @property
    def status(self) -> RunStatus:
        """What history shows."""
        return shown_status(self.state)

    @property
    def dry_run(self) -> bool:
        return self.test or self.lane == "sandbox"

    @property
    def takes_turns(self) -> bool:
        """Whether runs of its automation for the same record take turns with it; a test is a run by itself."""
        return self.order_key is not None and not self.test

    @property
    def mode(self) -> RunMode:
        if self.test:
            return "test"
        return "dry_run" if self.dry_run else "live"

    @property
    def cause_of_effects(self) -> tuple[str, int]:
        """The chain that its effects belong to, and its depth there; a task that was completed begins another chain."""
        task = next((step.task_id for step in reversed(self.steps) if step.submission_id and step.task_id), None)
        if task is None:
            task = next((task for task, submission in reversed(self.closed_tasks.items()) if submission), None)
        return (self.chain_id, self.depth) if task is None else (task, 0)

    @property
    def ended(self) -> bool:
        return self.ended_at is not None

    @property
    def parked(self) -> bool:
        """Whether everything under way waits for a person or a time; a pause between attempts is no such wait."""
        return not self.ended and all(step.status == "waiting" or step.loop is not None for step in self.under_way())

    def under_way(self) -> Iterator[Step]:
        """Give the steps that have begun and not ended."""
        return (step for step in self.steps if step.status in UNDER_WAY)

    def step_at(self, path: str) -> Step | None:
        """Return the step at `path`; None where the run has not come to it, or a loop has left it behind."""
        return next((step for step in self.steps if step.path == path), None)


def prefix_of(path: str) -> str:
    """Return what stands before the action's id in a path: nothing, or the item of a loop, `each[3].`."""
    return path[: path.rfind(".") + 1]


def item_of(prefix: str) -> tuple[str, int]:
    """Return the path of the loop and the number of the item that a prefix names: `each`, 3."""
    loop, _, index = prefix[:-2].rpartition("[")
    return loop, int(index)


def enclosing(prefix: str) -> Iterator[str]:
    """Give a prefix and those around it, the innermost first, without the run's own empty one."""
    while prefix:
        yield prefix
        prefix = prefix_of(item_of(prefix)[0])
