"""Speaks to the executor as api and trigger-matcher do."""

import uuid
from typing import Any

from automations.clock import utc_now
from automations.contracts.commands import StartRun, TriggerEvent
from automations.contracts.controls import CancelRun, CompleteTask
from automations.contracts.definitions import AutomationDefined, LiveDocument, definition_key
from automations.contracts.identity import run_id
from automations.contracts.topics import DEFINITIONS, RUN_COMMANDS, RUN_CONTROLS, record_key
from automations.contracts.wire import encode
from automations.definition import validate_document
from automations.messaging.publisher import Publisher, Record
from tests.support.counting_server import CountingServer

TENANT = "default"


class Commander:
    """Speaks to the executor as api and trigger-matcher do."""

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher

    async def define(
        self, actions: list[dict[str, Any]], *, status: str = "active", version: int = 1, **document: Any
    ) -> tuple[str, int]:
        """Publish an automation; return its id and the definitions offset after it."""
        checked = validate_document(
            {"name": "test", "trigger": {"event": "case.created"}, "actions": actions, **document}
        )
        assert checked.document is not None, checked.problems
        automation_id = str(uuid.uuid4())
        definition = AutomationDefined(
            tenant_id=TENANT,
            automation_id=automation_id,
            revision=1,
            status=status,  # type: ignore[arg-type]
            live=LiveDocument(version=version, document=checked.document),
        )
        key = definition_key(TENANT, automation_id)
        [lies] = await self._publisher.publish_all([Record(DEFINITIONS.name, key, encode(definition))])
        return automation_id, lies.offset + 1

    def command(self, automation_id: str, offset: int, **changes: Any) -> StartRun:
        """Return a command that starts the automation for a new event."""
        event_id = uuid.uuid4().hex
        record = {"id": f"case-{event_id}", "name": "Portal is down", "priority": "critical"}
        fields: dict[str, Any] = {
            "run_id": run_id(TENANT, automation_id, "live", f"event:test:{event_id}"),
            "tenant_id": TENANT,
            "automation_id": automation_id,
            "version": 1,
            "lane": "live",
            "cause": f"event:test:{event_id}",
            "order_key": f"{automation_id}|case/{record['id']}",
            "definitions_offset": offset,
            "event": TriggerEvent(
                id=event_id, type="case.created", time=utc_now(), object="case", record_id=record["id"], record=record
            ),
            "event_digest": "d1",
            "decided_at": utc_now(),
        }
        return StartRun(**{**fields, **changes})

    async def start(self, *commands: StartRun) -> None:
        """Publish commands."""
        await self._publisher.publish_all(
            [
                Record(RUN_COMMANDS.name, record_key(TENANT, command.order_key or ""), encode(command))
                for command in commands
            ]
        )

    async def complete(self, run: str, task_id: str, output: dict[str, Any], submission_id: str | None = None) -> str:
        """Publish a completion; return the submission's id."""
        submission_id = submission_id or str(uuid.uuid4())
        control = CompleteTask(
            tenant_id=TENANT,
            run_id=run,
            task_id=task_id,
            submission_id=submission_id,
            output=output,
            submitted_by="ines@example.com",
            submitted_at=utc_now(),
        )
        await self._publisher.publish_all([Record(RUN_CONTROLS.name, run.encode(), encode(control))])
        return submission_id

    async def cancel(self, run: str) -> None:
        """Publish a cancellation."""
        control = CancelRun(tenant_id=TENANT, run_id=run, requested_by="ines@example.com", requested_at=utc_now())
        await self._publisher.publish_all([Record(RUN_CONTROLS.name, run.encode(), encode(control))])


def webhook(server: CountingServer, path: str = "/hook", **more: Any) -> dict[str, Any]:
    return {"type": "call_webhook", "params": {"url": f"{server.url}{path}", **more}}
