"""Loads what a decision is made on, and what became of it."""

from typing import Any

from api.access.caller import Caller
from api.automations.desk import AutomationDesk
from api.decisions.explanation import Ground, explain
from api.decisions.kept_events import KeptEvents
from api.decisions.requests import Question, choose_subject, read_given_event
from api.runs.store import RunStore
from api.runs.views import render_skipped
from api.sandbox.store import SandboxStore
from automations.clock import utc_now
from automations.contracts.definitions import SandboxSwitched
from automations.contracts.events import CrmEvent
from automations.contracts.identity import Lane, run_id


class DecisionDesk:
    """Explains decisions."""

    def __init__(self, automations: AutomationDesk, sandboxes: SandboxStore, runs: RunStore, kept: KeptEvents) -> None:
        self._automations = automations
        self._sandboxes = sandboxes
        self._runs = runs
        self._kept = kept

    async def load_event(self, caller: Caller, question: Question) -> CrmEvent:
        """Return the event that is asked about."""
        if question.place is not None:
            return await self._kept.load(question.place, caller.tenant_id)
        assert question.event is not None
        return read_given_event(question.event, caller.tenant_id, utc_now())

    async def explain(self, caller: Caller, automation_id: str, question: Question) -> dict[str, Any]:
        """Return the decision about an event, and what became of it if it came before."""
        automation = await self._automations.load(caller, automation_id)
        subject = choose_subject(automation, question)
        event = await self.load_event(caller, question)
        switch = await self._sandboxes.load(caller.tenant_id)
        switched = (
            None
            if switch.since is None
            else SandboxSwitched(
                tenant_id=switch.tenant_id, revision=switch.revision, active=switch.active, since=switch.since
            )
        )
        told = explain(Ground(automation, subject, switched, event, utc_now()))
        lane: Lane = "sandbox" if subject.environment == "sandbox" else "live"
        return told | await self._load_outcome(run_id(caller.tenant_id, automation_id, lane, event.cause), caller)

    async def _load_outcome(self, run: str, caller: Caller) -> dict[str, Any]:
        """Return the run that the event started, and the start that was skipped, where there are any."""
        found = await self._runs.load(caller.tenant_id, run)
        skipped = await self._runs.load_skipped(caller.tenant_id, run)
        return {
            "run": None if found is None else {"id": run, "status": found.run["status"]},
            "skipped": None if skipped is None else render_skipped(skipped),
        }
