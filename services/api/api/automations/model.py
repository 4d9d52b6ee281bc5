"""An automation as the api keeps it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from automations.contracts.definitions import AutomationDefined, AutomationStatus, LiveDocument, SandboxDocument

Environment = Literal["live", "sandbox"]
Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Automation:
    """One automation with its documents; both count their versions with one counter."""

    tenant_id: str
    id: str
    status: AutomationStatus
    active_since: datetime | None = None
    revision: int
    """Counts what the stream must know."""
    edition: int
    """Counts every change; the ETag shows it."""
    last_version: int
    live: LiveDocument | None = None
    sandbox: SandboxDocument | None = None
    draft: Document | None = None
    draft_updated_at: datetime | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def etag(self) -> str:
        return f'"{self.edition}"'

    def document_of(self, environment: Environment) -> LiveDocument | SandboxDocument | None:
        """Return the document of that environment; None where there is none."""
        return self.live if environment == "live" else self.sandbox

    def status_of(self, environment: Environment) -> AutomationStatus:
        """Return the status of that environment's document."""
        return self.sandbox.status if environment == "sandbox" and self.sandbox is not None else self.status

    @property
    def shown_environment(self) -> Environment:
        """The environment that is shown where none is asked for: live, unless there is a sandbox document alone."""
        return "sandbox" if self.live is None and self.sandbox is not None else "live"


def render_definition(automation: Automation) -> AutomationDefined:
    """Return what the stream is told of an automation."""
    return AutomationDefined(
        tenant_id=automation.tenant_id,
        automation_id=automation.id,
        revision=automation.revision,
        status=automation.status,
        active_since=automation.active_since,
        live=automation.live,
        sandbox=automation.sandbox,
    )
