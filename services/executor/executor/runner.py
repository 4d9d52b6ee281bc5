"""Performs runs: effect, input, journal, next effect, until the run waits or has ended and is given up."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Sequence

from automations.clock import utc_now
from automations.contracts.results import StepError
from automations.observability import get_logger
from executor.engine.inputs import EffectFailed, EffectSucceeded, Input
from executor.engine.plan import Plan
from executor.engine.run import Run
from executor.engine.transition import Effect, Transition, apply_input, effects_under_way
from executor.gate import Gate, Outcome
from executor.journal.rows import Acceptance, Advance, HeldRun, PendingInput, Release, entry_of
from executor.journal.store import Journal
from executor.journal.versions import UnknownVersion, Versions
from executor.publication import Publication, PublishedUpTo, results_key

log = get_logger(__name__)


class Runner:
    """The runs that this process performs, each as a task of its own."""

    def __init__(
        self,
        journal: Journal,
        versions: Versions,
        gate: Gate,
        publication: Publication,
        on_fatal: Callable[[BaseException], None],
        max_active: int,
    ) -> None:
        self._journal = journal
        self._versions = versions
        self._gate = gate
        self._publication = publication
        self._on_fatal = on_fatal
        self._max_active = max_active
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Event()
        self._room.set()

    @property
    def active(self) -> int:
        """Runs under way in this process."""
        return len(self._tasks)

    async def until_room(self) -> None:
        """Return when more runs may be begun."""
        await self._room.wait()

    def begin(self, accepted: Acceptance, effects: Sequence[Effect]) -> None:
        """Perform a run that was just accepted; its first fact is published too."""
        run = accepted.run
        published = PublishedUpTo(0)
        self._publication.add(results_key(run), accepted.entry.fact, accepted.entry.seq, published)
        self._spawn(run, published, effects, ())

    async def resume(self, held: HeldRun, inputs: Sequence[PendingInput]) -> None:
        """Go on with a run that was taken over: publish what may not have been, perform what was under way."""
        run = held.run
        published = PublishedUpTo(held.published)
        for seq, fact in await self._journal.load_facts(run.run_id, held.published):
            self._publication.add(results_key(run), fact, seq, published)
        self._spawn(run, published, effects_under_way(run), inputs)

    def wake(self, held: HeldRun, inputs: Sequence[PendingInput]) -> None:
        """Go on with a run that waited; nothing of it was under way but what waited for these inputs."""
        self._spawn(held.run, PublishedUpTo(held.published), (), inputs)

    async def stop(self, grace_seconds: float) -> None:
        """Let runs come to a point where they can be given up, for so long at the most; end the others."""
        tasks = list(self._tasks.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=grace_seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    def _spawn(
        self, run: Run, published: PublishedUpTo, effects: Iterable[Effect], inputs: Sequence[PendingInput]
    ) -> None:
        task = asyncio.create_task(self._perform(run, published, deque(effects), inputs))
        self._tasks[run.run_id] = task
        task.add_done_callback(lambda done: self._ended(run.run_id, done))
        if len(self._tasks) >= self._max_active:
            self._room.clear()

    def _ended(self, run_id: str, task: asyncio.Task[None]) -> None:
        if self._tasks.get(run_id) is task:
            del self._tasks[run_id]
        if len(self._tasks) < self._max_active:
            self._room.set()
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, UnknownVersion):
            log.error("a run cannot go on with this release; it stays as it is", run_id=run_id, error=str(error))
        else:
            self._on_fatal(error)

    async def _perform(
        self, run: Run, published: PublishedUpTo, effects: deque[Effect], inputs: Sequence[PendingInput]
    ) -> None:
        while True:
            for pending in inputs:
                run = await self._advance(run, published, pending.input, effects, taken=(pending.key,))
            while effects:
                effect = effects.popleft()
                if effect.pause_seconds:
                    await asyncio.sleep(effect.pause_seconds)
                outcome = await self._attempt(run, effect)
                if outcome is not None:
                    run = await self._advance(run, published, outcome, effects)
            await published.until(run.seq)
            inputs = await self._journal.release(Release(run.run_id, published.seq))
            if not inputs:
                return

    async def _attempt(self, run: Run, effect: Effect) -> Outcome | None:
        """Return what became of the effect; an error that nobody foresaw fails its step, and nothing else."""
        try:
            return await self._gate.perform(run, effect)
        except Exception as error:
            log.exception("an effect could not be performed", run_id=run.run_id, path=effect.path)
            said = StepError(kind="internal", message=f"the step could not be performed: {error}")
            return EffectFailed(path=effect.path, attempt=effect.attempt, error=said, at=utc_now())

    async def _advance(
        self,
        run: Run,
        published: PublishedUpTo,
        given: Input,
        effects: deque[Effect],
        taken: tuple[str, ...] = (),
    ) -> Run:
        plan = await self._versions.plan(run.tenant_id, run.automation_id, run.version)
        given, moved = _apply(run, plan, given)
        if moved.fact is None:
            if taken:
                await self._journal.advance(Advance(run, published.seq, (), taken))
            return run
        entry = entry_of(given, moved.fact)
        await self._journal.advance(Advance(moved.run, published.seq, (entry,), taken))
        self._publication.add(results_key(run), entry.fact, entry.seq, published)
        effects.extend(moved.effects)
        return moved.run


def _apply(run: Run, plan: Plan, given: Input) -> tuple[Input, Transition]:
    """Return the transition; an answer that the action cannot make sense of fails its step, nothing else."""
    try:
        return given, apply_input(run, plan, given)
    except Exception as error:
        if not isinstance(given, EffectSucceeded):
            raise
        log.exception("an answer could not be read", run_id=run.run_id, path=given.path)
        message = f"the answer was not as expected: {type(error).__name__}: {error}"
        failed = EffectFailed(
            path=given.path,
            attempt=given.attempt,
            error=StepError(kind="unexpected_answer", message=message),
            at=utc_now(),
        )
        return failed, apply_input(run, plan, failed)
