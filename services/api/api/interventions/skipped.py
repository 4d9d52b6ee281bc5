"""Starting later what a pause skipped, so that a pause loses nothing.

Each skipped start is started once, in the order of the events, as a run of the version that is live now. The run's
cause names the skipped start, which is identified by the event: so it is the same however often it is asked for, and
another than the one of the run that would have been.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.automations.desk import AutomationDesk
from api.interventions.present import Present, not_active
from api.interventions.rerunning import digest_of
from api.interventions.store import InterventionStore, SkippedStart
from api.outbox.sender import OutboxSender
from api.problems import unprocessable
from api.runs.store import is_uuid
from automations.contracts.commands import StartRun
from automations.contracts.events import record_key_of
from automations.contracts.identity import run_id
from automations.problems import Problem, pointer_join

MOST_AT_ONCE: Final = 10_000
"""Starts that one request starts; the answer says how many are left."""
_A_TRANSACTION: Final = 100
_ALL: Final = "all"


class WantedStarts(NamedTuple):
    """Which skipped starts are to be started."""

    ids: Sequence[str] | None
    """None for all."""
    most: int
    """How many of them at the most."""


def read_wanted(body: dict[str, Any]) -> WantedStarts:
    """Return the skipped starts that are to be started.

    Raises:
        Refused: `ids` is no list of ids, or another field is given (422).
    """
    problems = [
        Problem(pointer_join("", name), "is not known here; `ids` and `most` are", "unknown_field")
        for name in body
        if name not in ("ids", "most")
    ]
    wanted = body.get("ids", _ALL)
    if wanted == _ALL:
        wanted = None
    elif not isinstance(wanted, list) or not 0 < len(wanted) <= MOST_AT_ONCE:
        problems.append(Problem("/ids", f'must be "all", or a list of 1 to {MOST_AT_ONCE} ids', "type"))
    else:
        for place, each in enumerate(wanted):
            if not isinstance(each, str) or not is_uuid(each):
                problems.append(_unknown(place))
    most = body.get("most", MOST_AT_ONCE)
    if isinstance(most, bool) or not isinstance(most, int) or not 0 < most <= MOST_AT_ONCE:
        problems.append(Problem("/most", f"must be a number from 1 to {MOST_AT_ONCE}", "type"))
    if problems:
        raise unprocessable(problems)
    return WantedStarts(None if wanted is None else [str(uuid.UUID(each)) for each in wanted], most)


class SkippedDesk:
    """Takes requests to start what was skipped."""

    def __init__(
        self, store: InterventionStore, automations: AutomationDesk, present: Present, sender: OutboxSender
    ) -> None:
        self._store = store
        self._automations = automations
        self._present = present
        self._sender = sender

    async def start(self, caller: Caller, automation_id: str, wanted: WantedStarts) -> Response:
        """Start skipped starts, and answer how many were started and how many are left."""
        await self._automations.load(caller, automation_id)
        if wanted.ids is not None:
            known = await self._store.find_skipped(caller.tenant_id, automation_id, wanted.ids)
            unknown = [_unknown(place) for place, each in enumerate(wanted.ids) if each not in known]
            if unknown:
                raise unprocessable(unknown)
        offset = await self._present.load_offset(caller.tenant_id, automation_id, "live")

        def command_of(skipped: SkippedStart, version: int, now: datetime) -> StartRun:
            return command_in_place_of(skipped, caller.tenant_id, automation_id, version, offset, now)

        started = 0
        while started < wanted.most:
            part = await self._store.start_skipped(
                caller.tenant_id,
                automation_id,
                caller.name,
                run_ids=wanted.ids,
                number=min(_A_TRANSACTION, wanted.most - started),
                command_of=command_of,
            )
            if part is None and not started:
                raise not_active("no longer active")
            if part is None or not part.number:
                break
            started += part.number
            for sending in part.sendings:
                self._sender.notice(sending.order_key)
        left = await self._store.count_startable(caller.tenant_id, automation_id)
        return json_response({"started": started, "left": left})


def command_in_place_of(
    skipped: SkippedStart, tenant_id: str, automation_id: str, version: int, definitions_offset: int, now: datetime
) -> StartRun:
    """Return the start that takes the place of a skipped one; it begins a new chain, because a person asked for it."""
    cause = f"manual:skipped:{skipped.run_id}"
    record = record_key_of(skipped.event)
    return StartRun(
        run_id=run_id(tenant_id, automation_id, "live", cause),
        tenant_id=tenant_id,
        automation_id=automation_id,
        version=version,
        lane="live",
        cause=cause,
        order_key=None if record is None else f"{automation_id}|{record}",
        definitions_offset=definitions_offset,
        event=skipped.event,
        event_digest=digest_of(skipped.event),
        decided_at=now,
    )


def _unknown(place: int) -> Problem:
    return Problem(f"/ids/{place}", "is no start of this automation that a pause skipped", "unknown_start")
