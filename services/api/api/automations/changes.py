"""What may become of an automation; pure.

Each decision takes the automation as it is and the database's present moment, and gives the automation as it
shall be. Status follows `draft → active ↔ paused`, `any → archived → draft`; a document becomes active at the
moment of the change, and a version published meanwhile keeps that moment.
"""

from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

import msgspec

from api.automations.model import Automation, Document, Environment
from automations.contracts.definitions import AutomationStatus, LiveDocument, SandboxDocument

TRANSITIONS: dict[AutomationStatus, tuple[AutomationStatus, ...]] = {
    "draft": ("active", "archived"),
    "active": ("paused", "archived"),
    "paused": ("active", "archived"),
    "archived": ("draft",),
}


class WrongState(ValueError):
    """The automation is not in a state in which that can be done; the text says what can."""


class Change(NamedTuple):
    """What a decision comes to."""

    automation: Automation
    version: tuple[int, Environment, Document] | None = None
    """A version that did not exist before."""
    stream_hears: bool = True
    """Whether the definitions topic gets a record."""
    clears_loop_flag: bool = False
    """Whether somebody has dealt with what the loop guard refused: there is another live document, or it is resumed."""


def decide_create(
    tenant_id: str,
    automation_id: str,
    document: Document,
    environment: Environment,
    status: AutomationStatus,
    now: datetime,
) -> Change:
    """Return the new automation with its first version."""
    since = now if status == "active" else None
    blank = Automation(
        tenant_id=tenant_id,
        id=automation_id,
        status="draft",
        revision=1,
        edition=1,
        last_version=1,
        created_at=now,
        updated_at=now,
    )
    if environment == "sandbox":
        sandbox = SandboxDocument(version=1, document=document, status=status, active_since=since)
        made = replace(blank, sandbox=sandbox)
    else:
        live = LiveDocument(version=1, document=document)
        made = replace(blank, live=live, status=status, active_since=since)
    return Change(made, (1, environment, document))


def decide_publish(
    before: Automation,
    document: Document,
    environment: Environment,
    status: AutomationStatus | None,
    now: datetime,
) -> Change | None:
    """Return the automation with a new version in that environment; None where nothing changes.

    Raises:
        WrongState: the automation is archived, or the status cannot follow on the present one.
    """
    present = before.document_of(environment)
    after = before
    if present is None and environment == "sandbox":
        status = status or "draft"
    elif status is not None:
        after = _with_status(before, environment, status, now)
    if present is not None and after.status_of(environment) == "archived":
        raise WrongState("The automation is archived; set its status to draft before you change it.")
    version = None
    if present is None or not same_document(present.document, document):
        number = before.last_version + 1
        version = (number, environment, document)
        after = replace(_with_document(after, environment, number, document, status, now), last_version=number)
    return None if after == before else _changed(before, after, now, version)


def decide_status(
    before: Automation, environment: Environment, status: AutomationStatus, now: datetime
) -> Change | None:
    """Return the automation in the new status; None where it has it already.

    Raises:
        WrongState: the status cannot follow on the present one, or there is no such document.
    """
    if before.document_of(environment) is None:
        raise WrongState(f"The automation has no {environment} document whose status could change.")
    after = _with_status(before, environment, status, now)
    return None if after == before else _changed(before, after, now)


def decide_draft(before: Automation, document: Document, now: datetime) -> Change:
    """Return the automation with its draft put away; a draft is no version and the stream does not hear of it."""
    after = replace(before, draft=document, draft_updated_at=now, updated_at=now, edition=before.edition + 1)
    return Change(after, stream_hears=False)


def decide_publish_draft(
    before: Automation, document: Document, environment: Environment, status: AutomationStatus | None, now: datetime
) -> Change:
    """Return the automation with its draft made a version, and no draft any more."""
    change = decide_publish(before, document, environment, status, now)
    if change is None:
        after = replace(before, updated_at=now, edition=before.edition + 1)
        change = Change(after, stream_hears=False)
    return change._replace(automation=replace(change.automation, draft=None, draft_updated_at=None))


def decide_promote(before: Automation, now: datetime) -> Change:
    """Return the automation with its sandbox document live, under the version that was tested.

    Where there was no live document, the sandbox document's status becomes the automation's; else it stays.

    Raises:
        WrongState: there is no sandbox document, or the automation is archived.
    """
    sandbox = before.sandbox
    if sandbox is None:
        raise WrongState("The automation has no sandbox document to promote.")
    if before.live is not None and before.status == "archived":
        raise WrongState("The automation is archived; set its status to draft before you promote.")
    live = LiveDocument(version=sandbox.version, document=sandbox.document)
    after = replace(before, live=live, sandbox=None)
    if before.live is None:
        after = replace(after, status=sandbox.status, active_since=now if sandbox.status == "active" else None)
    return _changed(before, after, now)


def decide_discard(before: Automation, now: datetime) -> Change:
    """Return the automation without its sandbox document.

    Raises:
        WrongState: there is none, or it is all that the automation has.
    """
    if before.sandbox is None:
        raise WrongState("The automation has no sandbox document.")
    if before.live is None:
        raise WrongState("The sandbox document is all that this automation has; delete the automation instead.")
    return _changed(before, replace(before, sandbox=None), now)


def same_document(one: Document, other: Document) -> bool:
    """Whether two documents say the same; the order of keys says nothing, and `true` is not 1."""
    return msgspec.json.encode(one, order="sorted") == msgspec.json.encode(other, order="sorted")


def _changed(
    before: Automation, after: Automation, now: datetime, version: tuple[int, Environment, Document] | None = None
) -> Change:
    counted = replace(after, revision=before.revision + 1, edition=before.edition + 1, updated_at=now)
    is_resumed = after.status == "active" and before.status != "active"
    return Change(counted, version, clears_loop_flag=is_resumed or after.live != before.live)


def _with_status(before: Automation, environment: Environment, status: AutomationStatus, now: datetime) -> Automation:
    present = before.status_of(environment)
    if present == status:
        return before
    if before.document_of(environment) is not None and status not in TRANSITIONS[present]:
        allowed = " or ".join(TRANSITIONS[present])
        raise WrongState(f"The status is {present}; from there it can become {allowed}, not {status}.")
    since = now if status == "active" else None
    if environment == "live":
        return replace(before, status=status, active_since=since)
    assert before.sandbox is not None
    sandbox = before.sandbox
    return replace(
        before,
        sandbox=SandboxDocument(version=sandbox.version, document=sandbox.document, status=status, active_since=since),
    )


def _with_document(
    automation: Automation,
    environment: Environment,
    number: int,
    document: Document,
    status: AutomationStatus | None,
    now: datetime,
) -> Automation:
    if environment == "live":
        return replace(automation, live=LiveDocument(version=number, document=document))
    sandbox = automation.sandbox
    if sandbox is None:
        first = status or "draft"
        since = now if first == "active" else None
        made = SandboxDocument(version=number, document=document, status=first, active_since=since)
    else:
        made = SandboxDocument(
            version=number, document=document, status=sandbox.status, active_since=sandbox.active_since
        )
    return replace(automation, sandbox=made)
