"""One run while this process performs it: its state, what has come for it, and what of it is in flight."""

import asyncio
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final

import msgspec

from automations.clock import utc_now
from automations.contracts.step_errors import StepError
from executor.engine.facts import Told
from executor.engine.inputs import EffectFailed, Input, TimerFired
from executor.engine.outcomes import Effect, Timer
from executor.engine.run import Run
from executor.journal.rows import Entry, PendingInput
from executor.publication import PublishedUpTo, results_key

_NEVER: Final = float("inf")
_NOT_SENT: Final = StepError(kind="cancelled", message="the run came to its end before the call could go out")


class Given(msgspec.Struct, frozen=True, gc=False):
    """An input that has come, and under which key it lies in the inbox, if it does."""

    key: str | None
    input: Input


class ActiveRun:
    """What the run's task works on; others give it inputs."""

    __slots__ = (
        "_has_come", "_keys", "_waiter", "holds_turn", "inputs", "key", "not_begun", "performing", "published",
        "put_off", "run", "saved_seq", "timers", "to_perform", "to_replay", "untold", "was_in_flight", "was_waiting",
    )  # fmt: skip

    def __init__(self, run: Run, published: PublishedUpTo, timers: tuple[Timer, ...], *, saved_seq: int) -> None:
        self.run = run
        self.key = results_key(run)
        """Under which its facts are published."""
        self.saved_seq = saved_seq
        """Up to which fact the state was written; 0 where it was not."""
        self.to_replay: Sequence[Entry] = ()
        """What was journaled after that, or may not be published, by the process that had it before."""
        self.published = published
        self.untold: list[Told] = []
        """What is journaled and not on its way to history yet."""
        self.timers = timers
        """The times that the run waits for."""
        self.inputs: deque[Given] = deque()
        """What has come and was not applied yet."""
        self.to_perform: deque[Effect] = deque()
        self.performing: dict[str, asyncio.Task[None]] = {}
        """The effects in flight, by path."""
        self.put_off: dict[str, str] = {}
        """The destinations of calls that did not begin, by path."""
        self.holds_turn = False
        """Whether its turn is this run's, if it needs one."""
        self.not_begun: set[str] = set()
        """The paths of calls to be performed that were put off before, and never went out."""
        self.was_in_flight = False
        """Whether another process may have had effects of it in flight."""
        self.was_waiting = False
        """Whether nobody performed it, so that none of its calls has begun."""
        self._has_come = False
        self._waiter: asyncio.Future[None] | None = None
        self._keys: set[str] = set()

    def give(self, given: Input) -> None:
        """Have an input applied."""
        self.inputs.append(Given(None, given))
        self.look()

    def take(self, pending: Sequence[PendingInput]) -> None:
        """Have inputs of the inbox applied; one that was given before is not given twice."""
        for one in pending:
            if one.key not in self._keys:
                self._keys.add(one.key)
                self.inputs.append(Given(one.key, one.input))
                self.look()

    def next_inputs(self) -> Iterator[Given]:
        """Give the inputs that have come, those that come meanwhile included."""
        while self.inputs:
            yield self.inputs.popleft()

    def move(self, run: Run, timers: tuple[Timer, ...], effects: Sequence[Effect], *, inputs: int) -> None:
        """Take on the state after so many inputs, have effects performed, and break off those that nobody waits for."""
        self.run, self.timers = run, timers
        if not (self.to_perform or self.performing or self.put_off):
            if not effects:
                return
            if inputs == 1 and run.state == "running":
                self.to_perform.extend(effects)
                return
        in_flight = {step.path: step.attempts for step in run.under_way() if step.wake_at is None}
        wanted = [one for one in (*self.to_perform, *effects) if in_flight.get(one.path) == one.attempt]
        self.to_perform = deque(wanted)
        self.put_off = {path: destination for path, destination in self.put_off.items() if path in in_flight}
        for path, task in list(self.performing.items()):
            if path not in in_flight:
                task.cancel()
                del self.performing[path]

    def withdraw_calls(self) -> None:
        """Take back the calls that were put off, where the run is coming to its end: none of them has gone out."""
        if not (self.not_begun or self.put_off) or self.run.state in ("running", "queued"):
            return
        paths, now = self.not_begun.union(self.put_off), utc_now()
        self.to_perform = deque(effect for effect in self.to_perform if effect.path not in paths)
        self.put_off, self.not_begun = {}, set()
        for step in self.run.under_way():
            if step.path in paths:
                self.give(EffectFailed(path=step.path, attempt=step.attempts, error=_NOT_SENT, at=now))

    def fire_timers(self) -> None:
        """Have the times applied that have come."""
        if not self.timers:
            return
        now = utc_now()
        for timer in self.timers:
            if timer.due_at <= now:
                self.give(TimerFired(key=timer.key, at=now))

    def seconds_to_next(self) -> float:
        """Return how long until the next time comes; for ever where none is waited for."""
        if not self.timers:
            return _NEVER
        now = utc_now()
        return min([(timer.due_at - now).total_seconds() for timer in self.timers])

    def look(self) -> None:
        """Have the run looked at, whether or not an input has come."""
        self._has_come = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def until_something_comes(self) -> None:
        """Return when an input has come, an effect has ended, or a time is due."""
        seconds = self.seconds_to_next()
        timer = None
        if seconds != _NEVER:
            timer = asyncio.get_running_loop().call_later(max(seconds, 0), self.look)
        try:
            if not self._has_come:
                self._waiter = asyncio.get_running_loop().create_future()
                await self._waiter
        finally:
            self._waiter = None
            if timer is not None:
                timer.cancel()
        self._has_come = False

    async def cancel_effects(self) -> None:
        """Break off what is in flight."""
        tasks = list(self.performing.values())
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.gather(*tasks, return_exceptions=True)
