"""Records histories of graphs with the present engine: `python -m tests.golden.record`. What is there stays."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from automations.definition import validate_document
from executor.engine.inputs import CancelRequested
from executor.engine.plan import plan_version
from tests.support.engine_runs import RECORD, EngineRun, started, webhook

FOLDER = Path(__file__).with_name("graph-runs")
NOTE = {"type": "notify_user", "params": {"user": "ines", "message": "{{ record.name }}"}}
TASK = {"id": "ask", "type": "human_task", "params": {"title": "Approve {{ record.name }}", "due": "2d"}}

Moves = Callable[[EngineRun], None]


def retried(run: EngineRun) -> None:
    """An effect that fails twice and then succeeds."""
    for _ in range(2):
        run.fail("call", retryable=True)
        run.fire(run.timers[-1].key)
    run.succeed("call", {"id": "7"})


def cancelled(run: EngineRun) -> None:
    """A cancellation while an effect is in flight and a task is open."""
    run.give(CancelRequested(requested_by="ines", reason="not needed any more", at=run.at()))
    run.succeed("call")


def timed_out(run: EngineRun) -> None:
    """A task that nobody completes."""
    run.fire("timeout:ask")
    run.cooperate()


def item_fails(run: EngineRun) -> None:
    """The second item of three fails."""
    run.succeed("each[0].call")
    run.fail("each[1].call")
    run.cooperate()


CASES: dict[str, tuple[list[dict[str, Any]], Moves]] = {
    "parallel-join": (
        [webhook("a", next=["b", "c"]), webhook("b", next="d"), webhook("c", next="d"), webhook("d")],
        EngineRun.cooperate,
    ),
    "branch": (
        [
            {"id": "way", "type": "branch", "branches": [{"when": {"name": "Other"}, "next": "a"}], "otherwise": "b"},
            webhook("a", next=None),
            {"id": "b", **NOTE},
        ],
        EngineRun.cooperate,
    ),
    "retry": ([webhook("call", retry={"max_attempts": 3})], retried),
    "delay-and-values": (
        [
            {"id": "keep", "type": "set", "params": {"values": {"who": "{{ record.name }}"}}},
            {"id": "wait", "type": "delay", "params": {"for": "3d"}},
            webhook("call", when={"vars.who": "Portal"}),
        ],
        EngineRun.cooperate,
    ),
    "task-out-of-time": (
        [{**TASK, "timeout": "3d", "on_timeout": {"next": "late"}, "next": None}, {"id": "late", **NOTE}],
        timed_out,
    ),
    "task-completed": ([{**TASK, "timeout": "3d"}, webhook("call")], EngineRun.cooperate),
    "cancelled": (
        [webhook("first", next=["call", "ask"]), webhook("call", next=None), {**TASK, "next": None}],
        lambda run: (run.succeed("first"), cancelled(run))[1],
    ),
    "loop-of-loops": (
        [
            {
                "id": "outer",
                "type": "for_each",
                "items": [[1, 2], [3]],
                "max": 9,
                "at_once": 2,
                "actions": [
                    {"id": "inner", "type": "for_each", "items": "{{ item }}", "max": 9, "actions": [webhook("call")]}
                ],
            }
        ],
        EngineRun.cooperate,
    ),
    "failed-item-led-away": (
        [
            {
                "id": "each",
                "type": "for_each",
                "items": [1, 2, 3],
                "at_once": 2,
                "on_error": {"next": "mend"},
                "next": None,
                "actions": [webhook("call")],
            },
            webhook("mend"),
        ],
        item_fails,
    ),
    "waited-for-its-turn": ([webhook("call"), TASK], EngineRun.cooperate),
    "cancelled-before-its-turn": (
        [webhook("call")],
        lambda run: (run.give(CancelRequested(requested_by="ines", at=run.at())), None)[1],
    ),
}
QUEUED = frozenset({"waited-for-its-turn", "cancelled-before-its-turn"})
"""The cases whose turn is taken when they start."""


def main() -> None:
    """Record what is not recorded yet."""
    FOLDER.mkdir(exist_ok=True)
    for name, (actions, move) in CASES.items():
        path = FOLDER / f"{name}.json"
        if path.exists():
            continue
        checked = validate_document({"name": "t", "trigger": {"event": "case.created"}, "actions": actions})
        assert checked.document is not None, (name, checked.problems)
        run = EngineRun(plan_version(checked.document), started(record=RECORD, turn_free=name not in QUEUED))
        move(run)
        assert run.run.ended, name
        path.write_text(json.dumps({"document": checked.document, "history": run.recorded()}, indent=1) + "\n")


if __name__ == "__main__":
    main()
