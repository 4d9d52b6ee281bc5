"""A run that waits for its turn: it begins nothing, and then goes on as one that began when the turn came."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given, settings

from automations.contracts.commands import CopiedStep, Rerun, TriedDocument
from automations.contracts.wire import encode
from automations.definition import validate_document
from executor.engine.inputs import CancelRequested, Started, TurnGranted, input_decoder
from executor.engine.outcomes import RUN_TIMER, Timer
from executor.engine.plan import plan_version
from executor.engine.transition import apply_input, start_run
from tests.support.engine_runs import NOW, EngineRun, plan_of, restarted, started, webhook
from tests.support.random_graphs import RandomDocument, random_documents, random_records

LATER = NOW + timedelta(hours=1)


def queued(*actions: dict[str, Any], rerun: Rerun | None = None, **document: Any) -> EngineRun:
    return EngineRun(plan_of(*actions, **document), started(rerun=rerun, turn_free=False))


def test_queued_run_begins_nothing_and_says_what_it_waits_for() -> None:
    moved = queued(webhook("call"))
    [fact] = moved.facts
    assert (moved.run.state, fact.status, fact.steps, moved.begun) == ("queued", "running", (), [])
    assert fact.start is not None
    assert fact.waiting is not None
    assert (fact.waiting.for_, fact.waiting.path, fact.waiting.since) == ("turn", None, NOW)


@settings(max_examples=50)
@given(random_documents(), random_records())
def test_run_whose_turn_has_come_is_as_one_that_began_then(document: RandomDocument, record: dict[str, Any]) -> None:
    """Steps, effects, times and named values do not tell whether it was queued before."""
    checked = validate_document(document.raw)
    assert checked.document is not None
    plan = plan_version(checked.document)
    first = started(record={"id": "case-1", **record})
    waited = start_run(msgspec.structs.replace(first, turn_free=False), plan)
    granted = apply_input(restarted(waited.run), plan, TurnGranted(at=LATER))
    at_once = start_run(Started(command=first.command, at=LATER), plan)
    assert granted.run == msgspec.structs.replace(at_once.run, started_at=NOW, seq=2)
    assert granted.effects == at_once.effects
    assert granted.timers == at_once.timers
    assert granted.fact is not None
    assert at_once.fact is not None
    assert granted.fact.steps == at_once.fact.steps
    assert granted.fact.tasks == at_once.fact.tasks


def test_turn_comes_once() -> None:
    moved = queued(webhook("call"))
    moved.give(TurnGranted(at=LATER))
    again = apply_input(moved.run, moved.plan, TurnGranted(at=LATER))
    assert (again.run, again.fact, again.effects) == (moved.run, None, ())


def test_queued_run_that_is_cancelled_ends_at_once_and_its_turn_begins_nothing() -> None:
    moved = queued(webhook("call"))
    moved.give(CancelRequested(requested_by="ines", at=LATER))
    assert moved.run.state == "cancelled"
    assert moved.facts[-1].waiting is None
    moved.give(TurnGranted(at=LATER))
    assert moved.moved.fact is None
    assert not moved.begun


def test_time_for_a_run_counts_from_its_first_step() -> None:
    moved = queued(webhook("call"), timeout="10m")
    assert moved.timers == ()
    moved.give(TurnGranted(at=LATER))
    assert moved.timers == (Timer(RUN_TIMER, LATER + timedelta(minutes=10)),)


def test_queued_rerun_tells_what_it_takes_over_and_goes_on_after_it() -> None:
    keep = {"id": "keep", "type": "set", "params": {"values": {"n": 1}}}
    copied = CopiedStep(id="keep", status="completed", output={"values": {"n": 1}})
    moved = queued(keep, webhook("call"), rerun=Rerun(run_id="r", step="call", steps=(copied,)))
    assert moved.statuses() == {"keep": "completed"}
    assert moved.run.state == "queued"
    moved.give(TurnGranted(at=LATER))
    assert moved.statuses() == {"keep": "completed", "call": "running"}
    assert moved.run.vars == {"n": 1}


def test_runs_take_turns_that_are_for_a_record_and_no_tests() -> None:
    command = started().command
    test = TriedDocument(document={"name": "t"})
    plan = plan_of(webhook("call"))

    def takes_turns(**changes: Any) -> bool:
        given_start = Started(command=msgspec.structs.replace(command, **changes), at=NOW)
        return restarted(start_run(given_start, plan).run).takes_turns

    assert takes_turns()
    assert takes_turns(lane="sandbox")
    assert not takes_turns(order_key=None)
    assert not takes_turns(test=test)


def test_start_of_the_release_before_there_were_turns_begins_at_once() -> None:
    """What it journaled says nothing of turns."""
    first = started()
    assert b"turn" not in encode(first)
    assert input_decoder.decode(encode(first)) == first
    assert start_run(first, plan_of(webhook("call"))).run.state == "running"
