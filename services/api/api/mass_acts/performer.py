"""Works off mass acts, some runs a transaction, in whichever process comes first.

A run is first asked: its cancellation, or the start of its rerun, is written to the outbox in the transaction that
marks it. What became of it is then read in the history. Who is ended in between leaves an act that another process
goes on with; the start of a rerun is the same however often it is decided.
"""

import asyncio
from collections.abc import Sequence

from api.interventions.present import Present
from api.interventions.rerunning import LoadOffset, RerunDesk, Wish
from api.interventions.store import save_cancellation, save_start
from api.mass_acts.store import (
    MarkedRun,
    MassActStore,
    end_where_settled,
    hold_act,
    load_refused_starts,
    load_waiting,
    mark_runs,
    settle_runs,
)
from api.outbox.sender import OutboxSender
from api.outbox.store import Sending
from api.problems import Refused
from api.runs.store import Row
from api.runs.views import SKIP_SENTENCES
from automations.contracts.identity import Lane
from automations.observability import get_logger
from automations.postgres import OUTAGES, PoolConnection

log = get_logger(__name__)

A_TRANSACTION = 50
LOOK_SECONDS = 0.5
"""How soon what runs say is looked at again while an act is under way."""
IDLE_SECONDS = 5.0
"""How soon acts that another process left are found."""
_TRY_AGAIN = 500
_OUR_FAULT = "Something went wrong on our side; the log says what."


class MassActPerformer:
    """The process's worker; `notice` lets it begin at once."""

    def __init__(self, store: MassActStore, reruns: RerunDesk, present: Present, sender: OutboxSender) -> None:
        self._store = store
        self._reruns = reruns
        self._present = present
        self._sender = sender
        self._wake = asyncio.Event()

    def notice(self) -> None:
        """Look for acts at once."""
        self._wake.set()

    async def run(self) -> None:
        """Work off acts, until cancelled."""
        while True:
            self._wake.clear()
            try:
                pause = await self._work()
            except OUTAGES as error:
                log.warning("mass acts wait for PostgreSQL", error=repr(error))
                pause = LOOK_SECONDS
            if pause:
                await _rest(self._wake, pause)

    async def _work(self) -> float:
        """Take one step in each act under way; return for how many seconds there is nothing to do."""
        pause = IDLE_SECONDS
        for act_id in await self._store.list_under_way():
            pause = min(pause, await self._step(act_id))
        return pause

    async def _step(self, act_id: str) -> float:
        sendings: Sequence[Sending] = ()
        async with self._store.connection() as connection, connection.transaction():
            act = await hold_act(connection, act_id)
            if act is None:
                return LOOK_SECONDS
            await settle_runs(connection, act)
            await mark_runs(connection, act, [_skipped(row) for row in await load_refused_starts(connection, act)])
            rows = await load_waiting(connection, act, A_TRANSACTION)
            asked = await self._ask(connection, act, rows)
            marked, sendings = [mark for mark, _ in asked], [sending for _, sending in asked if sending is not None]
            await mark_runs(connection, act, marked)
            waiting, _ = await end_where_settled(connection, act)
        for sending in sendings:
            self._sender.notice(sending.order_key)
        return 0.0 if waiting and marked else LOOK_SECONDS

    async def _ask(
        self, connection: PoolConnection, act: Row, rows: Sequence[Row]
    ) -> list[tuple[MarkedRun, Sending | None]]:
        if act["act"] == "cancel":
            return [await _cancel(connection, act, row) for row in rows]
        offsets = _Offsets(self._present.load_offset)
        done: list[tuple[MarkedRun, Sending | None]] = []
        for row in rows:
            try:
                command = await self._reruns.decide(
                    act["tenant_id"], str(row["run_id"]), Wish(), str(act["id"]), offsets.load
                )
            except Refused as error:
                if error.status >= _TRY_AGAIN:
                    break
                done.append((MarkedRun(row["place"], "failed", detail=error.detail), None))
                continue
            except OUTAGES:
                raise
            except Exception:
                # One run that cannot be read must not hold up the others, nor this process.
                log.exception("a run could not be begun again", run_id=str(row["run_id"]))
                done.append((MarkedRun(row["place"], "failed", detail=_OUR_FAULT), None))
                continue
            sending = await save_start(connection, command)
            done.append((MarkedRun(row["place"], "asked", new_run_id=command.run_id), sending))
        return done


class _Offsets:
    """The definitions offsets of one transaction's starts: the same for all runs of an automation and lane."""

    def __init__(self, load_offset: LoadOffset) -> None:
        self._load_offset = load_offset
        self._known: dict[tuple[str, str, Lane], int | Refused] = {}

    async def load(self, tenant_id: str, automation_id: str, lane: Lane) -> int:
        place = (tenant_id, automation_id, lane)
        if place not in self._known:
            try:
                self._known[place] = await self._load_offset(*place)
            except Refused as error:
                self._known[place] = error
        known = self._known[place]
        if isinstance(known, Refused):
            raise known
        return known


async def _cancel(connection: PoolConnection, act: Row, row: Row) -> tuple[MarkedRun, Sending | None]:
    """Ask for a run's end; one that somebody else has cancelled meanwhile is where the act wants it."""
    if row["status"] == "cancelled":
        return MarkedRun(row["place"], "done"), None
    if row["status"] != "running":
        ended = "The history does not know it any more." if row["status"] is None else f"It had ended: {row['status']}."
        return MarkedRun(row["place"], "failed", detail=ended), None
    sending = await save_cancellation(
        connection, act["tenant_id"], str(row["run_id"]), act["requested_by"], act["reason"]
    )
    return MarkedRun(row["place"], "asked"), sending


def _skipped(row: Row) -> MarkedRun:
    sentence = SKIP_SENTENCES.get(row["reason"]) or row["detail"] or f"It was skipped: {row['reason']}."
    return MarkedRun(row["place"], "failed", detail=sentence)


async def _rest(wake: asyncio.Event, seconds: float) -> None:
    try:
        await asyncio.wait_for(wake.wait(), seconds)
    except TimeoutError:
        return
