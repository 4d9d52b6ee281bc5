"""How automations are shown; pure."""

from collections.abc import Sequence
from typing import Any

from api.automations.loop_flags import LoopFlag
from api.automations.model import Automation, Document, Environment
from api.automations.store import Figures
from automations.problems import Problem


def render_automation(
    automation: Automation,
    environment: Environment,
    *,
    warnings: Sequence[Problem] = (),
    pending: bool = False,
    loop_flag: LoopFlag | None = None,
) -> dict[str, Any]:
    """Return an automation as REST shows it: the document as written, and what is known around it.

    `pending` says that the change is made but the stream may not have heard of it yet; `loop_flag` is what the loop
    guard refused of it.
    """
    shown = automation.document_of(environment)
    body = _around(automation, environment, {} if shown is None else shown.document)
    body["version"] = None if shown is None else shown.version
    body["warnings"] = [warning.as_dict() for warning in warnings]
    body["loop_guard"] = loop_flag
    if pending:
        body["activation"] = "pending"
    return body


def render_version(
    automation: Automation, version: int, environment: Environment, document: Document
) -> dict[str, Any]:
    """Return an automation as one of its versions says."""
    body = _around(automation, environment, document)
    body["version"] = version
    body["warnings"] = []
    return body


def render_listed(automation: Automation, figures: Figures, loop_flag: LoopFlag | None = None) -> dict[str, Any]:
    """Return an automation as it stands in a list, with what its runs say."""
    body = render_automation(automation, automation.shown_environment, loop_flag=loop_flag)
    del body["warnings"]
    body["last_run"] = figures.last_run
    body["runs_7_days"] = figures.runs_7_days
    body["success_rate"] = figures.success_rate
    body["waiting_runs"] = figures.waiting
    return body


def _around(automation: Automation, environment: Environment, document: Document) -> dict[str, Any]:
    live, sandbox = automation.live, automation.sandbox
    return {
        "id": automation.id,
        **document,
        "version": None,
        "status": automation.status_of(environment),
        "environment": environment,
        "environments": {
            "live": live
            and {"version": live.version, "status": automation.status, "active_since": automation.active_since},
            "sandbox": sandbox
            and {"version": sandbox.version, "status": sandbox.status, "active_since": sandbox.active_since},
        },
        "draft": None if automation.draft is None else {"updated_at": automation.draft_updated_at},
        "created_at": automation.created_at,
        "updated_at": automation.updated_at,
    }
