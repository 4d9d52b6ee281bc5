"""Folds a batch of facts into few rows; pure.

A fact is folded onto a row only if its `seq` is higher than the row's, so that a batch may hold a fact twice.
A field that a fact leaves out keeps its value; what a run waits for is always the whole present truth.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from api.projection.facts import Fact, RunFact, SkipFact, StepFact, TaskFact, event_reader
from automations.contracts.identity import rerun_of

Row = list[Any]
"""Values in the order of the columns that the query of the same table names."""

_PLACES_A_FACT = 10_000
_SECOND = 2

# Places of the values in a run's row.
_SEQ, _STATUS, _UPDATED, _ENDED, _WAITING, _ERROR, _START = 7, 6, 8, 9, 10, 11, 12
_NO_START: Row = [None] * 11
# Places of the values in a step's row.
_STEP_STATUS, _STEP_SEQ, _STEP_ATTEMPTS, _STEP_REST, _STEP_TRIES = 5, 6, 8, 9, 18
_TASK_SEQ, _TASK_STATUS, _TASK_REST, _TASK_CHANGED = 7, 6, 8, 16


class Folded:
    """What a batch comes to: rows for each table, and what others wait to hear of."""

    def __init__(self) -> None:
        self.runs: dict[str, Row] = {}
        self.steps: dict[tuple[str, str], Row] = {}
        self.tasks: dict[tuple[str, str], Row] = {}
        self.verdicts: list[Row] = []
        self.skips: dict[tuple[str, str, str], Row] = {}
        self.noticed: set[str] = set()
        """Runs that a request may wait for: their tasks changed, a submission was judged, or as `_is_awaited` says."""

    def months(self) -> set[tuple[int, int]]:
        """Return year and month of every run touched."""
        return {(row[1].year, row[1].month) for row in self.runs.values()}

    def begun(self) -> set[str]:
        """Return the runs of which the first fact is here."""
        return {run_id for run_id, row in self.runs.items() if row[_START] is not None}


def fold_facts(facts: Sequence[Fact]) -> Folded:
    """Return the rows that the facts, in their order, come to.

    Raises:
        UnreadableMessage: an event within a fact is not what the contract says.
    """
    folded = Folded()
    for fact in facts:
        if isinstance(fact, RunFact):
            _fold_run(folded, fact)
        else:
            _fold_skip(folded, fact)
    return folded


def _fold_run(folded: Folded, fact: RunFact) -> None:
    row = folded.runs.get(fact.run_id)
    if row is None:
        folded.runs[fact.run_id] = _run_row(fact)
    elif fact.seq > row[_SEQ]:
        row[_STATUS] = fact.status
        row[_SEQ] = fact.seq
        row[_UPDATED] = fact.at
        row[_ENDED] = fact.ended_at or row[_ENDED]
        row[_WAITING] = _json(fact.waiting)
        row[_ERROR] = _json(fact.error) or row[_ERROR]
        if fact.start is not None:
            row[_START:] = _start_values(fact)
    else:
        return
    if _is_awaited(fact):
        folded.noticed.add(fact.run_id)
    for index, step in enumerate(fact.steps):
        _fold_step(folded, fact, step, fact.seq * _PLACES_A_FACT + index)
    for task in fact.tasks:
        _fold_task(folded, fact, task)
    if fact.verdict is not None:
        folded.verdicts.append([fact.verdict.submission_id, fact.verdict.accepted, fact.verdict.reason])
        folded.noticed.add(fact.run_id)


def _is_awaited(fact: RunFact) -> bool:
    """Whether somebody may wait for this very fact: of a cancelled run, a test that ended, the beginning of a rerun."""
    if fact.status != "running" and (fact.test or fact.status == "cancelled"):
        return True
    return fact.start is not None and rerun_of(fact.start.cause) is not None


def _run_row(fact: RunFact) -> Row:
    return [
        fact.run_id,
        fact.started_at,
        fact.tenant_id,
        fact.automation_id,
        fact.version,
        fact.lane,
        fact.status,
        fact.seq,
        fact.at,
        fact.ended_at,
        _json(fact.waiting),
        _json(fact.error),
        *(_NO_START if fact.start is None else _start_values(fact)),
    ]


def _start_values(fact: RunFact) -> Row:
    start = fact.start
    assert start is not None
    event = event_reader.read(bytes(start.event))
    return [
        start.mode,
        start.cause,
        start.chain_id,
        start.depth,
        event.id,
        event.type,
        event.object,
        event.record_id,
        _json(start.event),
        _json(start.position),
        rerun_of(start.cause),
    ]


def _fold_step(folded: Folded, fact: RunFact, step: StepFact, place: int) -> None:
    key = (fact.run_id, step.path)
    row = folded.steps.get(key)
    rest = [
        step.name,
        _json(step.input),
        _json(step.request),
        _json(step.output),
        _json(step.error),
        _json(step.notes),
        step.reason,
        step.started_at,
        step.ended_at,
    ]
    tries = _tries(fact, step)
    if row is None:
        folded.steps[key] = [
            fact.run_id,
            fact.started_at,
            step.path,
            step.id,
            step.type,
            step.status,
            fact.seq,
            place,
            step.attempts,
            *rest,
            tries,
        ]
        return
    row[_STEP_STATUS] = step.status
    row[_STEP_SEQ] = fact.seq
    row[_STEP_ATTEMPTS] = max(step.attempts, row[_STEP_ATTEMPTS])
    row[_STEP_REST:_STEP_TRIES] = _latest(rest, row[_STEP_REST:_STEP_TRIES])
    row[_STEP_TRIES] = _joined(row[_STEP_TRIES], tries)


def _tries(fact: RunFact, step: StepFact) -> str | None:
    """Return what the fact says of an attempt that is not the first and last, as JSON by `<number>.<what>`.

    Each name is said by one fact, so that to join what was joined before changes no name's last value.
    """
    if step.status != "running" or step.attempts < _SECOND:
        return None
    error = _json(step.error)
    if error is None:
        return msgspec.json.encode({f"{step.attempts}.began": {"at": fact.at}}).decode()
    failure = {"at": fact.at, "error": msgspec.Raw(error.encode()), "next_at": step.next_attempt_at}
    return msgspec.json.encode({f"{step.attempts - 1}.failed": failure}).decode()


def _joined(before: str | None, now: str | None) -> str | None:
    """Return two JSON objects as one, in which a name may stand twice; None stands for an empty one."""
    if before is None or now is None:
        return now or before
    return before[:-1] + "," + now[1:]


def _fold_task(folded: Folded, fact: RunFact, task: TaskFact) -> None:
    folded.noticed.add(fact.run_id)
    key = (fact.tenant_id, task.task_id)
    row = folded.tasks.get(key)
    rest = [
        task.title,
        task.instructions,
        task.assignee,
        None if not task.groups else msgspec.json.encode(task.groups).decode(),
        _json(task.form),
        task.due_at,
        task.priority,
        task.opened_at,
    ]
    if row is None:
        identity = [fact.tenant_id, task.task_id, fact.run_id, fact.started_at, fact.automation_id, task.path]
        folded.tasks[key] = [*identity, task.status, fact.seq, *rest, fact.at]
        return
    row[_TASK_STATUS] = task.status
    row[_TASK_SEQ] = fact.seq
    row[_TASK_REST:_TASK_CHANGED] = _latest(rest, row[_TASK_REST:_TASK_CHANGED])
    row[_TASK_CHANGED] = fact.at


def _fold_skip(folded: Folded, fact: SkipFact) -> None:
    event = event_reader.read(bytes(fact.event))
    folded.skips[(fact.tenant_id, fact.run_id, fact.reason)] = [
        fact.tenant_id,
        fact.run_id,
        fact.automation_id,
        fact.version,
        fact.lane,
        fact.reason,
        fact.detail,
        fact.at,
        event.id,
        event.type,
        event.object,
        event.record_id,
        _json(fact.event),
        fact.chain_id,
    ]


def _latest(new: Row, old: Row) -> Row:
    return [before if now is None else now for now, before in zip(new, old, strict=True)]


def _json(value: msgspec.Raw) -> str | None:
    text = bytes(value)
    return None if text in (b"", b"null") else text.decode()
