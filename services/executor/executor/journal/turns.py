"""Turns: which of the runs of one automation for one record, in one lane, may perform steps now.

These are the parts of the journal's transactions that give a turn, queue for it and hand it on.

- At most one run holds a turn: a unique index says so. A transaction that loses a race for it is begun anew.
- Who is queued has locked the holder's row before, and a holder has locked its own row before it looks for who is
  queued. So nobody is queued behind a run that has just given its turn away.
- Turns go by places, which are drawn as commands are accepted: a parked run that wakes is before newer ones.
- A run that is to end performs no step, and so needs no turn.
- Rows are locked in the order of the runs' ids.
"""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from typing import Any, Final, NamedTuple

from automations.contracts.wire import encode
from automations.postgres import Pool, PoolConnection
from executor.engine.inputs import TimerFired, input_decoder
from executor.engine.outcomes import RUN_TIMER
from executor.engine.run import Run
from executor.journal.rows import (
    CANCEL_KEY,
    Acceptance,
    Entry,
    HeldRun,
    PendingInput,
    Release,
    key_of_fired,
    read_beginning,
    read_run,
)
from executor.journal.sql import queries

ONE_HOLDER: Final = "runs_turns"
"""The unique index by which one run holds a turn."""
ENDING_KEYS: Final = frozenset({CANCEL_KEY, key_of_fired(RUN_TIMER)})
"""Under which inputs lie in the inbox that end a run which is parked or queued."""

_Turn = tuple[str, str, str | None]


class Entered(NamedTuple):
    """What became of accepted runs: all of them as they were entered, and which of them are queued."""

    runs: list[Acceptance]
    queued: dict[str, Acceptance]


async def enter_runs(
    connection: PoolConnection,
    process: int,
    accepted: Sequence[Acceptance],
    queue: Callable[[Acceptance], Acceptance],
    *,
    turns_look_free: bool = False,
) -> Entered:
    """Enter runs in the order of their commands; those whose turn is taken as `queue` has them.

    Where `turns_look_free`, all are tried at once, which is cheap unless one of the turns is taken after all.
    """
    if turns_look_free and accepted:
        rows = [_accepted_row(one) for one in accepted]
        if await queries.enter_with_turns(connection, process=process, runs=rows):
            return Entered(list(accepted), {})
    left = accepted
    entered: list[Acceptance] = []
    queued: dict[str, Acceptance] = {}
    while left:
        # Of each turn the first run alone: a turn may come free while a statement runs, and must not go to a later one.
        first = _first_of_each_turn(left)
        refused = await _insert(connection, process, first, queued=False)
        begun = [one for one in first if one.run.run_id not in refused] if refused else first
        entered += begun
        if len(begun) == len(left):
            break
        ours = {_turn_of(one.run) for one in begun}
        those = {one.run.run_id for one in begun}
        left = [one for one in left if one.run.run_id not in those]
        others = {_turn_of(one.run) for one in left} - ours
        taken = ours | (await _lock_turns(connection, others) if others else set())
        behind = [queue(one) for one in left if _turn_of(one.run) in taken]
        await _insert(connection, process, behind, queued=True)
        queued.update({one.run.run_id: one for one in behind})
        left = [one for one in left if one.run.run_id not in queued]
    return Entered([*entered, *queued.values()], queued)


async def lock_to_adopt(connection: PoolConnection, run_ids: Collection[str]) -> set[str]:
    """Lock runs that are to be adopted, and who holds the turns that they need; return those that exist."""
    rows = queries.lock_runs_and_turns(connection, run_ids=list(run_ids))
    locked = {str(row["run_id"]) async for row in rows}
    return locked & set(run_ids)


async def adopt_runs(connection: PoolConnection, process: int, run_ids: Collection[str]) -> list[HeldRun]:
    """Take those of these runs, which are locked, that nobody holds and whose turn is not taken by another one.

    The others are queued. One that is to end is taken all the same, without the turn.
    """
    rows = queries.adopt_runs(connection, process=process, run_ids=list(run_ids), ending_keys=list(ENDING_KEYS))
    return await _take_up(connection, rows)


async def release_runs(connection: PoolConnection, process: int, releases: Sequence[Release]) -> list[HeldRun]:
    """Give runs up, which are locked, and hand on the turns that they give away; return who was given one."""
    rows = queries.release_runs(connection, process=process, releases=[_released_row(one) for one in releases])
    return await _take_up(connection, rows)


async def hand_lost_turns_on(connection: PoolConnection, process: int, at_most: int) -> list[HeldRun]:
    """Hand on turns that nobody holds though runs are queued for them; return who was given one."""
    return await _take_up(connection, queries.hand_lost_turns_on(connection, process=process, at_most=at_most))


async def keep_fired(connection: PoolConnection, fired: Sequence[tuple[str, TimerFired]]) -> None:
    """Put times of queued runs that have come into their inboxes."""
    await queries.keep_fired(
        connection,
        run_ids=[run_id for run_id, _ in fired],
        timers=[timer.key for _, timer in fired],
        keys=[key_of_fired(timer.key) for _, timer in fired],
        inputs=[encode(timer) for _, timer in fired],
    )


async def load_held(
    connection: PoolConnection, rows: AsyncIterator[Any], *, were_under_way: bool = False
) -> list[HeldRun]:
    """Return runs that this process has taken up, with what waits for them and what was journaled since.

    That is what came after their states, or may not be published; of one without a state, all there is. Of runs that
    `were_under_way` more may be journaled than their rows say.
    """
    found = {str(row["run_id"]): row async for row in rows if row["process"] is not None}
    if not found:
        return []
    inputs = await load_inputs(connection, list(found))
    states = {run_id: read_run(row["state"]) for run_id, row in found.items() if row["state"] is not None}
    behind: dict[str, int] = {}
    for run_id, row in found.items():
        after = min(row["published"], states[run_id].seq) if run_id in states else 0
        if were_under_way or after < row["seq"]:
            behind[run_id] = after
    entries: dict[str, list[Entry]] = defaultdict(list)
    if behind:
        journaled = queries.load_journaled(connection, run_ids=list(behind), afters=list(behind.values()))
        async for row in journaled:
            entries[str(row["run_id"])].append(Entry(row["seq"], row["input"], row["fact"]))
    held = []
    for run_id, row in found.items():
        run = states.get(run_id) or read_beginning(entries[run_id][0])
        held.append(
            HeldRun(
                run,
                row["published"],
                holds_turn=row["turn"] == "held",
                inputs=_in_order(run, row["turn"], inputs.get(run_id, ())),
                journaled=tuple(entries.get(run_id, ())),
            )
        )
    return held


async def _take_up(connection: PoolConnection, rows: AsyncIterator[Any]) -> list[HeldRun]:
    """Return runs that nobody held; what they wait for is known to their holder from now on."""
    held = await load_held(connection, rows)
    if held:
        await queries.remove_waits(connection, run_ids=[one.run.run_id for one in held])
    return held


async def load_inputs(connection: Pool | PoolConnection, run_ids: Sequence[str]) -> dict[str, list[PendingInput]]:
    """Return the inputs that wait for runs, in the order they came."""
    return await read_inputs(queries.load_inputs(connection, run_ids=list(run_ids)))


async def read_inputs(rows: AsyncIterator[Any]) -> dict[str, list[PendingInput]]:
    """Return rows of the inbox as inputs, by run."""
    pending: dict[str, list[PendingInput]] = defaultdict(list)
    async for row in rows:
        pending[str(row["run_id"])].append(PendingInput(row["key"], input_decoder.decode(row["input"])))
    return dict(pending)


def _in_order(run: Run, turn: str | None, inputs: Sequence[PendingInput]) -> tuple[PendingInput, ...]:
    """Return the inputs as they are to be applied: to a run that ends without its turn, what ends it before others."""
    if turn == "held" or not run.takes_turns:
        return tuple(inputs)
    return tuple(sorted(inputs, key=lambda one: one.key not in ENDING_KEYS))


def _first_of_each_turn(accepted: Sequence[Acceptance]) -> list[Acceptance]:
    """Return those that no other one for the same turn is before, and those that need none."""
    seen: set[_Turn] = set()
    first = []
    for one in accepted:
        turn = _turn_of(one.run)
        if one.run.order_key is None or turn not in seen:
            seen.add(turn)
            first.append(one)
    return first


async def _insert(
    connection: PoolConnection, process: int, accepted: Sequence[Acceptance], *, queued: bool
) -> set[str]:
    """Enter runs; return those that were left out because their turn is taken."""
    if not accepted:
        return set()
    rows = queries.insert_runs(
        connection, process=process, queued=queued, runs=[_accepted_row(one) for one in accepted]
    )
    return {row["run_id"] async for row in rows}


def _accepted_row(accepted: Acceptance) -> tuple[Any, ...]:
    run = accepted.run
    order_key = run.order_key if run.takes_turns else None
    at = accepted.appended_at
    return run.run_id, run.tenant_id, run.lane, run.automation_id, order_key, at, run.status, run.seq


def _released_row(release: Release) -> tuple[Any, ...]:
    run = release.run
    state = None if run.ended else encode(run)
    return run.run_id, run.status, run.seq, release.published, state, release.gives_turn


async def _lock_turns(connection: PoolConnection, wanted: Collection[_Turn]) -> set[_Turn]:
    """Lock who holds these turns; return those that are held."""
    rows = queries.lock_turns(
        connection,
        tenants=[tenant for tenant, _, _ in wanted],
        lanes=[lane for _, lane, _ in wanted],
        order_keys=[order_key for _, _, order_key in wanted],
    )
    return {(row["tenant_id"], row["lane"], row["order_key"]) async for row in rows}


def _turn_of(run: Run) -> _Turn:
    return run.tenant_id, run.lane, run.order_key
