"""Performs runs: effects, inputs, journal, next effects, until the run waits or has ended and is given up.

A run that this process holds is one task. Its effects are performed side by side, each in a task of its own;
what comes of them, and every other input, is applied by the run's task alone, one after the other, and what
came together is one journal write. A run is given up when nothing of it is in flight and no time of it is
near: its times are then rows, and whoever finds one come takes the run up again.

What a run did without waiting for anybody is told in one fact, when it comes to wait or has gone on for long.
Runs that wait for nobody want this process and the journal for themselves: while there are many of them no more
are begun, so that those under way come to their ends, and their facts to few messages.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from automations.clock import utc_now
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from automations.durable_points import passed
from automations.messaging.room import Room
from automations.observability import get_logger
from executor.active_run import ActiveRun
from executor.engine.facts import Told, join_told
from executor.engine.inputs import (
    EffectFailed,
    EffectSucceeded,
    Input,
    Started,
    TimerFired,
    TurnGranted,
    input_decoder,
)
from executor.engine.outcomes import Effect, Transition, timers_of
from executor.engine.plan import Plan
from executor.engine.run import Run
from executor.engine.transition import apply_input, calls_put_off, start_run, take_up
from executor.gate import Gate, PutOff
from executor.journal.rows import Acceptance, Advance, HeldRun, PendingInput, Release, entry_of
from executor.journal.store import Journal
from executor.journal.versions import UnknownVersion, Versions
from executor.metrics import HANDED_ON
from executor.publication import Publication, PublishedUpTo, results_key

log = get_logger(__name__)

FACTS_A_STATE: Final = 100
"""A run's state is written when it is given up, and after so many facts: no more inputs are replayed at a take-over."""
MOST_FACTS_TOLD_TOGETHER: Final = 20
MOST_BYTES_TOLD_TOGETHER: Final = 262_144
MOST_MOVING: Final = 500
"""So many runs may be on their way between two waits before no more are begun.

What they are made of is some KB each, and stays in a processor's own cache only while they are few; with very few the
process waits for the journal. Runs/s of the whole product at 250, 500 and 1,000: 3,300, 3,700 and 4,000 with one
executor, 4,700, 4,800 and 4,600 with two on the same two cores.
"""
NEAR_SECONDS: Final = 2.0
"""A time that comes so soon is waited for in memory; for others the run is given up meanwhile."""


class Runner:
    """The runs that this process performs, each as a task of its own."""

    def __init__(
        self,
        journal: Journal,
        versions: Versions,
        gate: Gate,
        publication: Publication,
        on_fatal: Callable[[BaseException], None],
        room: Room,
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._gate = gate
        self._publication = publication
        self._on_fatal = on_fatal
        self._room = room
        self._stopping = False
        journal.take_turns = self.take_turns
        self._active: dict[str, ActiveRun] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._moving = 0
        self._calm = asyncio.Event()
        self._calm.set()

    @property
    def active(self) -> int:
        """Runs under way in this process."""
        return len(self._tasks)

    async def until_calm(self) -> None:
        """Return when few runs are on their way between two waits, whatever the number of those that wait."""
        await self._calm.wait()

    def begin(self, accepted: Acceptance, moved: Transition) -> None:
        """Perform a run that was just accepted; its first fact is published too."""
        run = accepted.run
        active = ActiveRun(run, PublishedUpTo(0), moved.timers, saved_seq=0)
        active.untold.append(accepted.told)
        active.to_perform.extend(moved.effects)
        active.holds_turn = run.takes_turns
        self._spawn(active)

    def announce(self, queued: Acceptance) -> None:
        """Publish the first fact of a run that waits for its turn. Whoever performs it publishes that once more."""
        self._publication.add(results_key(queued.run), encode(queued.told.fact()), queued.run.seq, PublishedUpTo(0))

    def resume(self, held: HeldRun) -> None:
        """Go on with a run that was taken over: publish what may not have been, perform what was under way."""
        active = self._take_up(held)
        active.was_in_flight = True
        self._spawn(active)

    def wake(self, held: HeldRun, fired: Sequence[TimerFired] = ()) -> None:
        """Go on with a run that waited; nothing of it was under way, though calls of it may wait for a place."""
        active = self._take_up(held)
        active.was_waiting = True
        for timer in fired:
            active.give(timer)
        self._spawn(active)

    def take_turns(self, handed_on: Sequence[HeldRun]) -> None:
        """Go on with runs whose turn has come. A process that stops leaves them to whoever takes over."""
        HANDED_ON.inc(len(handed_on))
        if not self._stopping:
            for held in handed_on:
                self.wake(held)

    def deliver(self, run_id: str, inputs: Sequence[PendingInput]) -> None:
        """Give inputs to a run that this process performs; where it does not any more, they lie in the inbox."""
        active = self._active.get(run_id)
        if active is not None:
            active.take(inputs)

    async def stop(self, grace_seconds: float) -> None:
        """Let runs come to a point where they can be given up, for so long at the most; end the others.

        From now on there is no room for more.
        """
        self._stopping = True
        self._room.shut()
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _take_up(self, held: HeldRun) -> ActiveRun:
        active = ActiveRun(held.run, PublishedUpTo(held.published), timers_of(held.run), saved_seq=held.run.seq)
        active.to_replay = held.journaled
        active.holds_turn = held.holds_turn
        active.take(held.inputs)
        return active

    def _spawn(self, active: ActiveRun) -> None:
        run_id = active.run.run_id
        self._note_moving(1)
        task = asyncio.create_task(self._perform(active))
        self._tasks[run_id], self._active[run_id] = task, active
        self._room.hold(len(self._tasks))

    def _note_moving(self, change: int) -> None:
        self._moving += change
        if self._moving < MOST_MOVING:
            self._calm.set()
        else:
            self._calm.clear()

    async def _perform(self, active: ActiveRun) -> None:
        """Perform a run until it is given up."""
        run_id = active.run.run_id
        try:
            plan = await self._prepare(active)
            while not await self._perform_on(active, plan):
                pass
        except UnknownVersion as error:
            log.error("a run cannot go on with this release; it stays as it is", run_id=run_id, error=str(error))
        except Exception as error:
            self._on_fatal(error)
        finally:
            await active.cancel_effects()
            self._note_moving(-1)
            if self._active.get(run_id) is active:
                del self._tasks[run_id], self._active[run_id]
            self._room.hold(len(self._tasks))

    async def _prepare(self, active: ActiveRun) -> Plan:
        """Bring a run to where it goes on; return the plan of its version."""
        begun = active.run
        plan = await self._versions.plan(begun.tenant_id, begun.automation_id, begun.version)
        self._replay(active, plan)
        if active.was_in_flight:
            taken = take_up(active.run, plan, utc_now())
            active.to_perform.extend(taken.effects)
            for given in taken.inputs:
                active.give(given)
        elif active.was_waiting:
            calls = calls_put_off(active.run, plan)
            active.to_perform.extend(calls)
            active.not_begun.update(call.path for call in calls)
        if active.holds_turn and active.run.state == "queued":
            active.give(TurnGranted(at=utc_now()))
        return plan

    def _replay(self, active: ActiveRun, plan: Plan) -> None:
        """Bring the run to where its journal is, and publish the facts that may not have been."""
        published = active.published.seq
        for entry in active.to_replay:
            given = input_decoder.decode(entry.input)
            moved = None
            if isinstance(given, Started):
                moved = start_run(given, plan)
            elif entry.seq > active.run.seq:
                moved = apply_input(active.run, plan, given)
            if moved is not None and entry.seq > active.run.seq:
                active.run, active.timers = moved.run, moved.timers
            if entry.seq > published:
                fact = entry.fact
                if fact is None:
                    fact = encode(None if moved is None else moved.fact)
                self._publication.add(active.key, fact, entry.seq, active.published)

    async def _perform_on(self, active: ActiveRun, plan: Plan) -> bool:
        """Do what there is to do, or wait until there is something; return whether the run was given up."""
        active.fire_timers()
        if active.inputs:
            await self._advance(active, plan)
        active.withdraw_calls()
        self._perform_effects(active)
        if active.inputs:
            return False
        self._tell(active)
        if active.performing or active.seconds_to_next() < NEAR_SECONDS:
            await self._until_something_comes(active)
            return False
        await active.published.until(active.run.seq)
        if active.inputs:
            return False
        destinations = tuple(set(active.put_off.values()))
        gives_turn = active.holds_turn and (active.run.ended or active.run.parked)
        release = Release(active.run, active.published.seq, active.timers, destinations, gives_turn)
        pending = await self._journal.release(release)
        active.take(pending)
        return not pending

    async def _until_something_comes(self, active: ActiveRun) -> None:
        self._note_moving(-1)
        try:
            await active.until_something_comes()
        finally:
            self._note_moving(1)

    def _tell(self, active: ActiveRun) -> None:
        """Publish what is journaled and was not told yet: in as few facts as can be, if they are not large."""
        if not active.untold:
            return
        told, active.untold = active.untold, []
        facts = join_told(told)
        values = [encode(fact) for fact in facts]
        if len(facts) < len(told) and max(map(len, values)) > MOST_BYTES_TOLD_TOGETHER:
            facts = [one.fact() for one in told]
            values = [encode(fact) for fact in facts]
        for fact, value in zip(facts, values, strict=True):
            self._publication.add(active.key, value, fact.seq, active.published)

    def _perform_effects(self, active: ActiveRun) -> None:
        while active.to_perform:
            effect = active.to_perform.popleft()
            active.not_begun.discard(effect.path)
            known = self._answer_at_once(active.run, effect)
            if known is None:
                active.performing[effect.path] = asyncio.create_task(self._attempt(active, effect))
            else:
                active.give(known)

    def _answer_at_once(self, run: Run, effect: Effect) -> Input | None:
        try:
            return self._gate.answer_at_once(run, effect)
        except Exception as error:
            return _unforeseen(run, effect, error)

    async def _attempt(self, active: ActiveRun, effect: Effect) -> None:
        """Give the run what became of the effect; an error that nobody foresaw fails its step, and nothing else."""
        outcome: Input | PutOff | None
        try:
            outcome = await self._gate.perform(active.run, effect)
        except Exception as error:
            outcome = _unforeseen(active.run, effect, error)
        active.performing.pop(effect.path, None)
        if isinstance(outcome, PutOff):
            active.put_off[effect.path] = outcome.destination
            active.look()
            return
        passed("effect done")
        if outcome is None:
            active.look()
        else:
            active.give(outcome)

    async def _advance(self, active: ActiveRun, plan: Plan) -> None:
        """Apply the inputs that have come, make what they led to durable, and only then go on."""
        moves: list[tuple[Input, Told]] = []
        taken: list[str] = []
        effects: list[Effect] = []
        run, timers = active.run, active.timers
        applied = 0
        for one in active.next_inputs():
            applied += 1
            given, moved = _apply(run, plan, one.input)
            run, timers = moved.run, moved.timers
            effects.extend(moved.effects)
            if one.key is not None:
                taken.append(one.key)
            if moved.told is not None:
                moves.append((given, moved.told))
        if moves or taken:
            saves = run.seq - active.saved_seq >= FACTS_A_STATE
            if saves:
                # Facts from before the state that is saved now could not be told any more by who takes the run over.
                self._tell(active)
                await active.published.until(active.run.seq)
            entries = tuple([entry_of(given, told, saves_state=saves) for given, told in moves])
            await self._journal.advance(Advance(run, active.published.seq, entries, tuple(taken), saves))
            if saves:
                active.saved_seq = run.seq
            passed("result journaled")
        active.untold += [told for _, told in moves]
        if len(active.untold) >= MOST_FACTS_TOLD_TOGETHER:
            self._tell(active)
        active.move(run, timers, effects, inputs=applied)


def _unforeseen(run: Run, effect: Effect, error: Exception) -> EffectFailed:
    """Return the failure of an effect by an error that nobody foresaw."""
    log.error("an effect could not be performed", run_id=run.run_id, path=effect.path, exc_info=error)
    said = StepError(kind="internal", message=f"the step could not be performed: {error}")
    return EffectFailed(path=effect.path, attempt=effect.attempt, error=said, at=utc_now())


def _apply(run: Run, plan: Plan, given: Input) -> tuple[Input, Transition]:
    """Return the transition; an answer that the action cannot make sense of fails its step, nothing else."""
    try:
        return given, apply_input(run, plan, given)
    except Exception as error:
        if not isinstance(given, EffectSucceeded):
            raise
        log.exception("an answer could not be read", run_id=run.run_id, path=given.path)
        message = f"the answer was not as expected: {type(error).__name__}: {error}"
        step = run.step_at(given.path)
        failed = EffectFailed(
            path=given.path,
            attempt=given.attempt if step is None else step.attempts,
            error=StepError(kind="unexpected_answer", message=message),
            at=utc_now(),
        )
        return failed, apply_input(run, plan, failed)
