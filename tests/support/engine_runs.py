"""Runs of the pure engine, moved by hand: what the world could do next, and what history would know."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from automations.contracts.commands import Cause, Rerun, StartRun, TriggerEvent
from automations.contracts.results import RunAdvanced, StepView
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from automations.definition import validate_document
from executor.engine.inputs import (
    EffectFailed,
    EffectSucceeded,
    Input,
    Started,
    TaskSubmitted,
    TimerFired,
    TurnGranted,
    input_decoder,
)
from executor.engine.outcomes import Effect, Timer, Transition
from executor.engine.plan import Plan, plan_version
from executor.engine.run import Run
from executor.engine.transition import apply_input, start_run
from executor.journal.rows import read_run

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
RUN_ID = "11111111-1111-5111-8111-111111111111"
RECORD: dict[str, Any] = {"id": "case-1", "name": "Portal", "email": "a@example.com"}


def plan_of(*actions: dict[str, Any], **document: Any) -> Plan:
    """Return the plan of an automation with these actions."""
    raw = {"name": "t", "trigger": {"event": "case.created"}, "actions": list(actions), **document}
    checked = validate_document(raw)
    assert checked.document is not None, checked.problems
    return plan_version(checked.document)


def webhook(own: str, **fields: Any) -> dict[str, Any]:
    """Return an action with an effect."""
    return {"id": own, "type": "call_webhook", "params": {"url": "https://example.com/hook"}, **fields}


def started(
    lane: Literal["live", "sandbox"] = "live",
    record: dict[str, Any] | None = None,
    rerun: Rerun | None = None,
    *,
    turn_free: bool = True,
) -> Started:
    """Return the input that begins a run, or where the turn is not free has it queued."""
    record = RECORD if record is None else record
    event = TriggerEvent(
        id="1", type="case.created", time=NOW, object="case", record_id=record.get("id"), record=record
    )
    command = StartRun(
        run_id=RUN_ID,
        tenant_id="default",
        automation_id="a",
        version=1,
        lane=lane,
        cause="event:crm:1",
        order_key="a|case/case-1",
        definitions_offset=0,
        event=event,
        event_digest="d",
        caused_by=Cause(),
        decided_at=NOW,
        rerun=rerun,
    )
    return Started(command=command, at=NOW, turn_free=turn_free)


def restarted(run: Run) -> Run:
    """Return the run as another process finds it in the journal."""
    return read_run(encode(run))


def error_of(retryable: bool = False) -> StepError:
    """Return an error of the other side."""
    return StepError(kind="unreachable" if retryable else "refused", message="no", retryable=retryable)


@dataclass(repr=False)
class EngineRun:
    """One run, with everything that it told, restarted after every input."""

    plan: Plan
    first: Started
    inputs: list[Input] = field(default_factory=list)
    facts: list[RunAdvanced] = field(default_factory=list)
    history: dict[str, StepView] = field(default_factory=dict)
    begun: list[Effect] = field(default_factory=list)
    """Every attempt that was ever to be performed, in order."""
    in_flight: dict[str, Effect] = field(default_factory=dict)
    """The attempts that are being performed."""
    minutes: int = 0
    moves: list[tuple[Input, Transition]] = field(default_factory=list)
    """Every input with what it led to."""

    def __post_init__(self) -> None:
        self.moved = start_run(self.first, self.plan)
        self.moves.append((self.first, self.moved))
        self._take(self.moved)

    def __repr__(self) -> str:
        return f"<run {self.run.state}: {self.statuses()}, in flight {list(self.in_flight)}>"

    @property
    def run(self) -> Run:
        return self.moved.run

    def give(self, given: Input) -> Transition:
        """Apply one input to the run as it lies in the journal."""
        self.inputs.append(input_decoder.decode(encode(given)))
        self.moved = apply_input(restarted(self.run), self.plan, given)
        self.moves.append((given, self.moved))
        self._take(self.moved)
        return self.moved

    def at(self) -> datetime:
        """Return a moment later than all before."""
        self.minutes += 1
        return NOW + timedelta(minutes=self.minutes)

    def succeed(self, path: str, body: Mapping[str, Any] | None = None, attempt: int | None = None) -> Transition:
        """Answer an effect well."""
        number = self.attempt_of(path) if attempt is None else attempt
        answer = {"status": 200, "headers": {}, "body": dict(body or {})}
        return self.give(EffectSucceeded(path=path, attempt=number, answer=answer, at=self.at()))

    def fail(
        self, path: str, retryable: bool = False, attempt: int | None = None, kind: str | None = None
    ) -> Transition:
        """Answer an effect badly."""
        number = self.attempt_of(path) if attempt is None else attempt
        error = error_of(retryable)
        error = error if kind is None else msgspec.structs.replace(error, kind=kind)
        return self.give(EffectFailed(path=path, attempt=number, error=error, at=self.at()))

    def submit(self, path: str, output: Mapping[str, Any] | None = None, submission: str = "s") -> Transition:
        """Complete the open task at a path."""
        step = self.run.step_at(path)
        assert step is not None
        assert step.task_id is not None
        return self.give(
            TaskSubmitted(
                task_id=step.task_id,
                submission_id=submission,
                output=dict(output or {}),
                submitted_by="ines",
                at=self.at(),
            )
        )

    def fire(self, key: str) -> Transition:
        """Let a timer's time come."""
        self.minutes = max(self.minutes, *(int((t.due_at - NOW).total_seconds() // 60) for t in self.timers), 0)
        return self.give(TimerFired(key=key, at=self.at()))

    @property
    def timers(self) -> tuple[Timer, ...]:
        return self.moved.timers

    def attempt_of(self, path: str) -> int:
        """Return the attempt under way at a path, or 1."""
        effect = self.in_flight.get(path)
        return 1 if effect is None else effect.attempt

    def statuses(self) -> dict[str, str]:
        """Return every step's last status, in the words of the specification's examples."""
        return {
            path: "not_reached" if view.reason == "path_not_taken" else view.status
            for path, view in self.history.items()
        }

    def replayed(self) -> Run:
        """Return what the inputs give when they are applied anew, without a restart."""
        run = start_run(self.first, self.plan).run
        for given in self.inputs:
            run = apply_input(run, self.plan, given).run
        return run

    def recorded(self) -> list[dict[str, Any]]:
        """Return the run's history as JSON: each input with the state, the fact and the times that it gave."""
        return [
            {
                "input": json.loads(encode(given)),
                "state": json.loads(encode(moved.run)),
                "fact": json.loads(encode(moved.fact)),
                "timers": json.loads(encode(moved.timers)),
            }
            for given, moved in self.moves
        ]

    def cooperate(self, at_most: int = 2_000) -> None:
        """Let everything go well until the run has ended."""
        for _ in range(at_most):
            if self.run.ended:
                return
            self.give(self.next_good_input())
        raise AssertionError(f"the run does not end: {self.run}")

    def next_good_input(self) -> Input:
        """Return what a world that plays along would do next."""
        if self.run.state == "queued":
            return TurnGranted(at=self.at())
        for path, effect in self.in_flight.items():
            return EffectSucceeded(path=path, attempt=effect.attempt, answer={"status": 200, "body": {}}, at=self.at())
        for step in self.run.under_way():
            if step.status == "waiting" and step.task_id is not None:
                return TaskSubmitted(
                    task_id=step.task_id, submission_id=f"s:{step.path}", output={}, submitted_by="i", at=self.at()
                )
        for timer in sorted(self.timers, key=lambda timer: timer.due_at):
            return TimerFired(key=timer.key, at=max(timer.due_at, self.at()))
        raise AssertionError(f"a run that has not ended waits for nothing: {self.run}")

    def _take(self, moved: Transition) -> None:
        for effect in moved.effects:
            self.begun.append(effect)
            self.in_flight[effect.path] = effect
        open_paths = {step.path for step in moved.run.under_way() if step.status == "running" and not step.wake_at}
        self.in_flight = {path: effect for path, effect in self.in_flight.items() if path in open_paths}
        if moved.fact is not None:
            self.facts.append(moved.fact)
            fold(self.history, moved.fact.steps)


def fold(history: dict[str, StepView], views: Iterable[StepView]) -> None:
    """Lay the steps of a fact over what was known, as history does: what is left out stays."""
    for view in views:
        known = history.get(view.path)
        if known is None:
            history[view.path] = view
            continue
        told = {name: value for name in view.__struct_fields__ if (value := getattr(view, name)) not in (None, ())}
        told["attempts"] = max(view.attempts, known.attempts)
        history[view.path] = msgspec.structs.replace(known, **told)
