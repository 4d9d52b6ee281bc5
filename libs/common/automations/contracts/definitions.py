"""What the definitions topic holds: one record per automation, and one per tenant's sandbox switch.

A publish, a pause and a promotion are one record each. A deleted automation's record has no value.
"""

from datetime import datetime
from typing import Any, Literal

import msgspec

from automations.contracts.topics import record_key
from automations.contracts.wire import Reader

AutomationStatus = Literal["draft", "active", "paused", "archived"]

_SWITCH = "~sandbox"


class LiveDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document that live events are evaluated with."""

    version: int
    document: dict[str, Any]


class SandboxDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document that is evaluated dry while the tenant's sandbox is active and its own status is active."""

    version: int
    document: dict[str, Any]
    status: AutomationStatus
    active_since: datetime | None = None


class AutomationDefined(msgspec.Struct, frozen=True, kw_only=True, tag="automation"):
    """All that the stream needs to know of one automation, as of `revision`."""

    tenant_id: str
    automation_id: str
    revision: int
    status: AutomationStatus
    active_since: datetime | None = None
    """Events that the broker appended before this do not start it."""
    live: LiveDocument | None = None
    sandbox: SandboxDocument | None = None


class SandboxSwitched(msgspec.Struct, frozen=True, kw_only=True, tag="sandbox_switch"):
    """A tenant's sandbox was switched on or off."""

    tenant_id: str
    revision: int
    active: bool
    since: datetime


Definition = AutomationDefined | SandboxSwitched

definition_reader: Reader[Definition] = Reader(Definition)


def definition_key(tenant_id: str, automation_id: str) -> bytes:
    """Return the key of an automation's record."""
    return record_key(tenant_id, automation_id)


def switch_key(tenant_id: str) -> bytes:
    """Return the key of a tenant's sandbox switch."""
    return record_key(tenant_id, _SWITCH)


def read_definition_key(key: bytes) -> tuple[str, str | None]:
    """Return tenant and automation; the automation is None for a sandbox switch."""
    tenant_id, _, automation_id = key.decode().partition("|")
    return tenant_id, None if automation_id == _SWITCH else automation_id
