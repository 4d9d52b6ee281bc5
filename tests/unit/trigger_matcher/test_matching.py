"""Which automations an event starts: the index agrees with a plain loop, and each match has its decision."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.conditions import compile_condition, parse_condition
from automations.contracts.commands import Cause, StartRun, TriggerEvent
from automations.contracts.events import CrmEvent
from automations.contracts.identity import Lane, run_id
from automations.contracts.results import StartSkipped
from automations.paths import Scope
from trigger_matcher.matching import EMPTY, Decision, Index, Listener, Listeners, decide

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def listener(automation_id: str = "a1", conditions: dict[str, Any] | None = None, **more: Any) -> Listener:
    about: dict[str, Any] = {"tenant_id": "default", "version": 3, "lane": "live", "event_type": "case.created", **more}
    return Listener(automation_id=automation_id, condition=compile_condition(parse_condition(conditions)), **about)


def event(record: dict[str, Any] | None = None, **more: Any) -> CrmEvent:
    about: dict[str, Any] = {"tenant_id": "default", "caused_by": Cause(), "appended_at": NOW, **more}
    trigger = TriggerEvent(id="e-1", type="case.created", time=NOW, object="case", record_id="7", record=record or {})
    return CrmEvent(trigger=trigger, identity="/crm:e-1", digest="d", **about)


def index_of(*listeners: Listener) -> Index:
    groups: dict[tuple[str, Lane, str], list[Listener]] = {}
    for one in listeners:
        groups.setdefault((one.tenant_id, one.lane, one.event_type), []).append(one)
    return EMPTY.replaced(groups)


def decisions(happened: CrmEvent, *listeners: Listener, now: datetime = NOW) -> list[Decision]:
    return decide(happened, index_of(*listeners), now=now, definitions_offset=17)


fields = st.sampled_from(["priority", "region", "owner.email", "tags", "event.type", "1"])
scalars = st.one_of(
    st.sampled_from(["critical", "low", "5", "5.0", "", "true", "1", "0"]),
    st.sampled_from([5, 5.0, 1, 0, 0.0, -0.0, 1e300, 2**63, True, False]),
)
records = st.dictionaries(
    st.sampled_from(["priority", "region", "owner", "owner.email", "tags", "1"]),
    st.recursive(
        st.none() | scalars,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("email"), inner, max_size=1),
        max_leaves=4,
    ),
    max_size=5,
)
conditions = st.dictionaries(fields, st.none() | scalars, max_size=3)


@given(st.lists(conditions, max_size=12), records)
def test_index_agrees_with_a_plain_loop_over_all_automations(
    written: list[dict[str, Any]], record: dict[str, Any]
) -> None:
    everybody = [listener(f"a{number}", clauses) for number, clauses in enumerate(written)]
    scope = Scope(record=record, event={"type": "case.created"}, now=NOW)
    expected = [one.automation_id for one in everybody if one.condition.holds(scope)]
    found = [one.automation_id for one in Listeners.of(everybody).matches(scope)]
    assert sorted(found) == sorted(expected)


def test_index_compares_only_automations_that_may_match() -> None:
    """Of many automations that differ in one field, an event meets its own and those without an equality."""
    everybody = [listener(f"a{number}", {"open": True, "account": f"acc-{number}"}) for number in range(1_000)]
    index = Listeners.of([*everybody, listener("all"), listener("nothing", {"account": None})])
    found = {one.automation_id for one in index.candidates(Scope(record={"account": "acc-7", "open": True}))}
    assert found == {"a7", "all", "nothing"}


def test_replacing_a_group_leaves_the_others_and_the_old_index_as_they_were() -> None:
    first = index_of(listener("a1"), listener("a2", event_type="case.closed"))
    second = first.replaced({("default", "live", "case.created"): []})
    assert not second.has_listeners("default", "case.created")
    assert first.has_listeners("default", "case.created")
    assert second.listeners("default", "live", "case.closed") is first.listeners("default", "live", "case.closed")


def test_match_starts_a_run_that_says_all_the_executor_needs() -> None:
    cause = Cause(run_id="r-0", chain_id="r-0", depth=2)
    (decision,) = decisions(event({"priority": "critical"}, caused_by=cause), listener("a1", {"priority": "critical"}))
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
        event=event({"priority": "critical"}).trigger,
        event_digest="d",
        caused_by=cause,
        decided_at=NOW,
    )


def test_run_has_the_same_id_whichever_version_decides() -> None:
    (one,), (other,) = (decisions(event(), listener(version=version)) for version in (3, 4))
    assert one.message.run_id == other.message.run_id


def test_event_without_a_record_has_no_order_and_is_keyed_by_its_run() -> None:
    happened = event()
    trigger = TriggerEvent(id="e-1", type="case.created", time=NOW)
    (decision,) = decisions(CrmEvent("default", trigger, "/crm:e-1", "d", Cause(), happened.appended_at), listener())
    assert isinstance(decision.message, StartRun)
    assert decision.message.order_key is None
    assert decision.key == f"default|a1|{decision.message.run_id}".encode()


@pytest.mark.parametrize(
    "stranger",
    [
        listener(tenant_id="other"),
        listener(event_type="case.closed"),
        listener(conditions={"priority": "low"}),
    ],
)
def test_other_tenants_types_and_conditions_start_nothing(stranger: Listener) -> None:
    assert decisions(event({"priority": "critical"}), stranger) == []


def test_live_and_sandbox_document_of_one_automation_give_two_runs() -> None:
    both = decisions(event(), listener(version=3), listener(version=4, lane="sandbox"))
    messages = [decision.message for decision in both]
    assert [(message.lane, message.version) for message in messages] == [("live", 3), ("sandbox", 4)]
    assert messages[0].run_id != messages[1].run_id


def test_paused_automation_reports_the_start_it_skipped() -> None:
    (decision,) = decisions(event(), listener(is_paused=True))
    assert isinstance(decision.message, StartSkipped)
    assert decision.message.reason == "paused"
    assert decision.message.run_id == run_id("default", "a1", "live", "event:/crm:e-1")
    assert decisions(event(), listener(conditions={"priority": "low"}, is_paused=True)) == []


@pytest.mark.parametrize(("seconds_before", "seen"), [(0, True), (5, True), (5.001, False), (3600, False)])
def test_automation_sees_events_since_it_is_active_less_five_seconds(seconds_before: float, seen: bool) -> None:
    happened = event(appended_at=NOW - timedelta(seconds=seconds_before))
    assert bool(decisions(happened, listener(active_since=NOW))) is seen
    assert bool(decisions(happened, listener(active_since=NOW, lane="sandbox"))) is seen


@pytest.mark.parametrize("lane", ["live", "sandbox"])
def test_event_older_than_eight_days_is_late_and_starts_nothing(lane: Lane) -> None:
    eight_days = NOW + timedelta(days=8)
    (on_time,) = decisions(event(), listener(lane=lane), now=eight_days)
    (late,) = decisions(event(), listener(lane=lane), now=eight_days + timedelta(seconds=1))
    assert isinstance(on_time.message, StartRun)
    assert isinstance(late.message, StartSkipped)
    assert (late.message.reason, late.message.lane) == ("late", lane)


def test_event_from_before_an_automation_was_active_is_not_late_for_it() -> None:
    old = event(appended_at=NOW - timedelta(days=20))
    assert decisions(old, listener(active_since=NOW - timedelta(days=10))) == []
