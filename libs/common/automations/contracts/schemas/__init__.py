"""The stored JSON Schemas of every message, for readers in other languages and for comparing releases."""

import json
from pathlib import Path
from typing import Any

import msgspec

from automations.contracts.commands import StartRun
from automations.contracts.controls import CancelRun, CompleteTask
from automations.contracts.dead_letters import DeadLetter
from automations.contracts.definitions import AutomationDefined, SandboxSwitched
from automations.contracts.notifications import NotificationResult, SendNotification
from automations.contracts.results import RunAdvanced, StartSkipped

FOLDER = Path(__file__).parent
COMMAND = "python -m automations.contracts.schemas"

MESSAGES: dict[str, type[msgspec.Struct]] = {
    "automation_defined": AutomationDefined,
    "cancel_run": CancelRun,
    "complete_task": CompleteTask,
    "dead_letter": DeadLetter,
    "notification_result": NotificationResult,
    "run_advanced": RunAdvanced,
    "sandbox_switched": SandboxSwitched,
    "send_notification": SendNotification,
    "start_run": StartRun,
    "start_skipped": StartSkipped,
}
"""Every message that travels on the product's own topics, by the name of its schema."""


def render_schema(message: type[msgspec.Struct]) -> str:
    """Return the message's JSON Schema as it is stored."""
    schema: dict[str, Any] = msgspec.json.schema(message)
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def stored_path(name: str) -> Path:
    """Return where the schema of that name is stored."""
    return FOLDER / f"{name}.json"
