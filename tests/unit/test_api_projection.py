"""Folding facts into rows: however a stream is cut into batches, the history is the same."""

from datetime import timedelta
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from api.projection import facts as projected
from api.projection.facts import Fact, fact_reader
from api.projection.fold import Folded, fold_facts
from api.runs.views import render_attempts
from automations.contracts import results
from automations.contracts.commands import EventPosition, TriggerEvent
from automations.contracts.identity import rerun_cause
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode
from executor.engine.facts import join_told
from tests.support.random_graphs import RandomDocument, random_documents, random_records
from tests.support.run_facts import NOW, facts_of
from tests.unit.engine.test_laws import any_inputs, run_of


def stored(batches: list[list[Fact]]) -> dict[str, Any]:
    """Apply batches as the upserts of the projection do."""
    table: dict[str, Any] = {}
    for batch in batches:
        folded = fold_facts(batch)
        _upsert(table, folded, "runs", 7, (9, 11, *range(12, 23)))
        _upsert(table, folded, "steps", 6, (9, 10, 11, 12, 13, 14, 15, 16, 17))
    return table


def _upsert(table: dict[str, Any], folded: Folded, name: str, seq: int, kept: tuple[int, ...]) -> None:
    for key, row in getattr(folded, name).items():
        old = table.get((name, key))
        if old is None:
            table[(name, key)] = list(row)
        elif old[seq] < row[seq]:
            new = [old[i] if i in kept and value is None else value for i, value in enumerate(row)]
            if name == "steps":
                new[7] = old[7]
                new[18] = joined(old[18], row[18])
            table[(name, key)] = new


def joined(before: str | None, now: str | None) -> str | None:
    """Return what the upsert makes of two columns of attempts."""
    return f"{before[:-1]},{now[1:]}" if before and now else before or now


changes = st.lists(
    st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9), st.none() | st.sampled_from(["x", "y"])),
    max_size=8,
)


@given(changes, st.data())
def test_history_is_the_same_however_the_stream_is_cut_and_repeated(
    steps: list[tuple[str, int | None, str | None]], data: st.DataObject
) -> None:
    """Batches may begin anywhere, and begin again anywhere before: what is stored in the end does not differ."""
    stream = facts_of("r", steps)
    once = stored([[fact] for fact in stream])
    batches = []
    position = 0
    while position < len(stream):
        end = data.draw(st.integers(position + 1, len(stream)))
        batches.append(stream[position:end])
        position = data.draw(st.integers(0, end)) if data.draw(st.booleans()) and len(batches) < 6 else end
    assert stored(batches) == once


@given(random_documents(), random_records(), st.sampled_from(["live", "sandbox"]), st.data())
def test_history_is_the_same_whether_facts_are_told_one_by_one_or_joined(
    document: RandomDocument, record: dict[str, Any], lane: Any, data: st.DataObject
) -> None:
    """Wherever what a run did in a row is cut into groups, each told as one fact where it can be."""
    moved = run_of(document, record, lane)
    while not moved.run.ended:
        moved.give(data.draw(any_inputs(moved)) if data.draw(st.booleans()) else moved.next_good_input())
    joined: list[results.RunAdvanced] = []
    left = [each.told for _, each in moved.moves if each.told is not None]
    while left:
        count = data.draw(st.integers(1, len(left)))
        joined += join_told(left[:count])
        left = left[count:]
    assert _without_numbers(joined) == _without_numbers(moved.facts)


def _without_numbers(told: list[results.RunAdvanced]) -> Any:
    """Return what the history holds in the end, but for the numbers of the facts by which it came to be."""
    stream = [fact_reader.read(encode(fact)) for fact in told]
    table = stored([stream])
    rows = {key: row if key[0] == "runs" else [*row[:6], *row[8:]] for key, row in table.items()}
    folded = fold_facts(stream)
    order = sorted(folded.steps.values(), key=lambda row: row[7])
    tasks = {key: [*row[:7], *row[8:16]] for key, row in folded.tasks.items()}
    return rows, [row[2] for row in order], tasks, folded.verdicts, folded.noticed


def test_fold_keeps_the_whole_present_truth_of_waiting() -> None:
    """A fact without `waiting` ends the waiting, in the batch as in the table."""
    waiting = results.Waiting(for_="task", path="p", since=NOW, task_id="t")
    [start] = facts_of("r", [])
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        "started_at": NOW, "at": NOW, "status": "running",
    }  # fmt: skip
    waits = fact_reader.read(encode(results.RunAdvanced(**common, seq=2, waiting=waiting)))
    goes_on = fact_reader.read(encode(results.RunAdvanced(**common, seq=3)))
    assert fold_facts([start, waits]).runs["r"][10] is not None
    assert fold_facts([start, waits, goes_on]).runs["r"][10] is None


def test_projected_facts_have_the_fields_of_the_contract() -> None:
    """The projection reads the same messages as everybody; a field that is added must be decided upon here."""
    pairs = [
        (projected.RunFact, results.RunAdvanced),
        (projected.SkipFact, results.StartSkipped),
        (projected.StepFact, results.StepView),
        (projected.TaskFact, results.TaskView),
        (projected.VerdictFact, results.Verdict),
        (projected.StartFact, results.RunStart),
    ]
    for ours, theirs in pairs:
        assert {field.encode_name for field in msgspec.structs.fields(ours)} == {
            field.encode_name for field in msgspec.structs.fields(theirs)
        }
        assert ours.__struct_config__.tag == theirs.__struct_config__.tag


def test_end_of_a_test_is_noticed_at_once() -> None:
    """Who waits for a test hears of its end; ends of other runs wake nobody."""
    event = TriggerEvent(id="e", type="case.created", time=NOW)
    place = EventPosition(topic="crm.events", partition=3, offset=7)
    start = results.RunStart(mode="test", cause="manual:r:x", event=event, chain_id="r", position=place)
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": -1, "lane": "sandbox", "order_key": None,
        "started_at": NOW, "at": NOW,
    }  # fmt: skip
    begun = results.RunAdvanced(**common, seq=1, status="running", start=start, test=True)
    ended = results.RunAdvanced(**common, seq=2, status="completed", test=True)
    other = results.RunAdvanced(**common, seq=2, status="completed")
    assert fold_facts([fact_reader.read(encode(begun))]).noticed == set()
    assert fold_facts([fact_reader.read(encode(ended))]).noticed == {"r"}
    assert fold_facts([fact_reader.read(encode(other))]).noticed == set()
    assert fold_facts([fact_reader.read(encode(begun))]).runs["r"][21] == encode(place).decode()


def test_rerun_is_known_and_noticed_by_its_cause() -> None:
    """Who asked for a rerun hears of its beginning; a cause that names no run repeats none."""
    repeated = "7d3c1b0e-0000-4000-8000-000000000001"
    event = TriggerEvent(id="e", type="case.created", time=NOW)
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        "started_at": NOW, "at": NOW, "seq": 1, "status": "running",
    }  # fmt: skip

    def folded(cause: str) -> Folded:
        start = results.RunStart(mode="live", cause=cause, event=event, chain_id="r")
        return fold_facts([fact_reader.read(encode(results.RunAdvanced(**common, start=start)))])

    again = folded(rerun_cause("q", repeated))
    assert (again.runs["r"][22], again.noticed) == (repeated, {"r"})
    for cause in ("rerun:q:no run", "event:crm:rerun"):
        assert (folded(cause).runs["r"][22], folded(cause).noticed) == (None, set())


def test_cancellation_is_noticed_at_once() -> None:
    """Who asked for a cancellation hears of it."""
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        "started_at": NOW, "at": NOW, "seq": 2,
    }  # fmt: skip
    assert fold_facts([fact_reader.read(encode(results.RunAdvanced(**common, status="cancelled")))]).noticed == {"r"}


def test_reason_of_a_skipped_step_and_priority_of_a_task_are_kept() -> None:
    """What a later fact leaves out stands."""
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        "started_at": NOW, "at": NOW, "status": "running",
    }  # fmt: skip
    step = results.StepView(path="each[3].x", id="x", type="set", status="skipped", reason="when_false")
    task = results.TaskView(task_id="k", path="x", status="open", priority="urgent")
    closed = results.TaskView(task_id="k", path="x", status="withdrawn")
    first = results.RunAdvanced(**common, seq=1, steps=(step,), tasks=(task,))
    later = results.RunAdvanced(**common, seq=2, tasks=(closed,))
    folded = fold_facts([fact_reader.read(encode(fact)) for fact in (first, later)])
    assert folded.steps["r", "each[3].x"][15] == "when_false"
    assert folded.tasks["t", "k"][14] == "urgent"


def tried(*said: tuple[int, str, str | None]) -> list[Fact]:
    """Return the facts of a run whose only step says this: its attempts, its status, its error."""
    made = []
    for seq, (attempts, status, message) in enumerate(said, start=1):
        at = NOW + timedelta(seconds=10 * seq)
        error = None if message is None else StepError(kind="unreachable", message=message, retryable=True)
        again = at + timedelta(seconds=10) if error is not None and status == "running" else None
        ended_at = None if status == "running" else at
        step = results.StepView(
            path="call", id="call", type="x", status=status, attempts=attempts, error=error, next_attempt_at=again,
            started_at=at if seq == 1 else None, ended_at=ended_at,
        )  # fmt: skip
        common: dict[str, Any] = {
            "tenant_id": "t", "run_id": "r", "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        }  # fmt: skip
        fact = results.RunAdvanced(**common, started_at=NOW, seq=seq, at=at, status="running", steps=(step,))
        made.append(fact_reader.read(encode(fact)))
    return made


@given(st.data())
def test_attempts_of_a_step_are_told_however_the_stream_is_cut(data: st.DataObject) -> None:
    """Each attempt keeps its own beginning, end and error, and the pause before the next stands between them."""
    stream = tried(
        (1, "running", None), (2, "running", "no answer"), (2, "running", None), (3, "running", "refused"),
        (3, "running", None), (3, "completed", None),
    )  # fmt: skip
    batches, position = [], 0
    while position < len(stream):
        end = data.draw(st.integers(position + 1, len(stream)))
        batches.append(stream[position:end])
        position = data.draw(st.integers(0, end)) if data.draw(st.booleans()) and len(batches) < 6 else end
    row = stored(batches)[("steps", ("r", "call"))]
    names = {"status": row[5], "attempts": row[8], "error": row[13], "step_started_at": row[16]}
    attempts = render_attempts({**names, "step_ended_at": row[17], "tries": row[18]})
    told = [(each["status"], each["started_at"], each["ended_at"], each["next_at"]) for each in attempts]
    moments = [NOW + timedelta(seconds=10 * place) for place in range(8)]
    assert told == [
        ("failed", moments[1], moments[2], moments[3]),
        ("failed", moments[3], moments[4], moments[5]),
        ("completed", moments[5], moments[6], None),
    ]
    messages = [each["error"] and msgspec.json.decode(each["error"])["message"] for each in attempts]
    assert messages == ["no answer", "refused", None]


def test_attempt_that_has_not_begun_is_pending() -> None:
    """Between two attempts the next one has no beginning yet, and the one before says when it will."""
    row = stored([tried((1, "running", None), (2, "running", "no answer"))])[("steps", ("r", "call"))]
    names = {"status": row[5], "attempts": row[8], "error": row[13], "step_started_at": row[16]}
    first, second = render_attempts({**names, "step_ended_at": row[17], "tries": row[18]})
    assert (first["status"], first["next_at"]) == ("failed", NOW + timedelta(seconds=30))
    assert (second["status"], second["started_at"], second["error"]) == ("pending", None, None)
