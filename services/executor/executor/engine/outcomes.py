"""What one transition leads to: what it tells history, effects to perform, and the run's times."""

from datetime import datetime

import msgspec

from automations.contracts.identity import idempotency_key
from automations.contracts.results import RunAdvanced
from executor.actions.requests import Request
from executor.engine.facts import Told
from executor.engine.run import Run, Step
from executor.engine.states import UNDER_WAY

RUN_TIMER = "run"
"""The key of the timer that ends a run which takes too long."""


class Effect(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """One attempt at an effect, to be performed now."""

    path: str
    type: str
    attempt: int
    request: Request
    key: str
    begun_at: datetime
    """When its step began; the same for every attempt."""
    at_most_once: bool = False


class Timer(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """A time that the run waits for; when it has come, `TimerFired` with its key is an input."""

    key: str
    due_at: datetime


class Transition(msgspec.Struct, frozen=True, gc=False):
    """What one input led to. `told` is None where the input changed nothing.

    `effects` are those to perform now. `timers` are all that the run has after the input, not only new ones:
    what is not among them any more is withdrawn.
    """

    run: Run
    told: Told | None
    effects: tuple[Effect, ...] = ()
    timers: tuple[Timer, ...] = ()

    @property
    def fact(self) -> RunAdvanced | None:
        """What it tells, as a fact of its own; made anew each time."""
        return None if self.told is None else self.told.fact()


def effect_of(run_id: str, step: Step, type_of_action: str, at_most_once: bool) -> Effect:
    """Return the present attempt at a step's effect."""
    assert step.request is not None
    key = idempotency_key(run_id, step.path)
    return Effect(step.path, type_of_action, step.attempts, step.request, key, step.started_at, at_most_once)


def timers_of(run: Run) -> tuple[Timer, ...]:
    """Return the times that a run waits for; each is derived from its state, so that none can be lost."""
    if run.ended_at is not None:
        return ()
    timers = [] if run.timeout_at is None else [Timer(RUN_TIMER, run.timeout_at)]
    for step in run.steps:
        if (step.timeout_at is None and step.wake_at is None) or step.status not in UNDER_WAY:
            continue
        if step.timeout_at is not None:
            timers.append(Timer(f"timeout:{step.path}", step.timeout_at))
        if step.wake_at is not None:
            kind = "delay" if step.status == "waiting" else f"attempt-{step.attempts}"
            timers.append(Timer(f"{kind}:{step.path}", step.wake_at))
    return tuple(timers)
