"""Recorded histories of earlier releases are replayed: what they journaled is still understood, and comes out alike."""

import json
from pathlib import Path
from typing import Any

import pytest

from automations.contracts.results import RunAdvanced, result_reader
from automations.contracts.wire import encode
from executor.engine.inputs import Input, Started, input_decoder
from executor.engine.outcomes import Transition
from executor.engine.plan import plan_version
from executor.engine.transition import apply_input, start_run, take_up
from executor.journal.rows import read_run

GOLDEN = Path(__file__).parents[2] / "golden"
LINEAR = sorted((GOLDEN / "linear-runs").glob("*.json"))
"""Of the release before there were graphs."""
GRAPHS = sorted((GOLDEN / "graph-runs").glob("*.json"))


GAINED = {"next_attempt_at"}
"""Fields of steps in facts that came after the recording."""


def without_gained(fact: dict[str, Any]) -> dict[str, Any]:
    """Return a fact as it was told when the histories were recorded."""
    steps = [{name: value for name, value in step.items() if name not in GAINED} for step in fact.get("steps", [])]
    return {**fact, "steps": steps} if steps else fact


def read_inputs(history: list[dict[str, Any]]) -> list[Input]:
    return [input_decoder.decode(json.dumps(row["input"])) for row in history]


def told(facts: list[RunAdvanced]) -> list[Any]:
    """Return what facts say of statuses, outputs, errors and verdicts."""
    return [
        (
            fact.status,
            [(step.path, step.status, step.output, step.error) for step in fact.steps],
            [(task.task_id, task.status) for task in fact.tasks],
            fact.verdict,
            fact.error,
            fact.waiting is not None,
        )
        for fact in facts
    ]


def recorded_facts(history: list[dict[str, Any]]) -> list[RunAdvanced]:
    facts = [result_reader.read(json.dumps(row["fact"]).encode()) for row in history if row["fact"] is not None]
    return [fact for fact in facts if isinstance(fact, RunAdvanced)]


def start(history: list[dict[str, Any]], document: dict[str, Any]) -> Transition:
    first = input_decoder.decode(json.dumps(history[0]["input"]))
    assert isinstance(first, Started)
    return start_run(first, plan_version(document))


@pytest.mark.parametrize("path", LINEAR, ids=lambda path: path.stem)
def test_history_before_the_graphs_gives_the_same_facts(path: Path) -> None:
    """The recorded inputs, applied anew with their pauses over, tell what was told then."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    plan, history = plan_version(recorded["document"]), recorded["history"]
    moved = start(history, recorded["document"])
    facts = [moved.fact]
    for given in read_inputs(history[1:]):
        moved = apply_input(moved.run, plan, given)
        facts.append(moved.fact)
        for timer in moved.timers:
            moved = apply_input(moved.run, plan, input_decoder.decode(encode_timer(timer.key, given.at)))
    assert told([fact for fact in facts if fact is not None]) == told(recorded_facts(history))


def encode_timer(key: str, at: Any) -> bytes:
    from executor.engine.inputs import TimerFired

    return encode(TimerFired(key=key, at=at))


@pytest.mark.parametrize("path", LINEAR, ids=lambda path: path.stem)
def test_run_in_the_middle_before_the_graphs_goes_on(path: Path) -> None:
    """Each recorded state is read, taken up, and comes to the same end by the inputs that followed it."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    plan, history = plan_version(recorded["document"]), recorded["history"]
    inputs = read_inputs(history)
    for place, row in enumerate(history):
        run = read_run(json.dumps(row["state"]).encode())
        assert run.seq == row["state"].get("seq", 0)
        in_flight = {step["path"] for step in row["state"]["steps"] if step["status"] == "running"}
        taken = take_up(run, plan, run.started_at)
        assert {effect.path for effect in taken.effects} == in_flight
        assert not taken.inputs
        for given in inputs[place + 1 :]:
            run = apply_input(run, plan, given).run
        assert run.status == history[-1]["state"].get("status", "running")
        assert read_run(encode(run)) == run


@pytest.mark.parametrize("path", GRAPHS, ids=lambda path: path.stem)
def test_history_of_graphs_replays_to_the_same_states_and_facts(path: Path) -> None:
    """The recorded inputs give the recorded states, facts and times, but for what facts have learned to say since."""
    recorded = json.loads(path.read_text(encoding="utf-8"))
    plan, history = plan_version(recorded["document"]), recorded["history"]
    moved = start(history, recorded["document"])
    for place, given in enumerate([None, *read_inputs(history[1:])]):
        if given is not None:
            moved = apply_input(read_run(json.dumps(history[place - 1]["state"]).encode()), plan, given)
        assert json.loads(encode(moved.run)) == history[place]["state"]
        assert without_gained(json.loads(encode(moved.fact))) == history[place]["fact"]
        assert json.loads(encode(moved.timers)) == history[place]["timers"]


def test_histories_were_recorded() -> None:
    assert len(LINEAR) >= 6
    assert len(GRAPHS) >= 8
