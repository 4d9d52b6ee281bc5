"""Controls of a run under way; they have a topic of their own, so that no backlog of starts delays them."""

from datetime import datetime
from typing import Any

import msgspec

from automations.contracts.wire import Reader


class CompleteTask(msgspec.Struct, frozen=True, kw_only=True, tag="complete_task"):
    """A person completed a human task; the run judges whether it still can be."""

    tenant_id: str
    run_id: str
    task_id: str
    submission_id: str
    output: dict[str, Any]
    submitted_by: str
    submitted_at: datetime


class CancelRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="cancel_run"):
    """Somebody wants a run to end now; sent again, it changes nothing more."""

    tenant_id: str
    run_id: str
    requested_by: str
    requested_at: datetime
    reason: str | None = None


Control = CompleteTask | CancelRun

control_reader: Reader[Control] = Reader(Control)
