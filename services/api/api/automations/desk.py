"""Changes automations for callers: decide on the present state, save, and wait until the stream has heard.

A change is answered once Kafka has it, after two seconds at the most; then the change stands all the same,
and the answer says that its activation is pending.
"""

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from fastapi import Request
from starlette.responses import Response

from api.access.caller import Caller
from api.answers import json_response
from api.automations.chains import load_loops
from api.automations.changes import (
    Change,
    WrongState,
    decide_create,
    decide_discard,
    decide_draft,
    decide_promote,
    decide_publish,
    decide_publish_draft,
    decide_status,
)
from api.automations.loop_flags import LoopFlags
from api.automations.model import Automation, Environment
from api.automations.requests import Checked, Written, check_document, check_if_match, read_status_request, read_written
from api.automations.store import AutomationStore, Saved
from api.automations.views import render_automation
from api.outbox.sender import OutboxSender
from api.problems import Refused, not_found, unprocessable
from api.repeats.store import Keep
from automations.contracts.definitions import AutomationStatus
from automations.definition import validate_document
from automations.definition.loops import Loop
from automations.postgres import PoolConnection
from automations.problems import Problem

ACTIVATION_SECONDS = 2.0

Judge = Callable[[Automation, datetime], Change | None]


class AutomationDesk:
    """Every change of an automation that a caller can ask for."""

    def __init__(self, store: AutomationStore, flags: LoopFlags, sender: OutboxSender) -> None:
        self._store = store
        self._flags = flags
        self._sender = sender

    async def load(self, caller: Caller, automation_id: str) -> Automation:
        """Return an automation of the caller's tenant.

        Raises:
            Refused: there is none (404).
        """
        automation = await self._store.load(caller.tenant_id, automation_id)
        if automation is None:
            raise not_found(f"automation {automation_id}")
        return automation

    async def create(self, caller: Caller, body: dict[str, Any], keep: Keep) -> Response:
        """Create an automation; the answer is kept for repeated requests in the same transaction."""
        written = read_written(body)
        status = written.status or "draft"
        checked = check_document(written.raw, status)
        new_id = str(uuid.uuid4())
        loops = await load_loops(self._store, caller.tenant_id, new_id, checked.document)
        checked = checked._replace(warnings=[*checked.warnings, *loops])

        def decide(now: datetime) -> Change:
            return decide_create(caller.tenant_id, new_id, checked.document, written.environment, status, now)

        async def finish(connection: PoolConnection, automation: Automation) -> None:
            await keep(connection, _created(automation, written.environment, checked, pending=False))

        saved = await self._store.create(decide, caller.name, finish)
        return _created(saved.automation, written.environment, checked, pending=not await self._is_heard(saved))

    async def update(self, request: Request, caller: Caller, automation_id: str, body: dict[str, Any]) -> Response:
        """Publish what was sent as a new version, unless it says what the present one says."""
        written = read_written(body)
        checked: list[Checked] = []

        def decide(present: Automation, now: datetime) -> Change | None:
            checked.append(check_document(written.raw, _resulting_status(present, written)))
            return decide_publish(present, checked[-1].document, written.environment, written.status, now)

        saved = await self._change(request, caller, automation_id, decide)
        return await self._answer(saved, written.environment, checked[-1].warnings)

    async def set_status(self, request: Request, caller: Caller, automation_id: str, body: dict[str, Any]) -> Response:
        """Change the status of the live document, or of the sandbox document if it is named or alone."""
        status, named = read_status_request(body)
        environments: list[Environment] = []

        def decide(present: Automation, now: datetime) -> Change | None:
            environment = named or present.shown_environment
            environments.append(environment)
            change = decide_status(present, environment, status, now)
            document = present.document_of(environment)
            if status == "active" and change is not None and document is not None:
                check_document(document.document, status)
            return change

        saved = await self._change(request, caller, automation_id, decide)
        return await self._answer(saved, environments[-1])

    async def save_draft(self, request: Request, caller: Caller, automation_id: str, body: dict[str, Any]) -> Response:
        """Put away what is being written; it may have any problem, and the answer names them."""
        raw = read_draft(body)
        validated = validate_document(raw, draft=True)
        document = raw if validated.document is None else validated.document
        saved = await self._change(
            request, caller, automation_id, lambda present, now: decide_draft(present, document, now)
        )
        return draft_response(saved.automation, await self._load_draft_loops(saved.automation))

    async def publish_draft(
        self, request: Request, caller: Caller, automation_id: str, body: dict[str, Any]
    ) -> Response:
        """Make the draft a version."""
        status, environment = _read_publish_request(body)
        checked: list[Checked] = []

        def decide(present: Automation, now: datetime) -> Change:
            if present.draft is None:
                raise WrongState("The automation has no draft to publish.")
            checked.append(check_document(present.draft, "active"))
            return decide_publish_draft(present, checked[-1].document, environment, status, now)

        saved = await self._change(request, caller, automation_id, decide)
        return await self._answer(saved, environment, checked[-1].warnings)

    async def promote(self, request: Request, caller: Caller, automation_id: str) -> Response:
        """Make the sandbox document the live one."""
        saved = await self._change(request, caller, automation_id, decide_promote)
        return await self._answer(saved, "live")

    async def discard(self, request: Request, caller: Caller, automation_id: str) -> Response:
        """Throw the sandbox document away."""
        saved = await self._change(request, caller, automation_id, decide_discard)
        await self._is_heard(saved)
        return Response(status_code=204, headers={"ETag": saved.automation.etag})

    async def dismiss_loop_flag(self, caller: Caller, automation_id: str) -> Response:
        """Take note of what the loop guard refused; neither the automation's version nor its ETag changes."""
        await self.load(caller, automation_id)
        await self._flags.dismiss(caller.tenant_id, automation_id)
        return Response(status_code=204)

    async def delete(self, request: Request, caller: Caller, automation_id: str) -> Response:
        """Delete the automation; its runs stay."""
        sending = await self._store.delete(
            caller.tenant_id, automation_id, lambda present: check_if_match(request, present)
        )
        if sending is None:
            raise not_found(f"automation {automation_id}")
        await self._sender.wait_sent(sending, ACTIVATION_SECONDS)
        return Response(status_code=204)

    async def _change(self, request: Request, caller: Caller, automation_id: str, judge: Judge) -> Saved:
        def decide(present: Automation, now: datetime) -> Change | None:
            check_if_match(request, present)
            return judge(present, now)

        try:
            saved = await self._store.change(caller.tenant_id, automation_id, caller.name, decide)
        except WrongState as error:
            raise Refused(409, str(error)) from None
        if saved is None:
            raise not_found(f"automation {automation_id}")
        return saved

    async def _load_loops(self, automation: Automation, environment: Environment) -> list[Loop]:
        shown = automation.document_of(environment)
        if shown is None or automation.status_of(environment) in ("paused", "archived"):
            return []
        return await load_loops(self._store, automation.tenant_id, automation.id, shown.document)

    async def _load_draft_loops(self, automation: Automation) -> list[Loop]:
        """Return the loops that publishing the draft would make; none while it cannot be published."""
        validated = validate_document(automation.draft)
        if validated.problems or validated.document is None:
            return []
        return await load_loops(self._store, automation.tenant_id, automation.id, validated.document)

    async def _answer(self, saved: Saved, environment: Environment, warnings: Sequence[Problem] = ()) -> Response:
        pending = not await self._is_heard(saved)
        loops = await self._load_loops(saved.automation, environment)
        flag = await self._flags.load_one(saved.automation.tenant_id, saved.automation.id)
        body = render_automation(
            saved.automation, environment, warnings=[*warnings, *loops], pending=pending, loop_flag=flag
        )
        return json_response(body, headers={"ETag": saved.automation.etag})

    async def _is_heard(self, saved: Saved) -> bool:
        return saved.sending is None or await self._sender.wait_sent(saved.sending, ACTIVATION_SECONDS)


def read_draft(body: dict[str, Any]) -> dict[str, Any]:
    """Return the document of a draft, whatever state it is in."""
    return read_written({**body, "status": None, "environment": None}, check=False).raw


def draft_response(automation: Automation, loops: Sequence[Problem] = ()) -> Response:
    """Return the draft as it is stored, with what is still wrong in it, and the loops that it would make."""
    assert automation.draft is not None
    validated = validate_document(automation.draft)
    body = {
        "id": automation.id,
        **automation.draft,
        "updated_at": automation.draft_updated_at,
        "problems": [problem.as_dict() for problem in validated.problems],
        "warnings": [warning.as_dict() for warning in (*validated.warnings, *loops)],
    }
    return json_response(body, headers={"ETag": automation.etag})


def _created(automation: Automation, environment: Environment, checked: Checked, *, pending: bool) -> Response:
    body = render_automation(automation, environment, warnings=checked.warnings, pending=pending)
    headers = {"Location": f"/api/v1/automations/{automation.id}", "ETag": automation.etag}
    return json_response(body, 201, headers)


def _resulting_status(present: Automation, written: Written) -> AutomationStatus:
    if written.status is not None:
        return written.status
    if present.document_of(written.environment) is None:
        return "draft" if written.environment == "sandbox" else present.status
    return present.status_of(written.environment)


def _read_publish_request(body: dict[str, Any]) -> tuple[AutomationStatus | None, Environment]:
    extra = [name for name in body if name not in ("status", "environment")]
    if extra:
        message = "is not taken here; PUT the draft first, then publish it"
        raise unprocessable([Problem(f"/{name}", message, "unknown_field") for name in extra])
    written = read_written(body, check=False)
    return written.status, written.environment
