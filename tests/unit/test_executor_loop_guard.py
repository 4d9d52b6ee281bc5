"""The loop guard: within a chain one start, within a minute a few, of an automation for a record."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.commands import Cause, StartRun, TriggerEvent
from automations.contracts.identity import run_id
from executor.enrolment.loop_guard import MINUTE, MOST_RECORDS, LoopGuard, PastStart, is_guarded, place_of

BEGIN = datetime(2026, 3, 1, 12, tzinfo=UTC)


def start(number: int, at: float = 0.0, record: str = "7", **changes: Any) -> StartRun:
    """Return a start by an event that the broker took so many seconds after the beginning."""
    cause = f"event:test:{record}-{number}"
    event = TriggerEvent(id=str(number), type="case.updated", time=BEGIN, object="case", record_id=record)
    fields: dict[str, Any] = {
        "run_id": run_id("default", "a", "live", cause),
        "tenant_id": "default",
        "automation_id": "a",
        "version": 1,
        "lane": "live",
        "cause": cause,
        "order_key": f"a|case/{record}",
        "definitions_offset": 0,
        "event": event,
        "event_digest": "d",
        "decided_at": BEGIN + timedelta(hours=1),
        "appended_at": BEGIN + timedelta(seconds=at),
    }
    return StartRun(**{**fields, **changes})


def test_eleventh_start_within_a_minute_is_refused_with_a_reason() -> None:
    guard = LoopGuard(10)
    assert [guard.refuse(start(n, n)) for n in range(10)] == [None] * 10
    refused = guard.refuse(start(10, 59.9))
    assert refused is not None
    assert "10 runs of this automation for this record" in refused


def test_start_a_minute_later_is_accepted() -> None:
    guard = LoopGuard(10)
    assert [guard.refuse(start(n)) for n in range(10)] == [None] * 10
    assert guard.refuse(start(10, 59.0)) is not None
    assert guard.refuse(start(11, 60.0)) is None


@given(
    gaps=st.lists(st.integers(0, 30), max_size=60),
    most=st.integers(1, 10),
    again=st.lists(st.integers(0, 59), max_size=20),
)
def test_no_minute_ever_has_more_starts_than_allowed(gaps: Sequence[int], most: int, again: Sequence[int]) -> None:
    """However starts are spread and delivered again, no minute has more; and none is refused without so many before."""
    guard, at = LoopGuard(most), 0
    accepted: list[int] = []
    told: list[tuple[StartRun, bool]] = []
    for number, gap in enumerate(gaps):
        at += gap
        one = start(number, at)
        is_accepted = guard.refuse(one) is None
        assert is_accepted == (sum(at - before < MINUTE.total_seconds() for before in accepted) < most)
        told.append((one, is_accepted))
        accepted += [at] if is_accepted else []
        for place in again:
            if place < len(told) and told[place][1]:
                guard.refuse(told[place][0])


def test_start_delivered_again_counts_once() -> None:
    guard = LoopGuard(2)
    assert [guard.refuse(start(0)) for _ in range(5)] == [None] * 5
    assert guard.refuse(start(1)) is None
    assert guard.refuse(start(1)) is None
    assert guard.refuse(start(2)) is not None


def test_records_automations_and_lanes_count_apart() -> None:
    guard = LoopGuard(1)
    assert guard.refuse(start(0)) is None
    for other in (
        start(1, record="8"),
        start(1, order_key="b|case/7"),
        start(1, lane="sandbox"),
        start(1, tenant_id="other"),
    ):
        assert guard.refuse(other) is None
    assert guard.refuse(start(2)) is not None
    assert guard.refuse(start(2, lane="sandbox")) is not None


def test_backlog_counts_by_the_time_of_its_events() -> None:
    """An hour's events of one record, worked off at once, are no loop."""
    guard = LoopGuard(10)
    assert [guard.refuse(start(n, n * 60.0)) for n in range(60)] == [None] * 60


def test_what_people_ask_for_is_neither_refused_nor_counted() -> None:
    guard = LoopGuard(1)
    for n in range(5):
        assert guard.refuse(start(n, cause=f"manual:skipped:{n}")) is None
        assert guard.refuse(start(n, cause=f"rerun:{n}:{n}")) is None
    assert guard.refuse(start(9)) is None


def test_starts_without_a_record_are_left_alone() -> None:
    assert not is_guarded(start(0, order_key=None))
    assert place_of(start(0, order_key=None, caused_by=Cause(chain_id="c", depth=1))) is None


def test_zero_sets_no_limit() -> None:
    guard = LoopGuard(0)
    assert [guard.refuse(start(n)) for n in range(100)] == [None] * 100
    assert guard.find_anew([(0, 5)]) == set()


def test_starts_that_another_process_accepted_count() -> None:
    guard, before = LoopGuard(3), [start(n) for n in range(3)]
    guard.remember(PastStart("default", one.order_key or "", one.run_id, BEGIN) for one in before)
    assert [guard.refuse(one) for one in before] == [None] * 3
    assert guard.refuse(start(3)) is not None


def test_partition_is_new_where_its_messages_do_not_follow_on_each_other() -> None:
    guard = LoopGuard(10)
    assert guard.find_anew([(0, 5), (0, 6), (1, 0)]) == {0, 1}
    assert guard.find_anew([(0, 7), (1, 1), (1, 2)]) == set()
    assert guard.find_anew([(0, 6), (0, 7)]) == set()
    assert guard.find_anew([(0, 8), (1, 9)]) == {1}


def test_memory_holds_the_records_that_came_last() -> None:
    guard = LoopGuard(1)
    assert guard.refuse(start(0, record="first")) is None
    for n in range(MOST_RECORDS):
        guard.refuse(start(0, record=str(n)))
    assert guard.refuse(start(1, record="first")) is None
    assert guard.refuse(start(1, record=str(MOST_RECORDS - 1))) is not None


def test_place_in_a_chain_is_one_for_each_automation_record_and_lane() -> None:
    chain = run_id("default", "a", "live", "event:x")
    one = place_of(start(0, caused_by=Cause(chain_id=chain, depth=1)))
    assert one is not None
    assert one == place_of(start(5, 70, caused_by=Cause(chain_id=chain, depth=6)))
    assert str(one.first_run) == chain
    for other in ({"record": "8"}, {"lane": "sandbox"}, {"tenant_id": "x"}, {"order_key": "b|case/7"}):
        elsewhere = place_of(start(0, caused_by=Cause(chain_id=chain, depth=1), **other))
        assert elsewhere is not None
        assert elsewhere.key != one.key
    sandbox = place_of(start(0, lane="sandbox", caused_by=Cause(chain_id=chain, depth=1)))
    assert sandbox is not None
    assert sandbox.first_run is None
    assert place_of(start(0)) is None
    foreign = place_of(start(0, caused_by=Cause(chain_id="no id of ours", depth=1)))
    assert foreign is not None
    assert foreign.first_run is None
