"""The tables of states: their laws, and the diagrams that are drawn from them."""

from typing import get_args

import pytest

from automations.contracts.results import RunStatus, StepStatus
from executor.engine.states import (
    RUN_STATES,
    STEP_STATES,
    UNDER_WAY,
    NotPossibleHere,
    RunState,
    next_run_state,
    next_step_state,
    shown_status,
)
from tests.support.state_diagrams import COMMAND, PAGE, drawn


def test_tables_have_every_state_and_lead_to_known_ones() -> None:
    assert set(STEP_STATES) == set(get_args(StepStatus))
    assert set(RUN_STATES) == set(get_args(RunState))
    assert {target for events in STEP_STATES.values() for target in events.values()} <= set(STEP_STATES)
    assert {target for events in RUN_STATES.values() for target in events.values()} <= set(RUN_STATES)
    assert {shown_status(state) for state in RUN_STATES} == set(get_args(RunStatus))


def test_what_has_ended_knows_no_event() -> None:
    assert {state for state, events in STEP_STATES.items() if not events} == {
        "completed",
        "failed",
        "skipped",
        "cancelled",
    }
    assert {state for state, events in RUN_STATES.items() if not events} == {"completed", "failed", "cancelled"}
    assert {state for state in STEP_STATES if state in UNDER_WAY} == {"running", "waiting"}


def test_end_that_was_decided_stays_decided() -> None:
    for state in ("completing", "failing", "cancelling"):
        events = RUN_STATES[state]
        assert {target for event, target in events.items() if event != "settle"} == {state}


def test_event_that_a_state_does_not_know_is_an_error() -> None:
    with pytest.raises(NotPossibleHere, match="completed"):
        next_step_state("completed", "complete")
    with pytest.raises(NotPossibleHere, match="failed"):
        next_run_state("failed", "cancel")


def test_diagrams_in_the_docs_are_those_of_the_tables() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page == drawn(page), f"the tables have changed; run: {COMMAND}"
