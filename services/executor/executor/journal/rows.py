"""What is written to the journal and read from it, as values."""

from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from automations.contracts.wire import encode
from executor.engine.facts import Told
from executor.engine.inputs import Input, Started, TimerFired, input_decoder
from executor.engine.outcomes import Timer
from executor.engine.run import Run
from executor.engine.transition import run_before

CANCEL_KEY: Final = "cancel"
"""Under which a cancellation lies in the inbox."""

_run_decoder: msgspec.json.Decoder[Run] = msgspec.json.Decoder(Run)


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One transition of a run: the input that moved it, as bytes."""

    seq: int
    input: bytes
    fact: bytes | None = None
    """The fact that it gave, where the state after it is written with it; every other one is what replaying gives."""


class Acceptance(msgspec.Struct, frozen=True, gc=False):
    """A start command that becomes a run, if it was not seen before."""

    run: Run
    digest: str
    entry: Entry
    told: Told
    appended_at: datetime | None = None
    """When the broker took its event, where the loop guard counts the start."""


class Advance(msgspec.Struct, frozen=True, gc=False):
    """The transitions of a run, and the inputs of its inbox that they took up.

    The state is what replaying them gives; it is written with them only now and then.
    """

    run: Run
    published: int
    entries: tuple[Entry, ...]
    taken: tuple[str, ...] = ()
    saves_state: bool = False


class Release(msgspec.Struct, frozen=True, gc=False):
    """A run that waits or has ended, to be given up now that its facts are published."""

    run: Run
    published: int
    timers: tuple[Timer, ...] = ()
    """The times that it waits for."""
    destinations: tuple[str, ...] = ()
    """Where calls of it wait for a place."""
    gives_turn: bool = False
    """Whether it holds the turn and needs it no more, or not until it goes on."""


class PendingInput(NamedTuple):
    """An input that waits in the inbox."""

    key: str
    input: Input


class HeldRun(NamedTuple):
    """A run that this process has taken up, as its state was last written, and the last fact known to be published.

    One whose state was never written is as it was before its first input.
    """

    run: Run
    published: int
    holds_turn: bool = False
    inputs: tuple[PendingInput, ...] = ()
    """What waits for it in the inbox, as it is to be applied."""
    journaled: tuple[Entry, ...] = ()
    """What was journaled of it after its state, and after the last fact that is known to be published."""


class ClaimedRun(NamedTuple):
    """A run that was taken up because times of it have come, and the inputs that they are."""

    held: HeldRun
    fired: tuple[TimerFired, ...]


class LeftInput(NamedTuple):
    """An input from outside, for the inbox of its run."""

    run_id: str
    key: str
    input: Input


def entry_of(given: Input, told: Told, *, saves_state: bool = False) -> Entry:
    """Return the journal's entry of a transition."""
    return Entry(told.run.seq, encode(given), encode(told.fact()) if saves_state else None)


def key_of_fired(timer: str) -> str:
    """Return under which key a timer that has come lies in the inbox."""
    return f"timer:{timer}"


def read_run(state: bytes) -> Run:
    """Return the run that a state holds."""
    return _run_decoder.decode(state)


def read_beginning(first: Entry) -> Run:
    """Return the run that the first entry of a journal begins, as it was before that."""
    given = input_decoder.decode(first.input)
    assert isinstance(given, Started)
    return run_before(given)
