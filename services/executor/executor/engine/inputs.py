"""Everything that can move a run, as values that the journal keeps."""

from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.commands import StartRun
from automations.contracts.step_errors import StepError


class Started(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="started"):
    """The run was accepted."""

    command: StartRun
    at: datetime
    turn_free: bool = True
    """Whether the run may begin now; where another run for the record has the turn, it waits for `TurnGranted`."""


class TurnGranted(msgspec.Struct, frozen=True, kw_only=True, tag="turn_granted"):
    """The turn has come to a run that has not begun."""

    at: datetime


class EffectSucceeded(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="effect_succeeded"):
    """An effect was performed; `answer` is what the other side said, or a dry run's simulation of it."""

    path: str
    attempt: int
    answer: dict[str, Any]
    at: datetime


class EffectFailed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="effect_failed"):
    """An attempt at an effect failed; whether another one is worth it, the error says."""

    path: str
    attempt: int
    error: StepError
    at: datetime
    retry_after_seconds: float | None = None
    """What the other side asked for."""


class TaskSubmitted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="task_submitted"):
    """A person completed a human task."""

    task_id: str
    submission_id: str
    output: dict[str, Any]
    submitted_by: str
    at: datetime


class TimerFired(msgspec.Struct, frozen=True, kw_only=True, tag="timer_fired"):
    """A time that the run had stated has come; `key` is the timer's."""

    key: str
    at: datetime


class CancelRequested(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="cancel_requested"):
    """Somebody wants the run to end now."""

    requested_by: str
    at: datetime
    reason: str | None = None


Input = Started | TurnGranted | EffectSucceeded | EffectFailed | TaskSubmitted | TimerFired | CancelRequested

input_decoder: msgspec.json.Decoder[Input] = msgspec.json.Decoder(Input)
