"""Tests in the executor: dry whatever the command says, asked for by a person, told apart from every other run."""

from typing import Any

import msgspec
import pytest

from automations.contracts.commands import EventPosition, TriedDocument
from automations.contracts.definitions import AutomationDefined, AutomationStatus, LiveDocument
from automations.contracts.identity import Lane
from executor.engine.inputs import Started
from executor.engine.transition import start_run
from executor.enrolment.decide import Definitions, decide_start
from tests.support.engine_runs import plan_of, restarted, started

TASK = {"type": "human_task", "params": {"title": "Approve"}}
MAIL = {"type": "send_email", "params": {"to": "{{ record.email }}", "subject": "Hello"}}
PLACE = EventPosition(topic="crm.events", partition=3, offset=1042)


def start_of_test(lane: Lane = "sandbox") -> Started:
    given = started(lane)
    tried = TriedDocument(document={"name": "t"})
    return Started(command=msgspec.structs.replace(given.command, version=-7, test=tried, position=PLACE), at=given.at)


def definitions(status: AutomationStatus) -> Definitions:
    held = Definitions()
    live = LiveDocument(version=1, document={})
    held.take(
        "default", "a", AutomationDefined(tenant_id="default", automation_id="a", revision=1, status=status, live=live)
    )
    return held


@pytest.mark.parametrize("status", ["draft", "active", "paused", "archived"])
def test_test_starts_whatever_the_status_and_the_sandbox(status: AutomationStatus) -> None:
    assert decide_start(start_of_test().command, definitions(status)) is None
    assert decide_start(start_of_test().command, Definitions()) is None
    assert decide_start(started("sandbox").command, definitions(status)) == "sandbox_off"


@pytest.mark.parametrize("lane", ["live", "sandbox"])
def test_test_is_dry_in_every_lane(lane: Lane) -> None:
    """A command that names the live lane by mistake reaches nobody all the same."""
    moved = start_run(start_of_test(lane), plan_of(TASK, MAIL))
    assert moved.run.dry_run
    assert restarted(moved.run).dry_run
    assert not moved.run.parked
    assert [step.status for step in moved.run.steps] == ["completed", "running"]


def test_facts_of_a_test_say_so_and_carry_the_events_place() -> None:
    moved = start_run(start_of_test(), plan_of(TASK))
    assert moved.fact is not None
    assert moved.fact.start is not None
    assert (moved.fact.test, moved.fact.start.mode, moved.fact.start.position) == (True, "test", PLACE)
    assert moved.fact.status == "completed"


@pytest.mark.parametrize(("lane", "mode"), [("live", "live"), ("sandbox", "dry_run")])
def test_other_runs_are_no_tests(lane: Lane, mode: str) -> None:
    moved = start_run(started(lane), plan_of(MAIL))
    fact: Any = moved.fact
    assert (fact.test, fact.start.mode, fact.start.position) == (False, mode, None)
