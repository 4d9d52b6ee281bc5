"""Running a run again: a new run with a cause of its own, of the version of the first one.

The first run is final and stays as it is. A run of the sandbox is run again in the sandbox, a live one only while
its automation is active, because executor starts no other. The event may be edited.
"""

import hashlib
import uuid
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, NamedTuple

import msgspec
from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.automations.store import AutomationStore
from api.interventions.copying import copy_steps
from api.interventions.present import Present
from api.interventions.store import InterventionStore
from api.outbox.sender import OutboxSender
from api.problems import Refused, not_found, unprocessable
from api.runs.routes import render_run_body
from api.runs.store import RunRows, RunStore, is_uuid
from api.signals import RunSignals, wait_for_change
from automations.clock import monotonic_seconds, utc_now
from automations.contracts.commands import Rerun, StartRun, TriggerEvent
from automations.contracts.events import record_key_of
from automations.contracts.identity import Lane, rerun_cause, run_id
from automations.contracts.wire import encode
from automations.messaging.topic_setup import MAX_MESSAGE_BYTES
from automations.problems import Problem, pointer_join

SHOWN_SECONDS = 2.0
"""How long the answer waits for the new run to stand in the history."""
_ROOM_BYTES = 4_096
_EDITABLE = ("record", "changes")
_event_decoder = msgspec.json.Decoder(TriggerEvent)

LoadOffset = Callable[[str, str, Lane], Awaitable[int]]
"""Gives the definitions offset for a start of an automation in a lane, as `Present.load_offset` does."""


class Wish(NamedTuple):
    """What a request to run again says."""

    from_step: str | None = None
    edits: Mapping[str, Any] = {}
    """`record` and `changes` as they shall be; a field that is left out stays."""


def read_wish(body: dict[str, Any]) -> Wish:
    """Return what the body says; an empty one is a rerun from the start.

    Raises:
        Refused: a field is of the wrong type, or unknown (422).
    """
    problems = [
        Problem(pointer_join("", name), "is not known here; `from_step` and `event` are", "unknown_field")
        for name in body
        if name not in ("from_step", "event")
    ]
    from_step = body.get("from_step")
    if from_step is not None and (not isinstance(from_step, str) or not from_step):
        problems.append(Problem("/from_step", "must be the id of a step", "type"))
    edits = body.get("event")
    if edits is not None and not isinstance(edits, dict):
        problems.append(Problem("/event", "must be an object with `record`, `changes` or both", "type"))
        edits = None
    for name, value in (edits or {}).items():
        if name not in _EDITABLE:
            message = "cannot be edited; `record` and `changes` can"
            problems.append(Problem(pointer_join("/event", name), message, "not_editable"))
        elif not isinstance(value, dict) and not (name == "changes" and value is None):
            problems.append(Problem(f"/event/{name}", "must be an object", "type"))
    if problems:
        raise unprocessable(problems)
    return Wish(from_step, edits or {})


class RerunDesk:
    """Takes requests to run again."""

    def __init__(
        self,
        store: InterventionStore,
        automations: AutomationStore,
        runs: RunStore,
        present: Present,
        sender: OutboxSender,
        signals: RunSignals,
    ) -> None:
        self._store = store
        self._automations = automations
        self._runs = runs
        self._present = present
        self._sender = sender
        self._signals = signals

    async def rerun(self, caller: Caller, run: str, wish: Wish) -> Response:
        """Start a run that repeats another, and answer with it."""
        command = await self.decide(caller.tenant_id, run, wish, str(uuid.uuid4()), self._present.load_offset)
        with self._signals.watching(command.run_id) as changed:
            deadline = monotonic_seconds() + SHOWN_SECONDS
            sending = await self._store.save_start(command)
            await self._sender.wait_sent(sending, SHOWN_SECONDS)
            while True:
                changed.clear()
                found = await self._runs.load(caller.tenant_id, command.run_id)
                if found is not None or monotonic_seconds() >= deadline:
                    body = _begun(command) if found is None else render_run_body(found)
                    return json_response(body, 201, {"Location": f"/api/v1/runs/{command.run_id}"})
                await wait_for_change(changed, deadline)

    async def decide(self, tenant_id: str, run: str, wish: Wish, request: str, load_offset: LoadOffset) -> StartRun:
        """Return the start of a run that repeats another; the same request for the same run is the same start.

        Raises:
            Refused: there is no such run (404), it cannot be run again (409), or not from that step (422).
        """
        found = await self._runs.load(tenant_id, run) if is_uuid(run) else None
        if found is None:
            raise not_found(f"run {run}")
        _refuse_unfit(found)
        row = found.run
        version = await self._automations.load_version(tenant_id, row["automation_id"], row["version"])
        if version is None:
            raise Refused(409, f"Version {row['version']} of the automation is not kept.", reason="version_not_kept")
        anew = copy_steps(version[0], found.steps, wish.from_step)
        offset = await load_offset(tenant_id, row["automation_id"], row["lane"])
        event = msgspec.structs.replace(_event_decoder.decode(row["event"]), **wish.edits)
        first = str(row["run_id"])
        cause = rerun_cause(request, first)
        record = record_key_of(event)
        command = StartRun(
            run_id=run_id(tenant_id, row["automation_id"], row["lane"], cause),
            tenant_id=tenant_id,
            automation_id=row["automation_id"],
            version=row["version"],
            lane=row["lane"],
            cause=cause,
            order_key=None if record is None else f"{row['automation_id']}|{record}",
            definitions_offset=offset,
            event=event,
            event_digest=digest_of(event),
            decided_at=utc_now(),
            rerun=Rerun(run_id=first, step=anew.step, steps=anew.copied),
        )
        if len(encode(command)) > MAX_MESSAGE_BYTES - _ROOM_BYTES:
            raise Refused(413, "The event and the results that would be taken over are larger than Kafka takes.")
        return command


def digest_of(event: TriggerEvent) -> str:
    """Return what tells an event's content apart from any other's."""
    return hashlib.blake2b(encode(event), digest_size=12).hexdigest()


def _refuse_unfit(found: RunRows) -> None:
    """Refuse to run a run again.

    Raises:
        Refused: it is a test, has not ended, or its beginning is not known yet (409).
    """
    row = found.run
    if row["mode"] == "test":
        raise Refused(409, "A test is not run again; start another one.", reason="test_run")
    if row["status"] == "running":
        raise Refused(409, "The run has not ended; cancel it first.", reason="still_running")
    if row["event"] is None:
        raise Refused(409, "The history does not know the run's event.", reason="event_not_kept")


def _begun(command: StartRun) -> dict[str, Any]:
    assert command.rerun is not None
    return {
        "id": command.run_id,
        "automation_id": command.automation_id,
        "version": command.version,
        "status": "running",
        "dry_run": command.lane == "sandbox",
        "rerun_of": command.rerun.run_id,
    }
