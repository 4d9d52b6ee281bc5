"""Cancelling a run: api stores that somebody wants it, the run judges.

The answer waits until history shows the end: 200 with the cancelled run, 409 with its status where it ended
otherwise, 202 where nothing was heard within five seconds, because a step in flight is waited for. To ask again
changes nothing.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.interventions.store import InterventionStore
from api.outbox.sender import OutboxSender
from api.problems import Refused, not_found, unprocessable
from api.runs.routes import render_run_body
from api.runs.store import RunRows, RunStore, is_uuid
from api.signals import RunSignals, wait_for_change
from automations.clock import monotonic_seconds
from automations.problems import Problem, pointer_join

END_SECONDS = 5.0
_LONGEST_REASON_CHARACTERS = 1_000


def read_cancellation(body: dict[str, Any]) -> str | None:
    """Return the reason that a request to cancel gives.

    Raises:
        Refused: a field is of the wrong type, or unknown (422).
    """
    problems = [
        Problem(pointer_join("", name), "is not known here; only `reason` is", "unknown_field")
        for name in body
        if name != "reason"
    ]
    reason = read_reason(body, problems)
    if problems:
        raise unprocessable(problems)
    return reason


def read_reason(body: Mapping[str, Any], problems: list[Problem]) -> str | None:
    """Return the field `reason` of a body, None where there is none; what is wrong with it joins the problems."""
    reason = body.get("reason")
    if reason is not None and not isinstance(reason, str):
        problems.append(Problem("/reason", "must be text", "type"))
    elif reason is not None and len(reason) > _LONGEST_REASON_CHARACTERS:
        problems.append(Problem("/reason", f"has at most {_LONGEST_REASON_CHARACTERS} characters", "too_long"))
    return reason if isinstance(reason, str) and reason else None


class CancellingDesk:
    """Takes requests to cancel runs."""

    def __init__(self, store: InterventionStore, runs: RunStore, sender: OutboxSender, signals: RunSignals) -> None:
        self._store = store
        self._runs = runs
        self._sender = sender
        self._signals = signals

    async def cancel(self, caller: Caller, run_id: str, reason: str | None) -> Response:
        """Cancel a run, and answer with it once it has ended."""
        run = await self._load(caller, run_id)
        run_id = str(uuid.UUID(run_id))
        if run.run["status"] != "running":
            return _answer(run)
        with self._signals.watching(run_id) as changed:
            deadline = monotonic_seconds() + END_SECONDS
            sending = await self._store.save_cancellation(caller.tenant_id, run_id, caller.name, reason)
            if sending is not None:
                await self._sender.wait_sent(sending, END_SECONDS)
            while True:
                changed.clear()
                run = await self._load(caller, run_id)
                if run.run["status"] != "running" or monotonic_seconds() >= deadline:
                    return _answer(run)
                await wait_for_change(changed, deadline)

    async def _load(self, caller: Caller, run_id: str) -> RunRows:
        run = await self._runs.load(caller.tenant_id, run_id) if is_uuid(run_id) else None
        if run is None:
            raise not_found(f"run {run_id}")
        return run


def _answer(run: RunRows) -> Response:
    """Return the answer for a run as it stands after it was asked to end.

    Raises:
        Refused: it ended by itself (409).
    """
    status = run.run["status"]
    if status not in ("running", "cancelled"):
        raise Refused(
            409, f"The run has ended ({status}); it cannot be cancelled.", reason="run_ended", run_status=status
        )
    return json_response(render_run_body(run), 202 if status == "running" else 200)
