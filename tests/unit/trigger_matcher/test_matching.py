"""What becomes of an event: each match has its decision, and nobody else has one."""

import json
from datetime import timedelta
from typing import Any

import pytest

from automations.contracts.commands import Cause, EventPosition, StartRun
from automations.contracts.events import Envelope, Position, read_envelope
from automations.contracts.identity import Lane, run_id
from automations.contracts.results import StartSkipped
from automations.listening import Listener
from tests.support.matching import NOW, POSITION, envelope, index_of, listener
from trigger_matcher.matching import Decision, Events, decide, match_events

VALUE = b"an event"


def decisions(
    happened: Envelope, *listeners: Listener, now: Any = NOW, position: Position = POSITION
) -> list[Decision]:
    events = Events([happened], lambda _: position)
    matches = [candidate for _, candidate in match_events(events, index_of(*listeners))]
    return decide(events.reading(0), VALUE, matches, now=now, definitions_offset=17)


def appended(seconds_before: float) -> Position:
    return Position("crm.events", 0, 7, NOW - timedelta(seconds=seconds_before))


def test_match_starts_a_run_that_says_all_the_executor_needs() -> None:
    happened = envelope({"priority": "critical"}, causerun="r-0", causechain="r-0", causedepth="2")
    (decision,) = decisions(happened, listener("a1", {"priority": "critical"}))
    assert decision.key == b"default|a1|case/7"
    assert decision.message == StartRun(
        run_id=run_id("default", "a1", "live", "event:/crm:e-1"),
        tenant_id="default",
        automation_id="a1",
        version=3,
        lane="live",
        cause="event:/crm:e-1",
        order_key="a1|case/7",
        definitions_offset=17,
        event=happened.trigger(POSITION),
        event_digest=happened.event(POSITION, VALUE).digest,
        caused_by=Cause(run_id="r-0", chain_id="r-0", depth=2),
        decided_at=NOW,
        position=EventPosition(topic=POSITION.topic, partition=POSITION.partition, offset=POSITION.offset),
        appended_at=POSITION.timestamp,
    )


def test_event_at_the_end_of_a_long_chain_is_a_skipped_start() -> None:
    """Eight runs may lead to an event that starts one; nine are a loop, which is reported with its chain."""
    (allowed,) = decisions(envelope(causerun="r-7", causechain="r-0", causedepth="8"), listener())
    assert isinstance(allowed.message, StartRun)
    (refused,) = decisions(envelope(causerun="r-8", causechain="r-0", causedepth="9"), listener())
    assert isinstance(refused.message, StartSkipped)
    assert (refused.message.reason, refused.message.chain_id) == ("loop_guard", "r-0")
    assert refused.message.detail is not None
    assert refused.message.detail.startswith("9 runs led to this event")


def test_run_has_the_same_id_whichever_version_decides() -> None:
    (one,), (other,) = (decisions(envelope(), listener(version=version)) for version in (3, 4))
    assert one.message.run_id == other.message.run_id


def test_event_without_a_record_has_no_order_and_is_keyed_by_its_run() -> None:
    happened = read_envelope(json.dumps({"type": "case.created", "priority": "low"}).encode(), ())
    (decision,) = decisions(happened, listener())
    assert isinstance(decision.message, StartRun)
    assert decision.message.order_key is None
    assert decision.key == f"default|a1|{decision.message.run_id}".encode()


@pytest.mark.parametrize(
    "stranger",
    [
        listener(tenant_id="other"),
        listener(events=("case.closed", "deal.*")),
        listener(conditions={"priority": "low"}),
    ],
)
def test_other_tenants_types_and_conditions_start_nothing(stranger: Listener) -> None:
    assert decisions(envelope({"priority": "critical"}), stranger) == []


def test_live_and_sandbox_document_of_one_automation_give_two_runs() -> None:
    both = decisions(envelope(), listener(version=3), listener(version=4, lane="sandbox"))
    messages = [decision.message for decision in both]
    assert [(message.lane, message.version) for message in messages] == [("live", 3), ("sandbox", 4)]
    assert messages[0].run_id != messages[1].run_id


def test_paused_automation_reports_the_start_it_skipped() -> None:
    (decision,) = decisions(envelope(), listener(is_paused=True))
    assert isinstance(decision.message, StartSkipped)
    assert decision.message.reason == "paused"
    assert decision.message.run_id == run_id("default", "a1", "live", "event:/crm:e-1")
    assert decisions(envelope(), listener(conditions={"priority": "low"}, is_paused=True)) == []


@pytest.mark.parametrize(("seconds_before", "seen"), [(0, True), (5, True), (5.001, False), (3600, False)])
def test_automation_sees_events_since_it_is_active_less_five_seconds(seconds_before: float, seen: bool) -> None:
    position = appended(seconds_before)
    assert bool(decisions(envelope(), listener(active_since=NOW), position=position)) is seen
    assert bool(decisions(envelope(), listener(active_since=NOW, lane="sandbox"), position=position)) is seen


@pytest.mark.parametrize("lane", ["live", "sandbox"])
def test_event_older_than_eight_days_is_late_and_starts_nothing(lane: Lane) -> None:
    eight_days = NOW + timedelta(days=8)
    (on_time,) = decisions(envelope(), listener(lane=lane), now=eight_days)
    (late,) = decisions(envelope(), listener(lane=lane), now=eight_days + timedelta(seconds=1))
    assert isinstance(on_time.message, StartRun)
    assert isinstance(late.message, StartSkipped)
    assert (late.message.reason, late.message.lane) == ("late", lane)


def test_event_from_before_an_automation_was_active_is_not_late_for_it() -> None:
    old = appended(timedelta(days=20).total_seconds())
    assert decisions(envelope(), listener(active_since=NOW - timedelta(days=10)), position=old) == []


def test_conditions_may_speak_of_the_event_and_of_its_time() -> None:
    """What an event is read for is read when a condition asks for it."""
    happened = envelope({"due": "2026-02-20"}, time="2026-03-01T12:00:00Z", region="EU")
    assert len(decisions(happened, listener(conditions={"event.region": "EU", "due": {"older_than": "5d"}}))) == 1
    assert decisions(happened, listener(conditions={"event.region": "US"})) == []
    assert decisions(happened, listener(conditions={"due": {"older_than": "50d"}})) == []


def test_listener_to_several_events_and_patterns_decides_once() -> None:
    several = listener(events=("case.*", "deal.won"))
    assert len(decisions(envelope(event_type="case.created"), several)) == 1
    assert len(decisions(envelope(event_type="deal.won"), several)) == 1
    assert decisions(envelope(event_type="deal.lost"), several) == []
