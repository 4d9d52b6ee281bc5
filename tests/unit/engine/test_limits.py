"""How much data a step and a run may hold: the rules 54 to 57 of the graph, and what they bound."""

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automations.contracts.limits import MAX_RUN_BYTES, MAX_STEP_BYTES, SMALL_BYTES, TOO_LARGE
from automations.contracts.results import OMITTED
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from automations.messaging.topic_setup import MAX_MESSAGE_BYTES
from executor.publication import without_data, without_steps
from tests.support.engine_runs import EngineRun, plan_of, started, webhook

LARGE = "x" * MAX_STEP_BYTES
HOOK: dict[str, Any] = {"url": "https://example.com/hook"}
TASK: dict[str, Any] = {"id": "ask", "type": "human_task", "params": {"title": "Approve"}}


def error_at(moved: EngineRun, path: str) -> StepError:
    error = moved.history[path].error
    assert error is not None
    assert error.kind == TOO_LARGE
    assert not error.retryable
    return error


def echo(own: str, text: str, **fields: Any) -> dict[str, Any]:
    return webhook(own, **fields) | {"params": {**HOOK, "body": {"text": text}}}


TOO_MUCH: dict[str, dict[str, Any]] = {
    "what the step asks for": echo("step", "{{ record.text }}"),
    "the list of items": {"id": "step", "type": "for_each", "items": "{{ record.items }}", "actions": [webhook("in")]},
    "what the parameters come to": {"id": "step", "type": "set", "params": {"values": {"all": "{{ record.items }}"}}},
}


@pytest.mark.parametrize("what", TOO_MUCH)
def test_step_that_asks_for_too_much_fails_before_it_begins(what: str) -> None:
    """The error names limit and size; what was too large is told to nobody, and a way leads on from the failure."""
    record = {"id": "1", "text": LARGE, "items": [LARGE]}
    moved = EngineRun(plan_of(TOO_MUCH[what] | {"on_error": "continue"}, echo("after", "m")), started(record=record))
    error = error_at(moved, "step")
    assert error.message.startswith(what)
    assert f"{MAX_STEP_BYTES} at the most" in error.message
    assert error.detail["size_bytes"] > error.detail["limit_bytes"] == MAX_STEP_BYTES
    assert moved.history["step"].input == OMITTED
    assert not moved.run.vars
    assert list(moved.in_flight) == ["after"]
    assert moved.succeed("after").run.status == "completed"


def test_request_of_the_greatest_size_is_sent() -> None:
    room = MAX_STEP_BYTES - 1_000
    moved = EngineRun(plan_of(echo("step", "{{ record.text }}")), started(record={"id": "1", "text": "x" * room}))
    assert list(moved.in_flight) == ["step"]


def test_step_that_yields_too_much_fails_and_keeps_nothing() -> None:
    moved = EngineRun(plan_of(webhook("step"), webhook("after")), started())
    moved.succeed("step", {"text": LARGE})
    assert error_at(moved, "step").message.startswith("what the step yields")
    assert moved.run.status == "failed"
    assert moved.history["step"].output is None
    assert len(encode(moved.run)) < 5_000


def test_answer_of_a_person_that_is_too_large_leaves_the_task_open() -> None:
    moved = EngineRun(plan_of(TASK), started())
    moved.submit("ask", {"text": LARGE}, "too much")
    verdict = moved.facts[-1].verdict
    assert verdict is not None
    assert (verdict.accepted, verdict.reason) == (False, TOO_LARGE)
    assert moved.run.parked
    moved.submit("ask", {"text": "less"}, "less")
    assert moved.run.status == "completed"


def test_run_that_holds_too_much_fails_the_step_that_goes_beyond() -> None:
    """Steps of 200 KiB each: those that fit are completed; the first that does not says how much there is."""
    each = 200 * 1024
    fitting = MAX_RUN_BYTES // (each + 60)
    moved = EngineRun(plan_of(*(webhook(f"s{n}") for n in range(fitting + 2))), started())
    for number in range(fitting + 1):
        moved.succeed(f"s{number}", {"text": "x" * each})
    assert moved.run.status == "failed"
    error = error_at(moved, f"s{fitting}")
    assert error.detail["limit_bytes"] == MAX_RUN_BYTES
    assert error.detail["held_bytes"] + error.detail["size_bytes"] > MAX_RUN_BYTES
    assert error.detail["held_bytes"] == moved.run.data_bytes
    assert moved.replayed() == moved.run


def test_small_values_are_not_counted() -> None:
    moved = EngineRun(plan_of(webhook("a"), webhook("b")), started())
    moved.succeed("a", {"text": "x" * (SMALL_BYTES // 2)})
    assert moved.run.data_bytes == 0
    moved.succeed("b", {"text": "x" * SMALL_BYTES})
    assert moved.run.data_bytes > SMALL_BYTES


def test_values_that_each_item_gets_count_for_each() -> None:
    """An item has its own copy of the named values; a loop whose copies do not fit fails, and begins none."""
    keep = {"id": "keep", "type": "set", "params": {"values": {"text": "{{ record.text }}"}}}
    each = {"id": "each", "type": "for_each", "items": list(range(40)), "at_once": 40, "actions": [webhook("in")]}
    moved = EngineRun(plan_of(keep, each), started(record={"id": "1", "text": "x" * 200_000}))
    assert error_at(moved, "each").message.startswith("what the values come to")
    assert not moved.begun
    fewer = EngineRun(plan_of(keep, each | {"at_once": 4}), started(record={"id": "1", "text": "x" * 20_000}))
    assert len(fewer.in_flight) == 4


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_state_is_bounded_whatever_comes(data: st.DataObject) -> None:
    """However large answers and items are, the state stays below the run's limit and what small values add."""
    sizes = st.sampled_from([10, 900, 50_000, 250_000, 300_000])
    items = [{"text": "x" * data.draw(sizes)} for _ in range(data.draw(st.integers(1, 12)))]
    inner = [echo("ask", "{{ item.text }}", on_error="continue"), webhook("tell", on_error="continue")]
    keep = {"id": "keep", "type": "set", "params": {"values": {"text": "{{ record.text }}"}}, "on_error": "continue"}
    loop = {"id": "each", "type": "for_each", "items": "{{ record.items }}", "at_once": 5, "actions": inner}
    plan = plan_of(keep, loop | {"on_error": "continue"}, webhook("last"))
    moved = EngineRun(plan, started(record={"id": "1", "text": "x" * data.draw(sizes), "items": items}))
    event = len(encode(moved.run.event))
    while not moved.run.ended:
        assert moved.in_flight
        moved.succeed(min(moved.in_flight), {"text": "x" * data.draw(sizes)})
        assert moved.run.data_bytes <= MAX_RUN_BYTES
        assert len(encode(moved.run)) < event + MAX_RUN_BYTES + len(moved.history) * 4 * SMALL_BYTES


def test_fact_that_is_too_large_for_kafka_is_made_to_fit() -> None:
    """A transition may tell of ten thousand steps: without their data, and in the end without them, it is published."""
    inner: list[dict[str, Any]] = [
        {"id": f"set_{n}_{'y' * 50}", "type": "set", "params": {"values": {"text": "{{ record.text }}"}}}
        for n in range(10)
    ]
    loop = {"id": "each", "type": "for_each", "items": list(range(999)), "max": 999, "actions": inner}
    moved = EngineRun(plan_of(loop), started(record={"id": "1", "text": "x" * 900}))
    fact = moved.facts[0]
    assert len(fact.steps) == 9_991
    assert len(encode(fact)) > MAX_MESSAGE_BYTES
    less = without_data(fact)
    assert len(encode(less)) < len(encode(fact))
    assert {step.output["omitted"] for step in less.steps} == {OMITTED["omitted"]}
    assert len(encode(without_steps(fact))) < 10_000
    assert without_steps(fact) == msgspec.structs.replace(fact, steps=())
