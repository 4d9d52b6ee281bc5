"""A run while one transition works on it: its steps by path, and everything that the transition is to tell.

Nothing here decides; `steering` and `transition` do. Every change of a step or of the run goes through
`move_step` and `move_run`, and so through the tables of `states`.
"""

from collections import deque
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.events import event_names
from automations.contracts.limits import SMALL_BYTES, exceeds_run, exceeds_step
from automations.contracts.results import RunStart, TaskView, Verdict
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from automations.paths import Scope
from executor.engine.facts import Told
from executor.engine.outcomes import Effect, Transition, effect_of, timers_of
from executor.engine.plan import Plan, PlannedAction
from executor.engine.run import Loop, LoopItem, Run, Step, enclosing, item_of, prefix_of
from executor.engine.states import RunEvent, StepEvent, next_run_state, next_step_state

_replace = msgspec.structs.replace


class Progress:
    """The working copy of a run, at one moment."""

    __slots__ = (
        "_notes", "at", "closed_tasks", "data_bytes", "effects", "ended_at", "error", "plan", "ready",
        "run", "settled", "start", "state", "steps", "tasks", "timeout_at", "touched", "unreached", "vars", "verdict",
    )  # fmt: skip

    def __init__(self, run: Run, plan: Plan, at: datetime) -> None:
        self.run, self.plan, self.at = run, plan, at
        self.state, self.error, self.ended_at, self.timeout_at = run.state, run.error, run.ended_at, run.timeout_at
        self.steps: dict[str, Step] = {step.path: step for step in run.steps}
        self.unreached: dict[str, None] = dict.fromkeys(run.unreached)
        self.vars = run.vars
        self.closed_tasks = run.closed_tasks
        self.data_bytes = run.data_bytes
        self.settled: deque[str] = deque()
        """Paths that have just ended or were passed by, whose edges are to be looked at."""
        self.ready: deque[str] = deque()
        """Paths that may begin."""
        self.touched: dict[str, None] = {}
        """Items of loops in which something has ended."""
        self.effects: dict[str, Effect] = {}
        self.tasks: list[TaskView] = []
        self.verdict: Verdict | None = None
        self.start: RunStart | None = None
        self._notes: dict[str, dict[str, Any]] = {}

    # What is so

    def under_way(self, prefix: str = "") -> Iterator[Step]:
        """Give the steps under way whose paths begin so, in the order they began."""
        return (step for step in self.steps.values() if step.under_way and step.path.startswith(prefix))

    def in_flight(self, prefix: str = "") -> bool:
        """Whether a step other than a loop is under way below a prefix."""
        return any(step.loop is None for step in self.under_way(prefix))

    def is_closed(self, prefix: str) -> bool:
        """Whether no step may begin there any more: the run, or an item around it, has come or is coming to its end."""
        if not prefix or self.state != "running":
            return self.state != "running"
        items = (self.item(each) for each in enclosing(prefix))
        return any(item is None or item.error is not None for item in items)

    def item(self, prefix: str) -> LoopItem | None:
        """Return the item that a prefix names, while it is under way."""
        path, index = item_of(prefix)
        step = self.steps.get(path)
        return None if step is None or step.loop is None else step.loop.under_way.get(index)

    def loop(self, path: str) -> Loop:
        """Return the loop of a step under way."""
        loop = self.steps[path].loop
        assert loop is not None
        return loop

    def scope(self, prefix: str, action: PlannedAction) -> Scope:
        """Return what the action's conditions and texts may speak of in a step that begins there now."""
        event = self.run.event
        item, index, values = None, None, self.vars
        if (under_way := self.item(prefix) if prefix else None) is not None:
            item, index, values = under_way.item, item_of(prefix)[1], under_way.vars
        return Scope(
            record=event.record,
            event=event_names(event) if "event" in action.may_name else {},
            changes=event.changes,
            steps=self._outcomes(prefix) if "steps" in action.may_name else {},
            item=item,
            index=index,
            vars=values,
            now=self.at,
        )

    def _outcomes(self, prefix: str) -> dict[str, object]:
        """Return what the steps came to that names may speak of there, by the ids of their actions."""
        around = tuple(enclosing(prefix))
        return {
            path[path.rfind(".") + 1 :] if around else path: {"status": step.status, "output": step.output}
            for path, step in self.steps.items()
            if step.status != "skipped" and ("." not in path or prefix_of(path) in around)
        }

    # What changes

    def hold(self, what: str, value: object, times: int = 1) -> StepError | None:
        """Count what a step asks for, yields or gives a name to; where it is too large, return why the step fails."""
        size = len(encode(value))
        if size < SMALL_BYTES:
            return None
        error = exceeds_step(what, size) or exceeds_run(what, size * times, self.data_bytes)
        if error is None:
            self.data_bytes += size * times
        return error

    def move_step(self, step: Step, event: StepEvent, **changed: Any) -> Step:
        """Put a step into the state that the event leads to."""
        step = _replace(step, status=next_step_state(step.status, event), **changed)
        self.steps[step.path] = step
        return step

    def change_step(self, step: Step, **changed: Any) -> Step:
        """Change what a step holds, within its state."""
        step = _replace(step, **changed)
        self.steps[step.path] = step
        return step

    def move_run(self, event: RunEvent, error: StepError | None = None) -> bool:
        """Put the run into the state that the event leads to; return whether that was news.

        The error counts only where it decides.
        """
        before, self.state = self.state, next_run_state(self.state, event)
        if before != self.state and error is not None:
            self.error = error
        return before != self.state

    def change_loop(self, path: str, **changed: Any) -> Loop:
        """Change how far a loop is."""
        loop = _replace(self.loop(path), **changed)
        self.steps[path] = _replace(self.steps[path], loop=loop)
        return loop

    def change_item(self, prefix: str, **changed: Any) -> None:
        """Change an item under way."""
        path, index = item_of(prefix)
        under_way = dict(self.loop(path).under_way)
        under_way[index] = _replace(under_way[index], **changed)
        self.change_loop(path, under_way=under_way)

    def settle(self, path: str) -> None:
        """Have the edges of a step that has ended looked at, and the items around it."""
        self.settled.append(path)
        if "." in path:
            self.touched.update(dict.fromkeys(enclosing(prefix_of(path))))

    def perform(self, step: Step, action: PlannedAction) -> None:
        """Have the present attempt at the step's effect performed."""
        self.effects[step.path] = effect_of(self.run.run_id, step, action.type, action.at_most_once)

    # What is told

    def note(self, path: str, status: str, attempts: int = 0, **changed: Any) -> None:
        """Tell history of a step; what a later note of the same transition says is laid over it."""
        changed["status"], changed["attempts"] = status, attempts
        noted = self._notes.get(path)
        if noted is None:
            self._notes[path] = changed
        else:
            noted.update(changed)

    def finish(self) -> Transition:
        """Return the transition, with the next number for its fact."""
        run = _replace(
            self.run,
            state=self.state,
            seq=self.run.seq + 1,
            steps=tuple(self.steps.values()),
            unreached=tuple(self.unreached),
            vars=self.vars,
            closed_tasks=self.closed_tasks,
            data_bytes=self.data_bytes,
            timeout_at=self.timeout_at,
            error=self.error,
            ended_at=self.ended_at,
        )
        told = Told(run, self.plan, self.at, self._notes, self.tasks, self.verdict, self.start, bool(self.effects))
        return Transition(run, told, tuple(self.effects.values()), timers_of(run))
