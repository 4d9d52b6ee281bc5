"""Decides, purely, what becomes of a start command, by what the definitions say when executor takes it up."""

from dataclasses import dataclass, field

from automations.contracts.commands import StartRun
from automations.contracts.definitions import AutomationDefined, Definition, SandboxSwitched
from automations.contracts.results import SkipReason


@dataclass(slots=True)
class Definitions:
    """What the definitions topic says now: automations and sandbox switches, by tenant."""

    automations: dict[tuple[str, str], AutomationDefined] = field(default_factory=dict)
    active_sandboxes: set[str] = field(default_factory=set)

    def take(self, tenant_id: str, automation_id: str | None, definition: Definition | None) -> None:
        """Take one record of the topic."""
        if isinstance(definition, SandboxSwitched):
            (self.active_sandboxes.add if definition.active else self.active_sandboxes.discard)(tenant_id)
        elif automation_id is not None:
            if definition is None:
                self.automations.pop((tenant_id, automation_id), None)
            else:
                self.automations[tenant_id, automation_id] = definition


def decide_start(command: StartRun, definitions: Definitions) -> SkipReason | None:
    """Return why the command starts no run; None where it does.

    A start on its way is refused where its automation was paused, archived or deleted meanwhile, and a dry
    one where the sandbox was switched off. A test brings its document along and asks for nothing: it reaches nobody.
    """
    if command.test is not None:
        return None
    automation = definitions.automations.get((command.tenant_id, command.automation_id))
    if automation is None:
        return "deleted"
    if command.lane == "sandbox":
        return None if command.tenant_id in definitions.active_sandboxes else "sandbox_off"
    if automation.status == "paused":
        return "paused"
    if automation.status in ("archived", "draft"):
        return "archived"
    return None
