"""The states of a step and of a run, and what leads from one to another: all of it is in the two tables below.

How it works. An *input* (an answer, a submission, a timer, a cancellation) is judged first: where it no longer
applies it is no event, and changes nothing. What does apply becomes events of the steps and of the run, one
after the other, and each looks up its row here. So what is not in the tables cannot happen; an event that a
state does not know is an error of the engine, never of the input.

The laws that the tables hold, for whoever changes them:

1. A step that has ended stays as it is: the last four states of a step know no event.
2. A run that has ended stays as it is.
3. A run that is `queued` has begun no step.
4. What ends a run is decided once: `completing`, `failing` and `cancelling` lead to one end each, and every
   further reason to end leaves them as they are. No step begins in them; steps in flight finish.
5. Only a step that is under way can be waited for, be tried again, or run out of time.

To readers of history a run that is `queued`, `completing`, `failing` or `cancelling` is `running` as well.
"""

from collections.abc import Mapping
from typing import Final, Literal

from automations.contracts.results import RunStatus, StepStatus

StepEvent = Literal[
    "begin", "skip", "pass_by", "copy_completed", "copy_failed", "copy_skipped",
    "wait", "try_again", "complete", "fail", "time_out", "withdraw",
]  # fmt: skip

STEP_STATES: Final[Mapping[StepStatus, Mapping[StepEvent, StepStatus]]] = {
    "pending": {
        "begin": "running",  # an incoming edge is live, all are settled
        "skip": "skipped",  # its own `when` does not hold
        "pass_by": "skipped",  # all incoming edges are settled, none is live
        "copy_completed": "completed",  # a rerun keeps what the first run came to
        "copy_failed": "failed",
        "copy_skipped": "skipped",
    },
    "running": {
        "wait": "waiting",  # for a person or a time
        "try_again": "running",  # after a pause
        "complete": "completed",
        "fail": "failed",
        "time_out": "failed",
        "withdraw": "cancelled",
    },
    "waiting": {
        "complete": "completed",  # submitted, or the time has come
        "time_out": "failed",
        "withdraw": "cancelled",  # the run, or the loop around it, ends
    },
    "completed": {},
    "failed": {},
    "skipped": {},
    "cancelled": {},
}

RunState = Literal["queued", "running", "completing", "failing", "cancelling", "completed", "failed", "cancelled"]
RunEvent = Literal["grant", "settle", "stop", "fail", "time_out", "cancel"]

RUN_STATES: Final[Mapping[RunState, Mapping[RunEvent, RunState]]] = {
    "queued": {
        "grant": "running",  # the turn has come to it
        "cancel": "cancelling",
    },
    "running": {
        "settle": "completed",  # no step is under way and none can begin
        "stop": "completing",  # a `stop` that completes
        "fail": "failing",  # a step failed and nothing leads on, or a `stop` that fails
        "time_out": "failing",
        "cancel": "cancelling",
    },
    "completing": {
        "settle": "completed",  # no step is in flight any more
        "stop": "completing",
        "fail": "completing",
        "time_out": "completing",
        "cancel": "completing",
    },
    "failing": {
        "settle": "failed",
        "stop": "failing",
        "fail": "failing",
        "time_out": "failing",
        "cancel": "failing",
    },
    "cancelling": {
        "settle": "cancelled",
        "stop": "cancelling",
        "fail": "cancelling",
        "time_out": "cancelling",
        "cancel": "cancelling",
    },
    "completed": {},
    "failed": {},
    "cancelled": {},
}

UNDER_WAY: Final[frozenset[StepStatus]] = frozenset({"running", "waiting"})
"""The states of a step that has begun and not ended."""

_SHOWN: Final[Mapping[RunState, RunStatus]] = {
    "queued": "running",
    "running": "running",
    "completing": "running",
    "failing": "running",
    "cancelling": "running",
    "completed": "completed",
    "failed": "failed",
    "cancelled": "cancelled",
}


class NotPossibleHere(RuntimeError):
    """The engine met an event that the state does not know."""


def next_step_state(state: StepStatus, event: StepEvent) -> StepStatus:
    """Return the state of a step after an event.

    Raises:
        NotPossibleHere: the table has no such row.
    """
    try:
        return STEP_STATES[state][event]
    except KeyError:
        raise NotPossibleHere(f"a step that is {state} knows no {event!r}") from None


def next_run_state(state: RunState, event: RunEvent) -> RunState:
    """Return the state of a run after an event.

    Raises:
        NotPossibleHere: the table has no such row.
    """
    try:
        return RUN_STATES[state][event]
    except KeyError:
        raise NotPossibleHere(f"a run that is {state} knows no {event!r}") from None


def shown_status(state: RunState) -> RunStatus:
    """Return the status that history shows for a run's state."""
    return _SHOWN[state]


def draw_diagram(states: Mapping[str, Mapping[str, str]], first: str) -> str:
    """Return a table as a Mermaid state diagram; events that lead from and to the same states share an arrow."""
    lines = ["stateDiagram-v2", f"    [*] --> {first}"]
    for state, events in states.items():
        arrows: dict[str, list[str]] = {}
        for event, target in events.items():
            arrows.setdefault(target, []).append(event)
        lines += [f"    {state} --> {target}: {', '.join(names)}" for target, names in arrows.items()]
        if not events:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines)
