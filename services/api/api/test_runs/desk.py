"""Starts a test and waits for it.

A test asks neither for conditions nor for a status: `explain` tells of those. It runs dry in the sandbox's lane,
whether or not the sandbox is on, and every test is a run of its own. The answer waits for the run, up to ten seconds.
"""

import asyncio
import uuid
from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.automations.desk import AutomationDesk
from api.decisions.desk import DecisionDesk
from api.decisions.requests import Place, Question, Subject, choose_subject
from api.problems import Refused
from api.runs.routes import render_run_body
from api.runs.store import RunStore
from api.signals import RunSignals, wait_for_change
from api.test_runs.store import TestVersions
from automations.clock import monotonic_seconds, utc_now
from automations.contracts.commands import EventPosition, StartRun, TriedDocument
from automations.contracts.events import CrmEvent
from automations.contracts.identity import run_id
from automations.contracts.topics import RUN_COMMANDS, record_key
from automations.contracts.wire import encode
from automations.messaging.publisher import MessageTooLarge, Publisher, Record

RUN_SECONDS: Final = 10.0
PUBLISH_SECONDS: Final = 10.0


class TestDesk:
    """Tries automations out."""

    def __init__(
        self,
        automations: AutomationDesk,
        decisions: DecisionDesk,
        versions: TestVersions,
        runs: RunStore,
        publisher: Publisher,
        signals: RunSignals,
    ) -> None:
        self._automations = automations
        self._decisions = decisions
        self._versions = versions
        self._runs = runs
        self._publisher = publisher
        self._signals = signals

    async def start(self, caller: Caller, automation_id: str, question: Question) -> Response:
        """Run the document for the event, dry; return the run once it has ended or waits."""
        automation = await self._automations.load(caller, automation_id)
        subject = choose_subject(automation, question)
        event = await self._decisions.load_event(caller, question)
        version = subject.version if subject.version is not None else await self._versions.next()
        command = start_of_test(automation_id, subject, version, event, question.place, uuid.uuid4(), utc_now())
        with self._signals.watching(command.run_id) as changed:
            await self._publish(command)
            return await self._answer(caller, command, changed)

    async def _publish(self, command: StartRun) -> None:
        key = record_key(command.tenant_id, command.automation_id, command.run_id)
        try:
            record = Record(RUN_COMMANDS.name, key, encode(command))
            await asyncio.wait_for(self._publisher.publish_all([record]), PUBLISH_SECONDS)
        except TimeoutError:
            retry = {"Retry-After": "5"}
            raise Refused(503, "Kafka did not take the test in time; try again.", headers=retry) from None
        except MessageTooLarge as error:
            raise Refused(413, f"Event and document together are larger than Kafka takes: {error}.") from None

    async def _answer(self, caller: Caller, command: StartRun, changed: asyncio.Event) -> Response:
        deadline = monotonic_seconds() + RUN_SECONDS
        while True:
            changed.clear()
            found = await self._runs.load(caller.tenant_id, command.run_id)
            if found is not None and (found.run["status"] != "running" or found.run["waiting"] is not None):
                return json_response(render_run_body(found))
            if monotonic_seconds() >= deadline:
                return json_response(_begun(command) if found is None else render_run_body(found), 202)
            await wait_for_change(changed, deadline)


def start_of_test(
    automation_id: str,
    subject: Subject,
    version: int,
    event: CrmEvent,
    place: Place | None,
    request: uuid.UUID,
    now: datetime,
) -> StartRun:
    """Return the command; the request is part of the run's identity, so that two tests of one event are two runs."""
    cause = f"manual:{request}:{event.record_key or event.digest}"
    return StartRun(
        run_id=run_id(event.tenant_id, automation_id, "sandbox", cause),
        tenant_id=event.tenant_id,
        automation_id=automation_id,
        version=version,
        lane="sandbox",
        cause=cause,
        order_key=None,
        definitions_offset=0,
        event=event.trigger,
        event_digest=event.digest,
        decided_at=now,
        position=None
        if place is None
        else EventPosition(topic=place.topic, partition=place.partition, offset=place.offset),
        test=TriedDocument(document=subject.document),
    )


def _begun(command: StartRun) -> dict[str, Any]:
    return {
        "id": command.run_id,
        "automation_id": command.automation_id,
        "version": command.version if command.version > 0 else None,
        "status": "running",
        "dry_run": True,
        "mode": "test",
    }
