"""Commands to the executor: start a run."""

from datetime import datetime
from typing import Any, Literal

import msgspec

from automations.contracts.identity import Lane
from automations.contracts.step_errors import StepError
from automations.contracts.wire import Reader


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What led to an event: the run whose effect it was, and how far the chain reaches."""

    run_id: str | None = None
    chain_id: str | None = None
    """The first run of the chain, or the task with whose completion a person began it; None where nothing led here."""
    depth: int = 0
    """Runs between the chain's beginning and here; 0 where nothing led to the event."""


class TriggerEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The event that started a run, as conditions and templates see it."""

    id: str
    type: str
    time: datetime
    source: str | None = None
    object: str | None = None
    record_id: str | None = None
    record: dict[str, Any] = {}
    changes: dict[str, Any] | None = None
    actor: Any = None
    subject: str | None = None
    extra: dict[str, Any] = {}
    """Attributes and fields around the record that have no place above, as they came."""


class CopiedStep(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one action came to in the run that is run again."""

    id: str
    """The action; steps inside of loops are not copied, their loop's step is."""
    status: Literal["completed", "failed", "skipped"]
    """`failed` where the failure led on; `skipped` where the action's own conditions did not hold."""
    output: Any = None
    error: StepError | None = None


class Rerun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The run is another one again, from its start or from a step."""

    run_id: str
    """The run that is run again."""
    step: str | None = None
    """The action to begin at; None for the start. It and what follows it are performed anew."""
    steps: tuple[CopiedStep, ...] = ()
    """The results of that run, in the order they came; those from the step on are passed over."""


class EventPosition(msgspec.Struct, frozen=True, kw_only=True):
    """Where an event lies on Kafka."""

    topic: str
    partition: int
    offset: int


class TriedDocument(msgspec.Struct, frozen=True, kw_only=True):
    """The document that a test runs, whether or not it was ever published."""

    document: dict[str, Any]


class StartRun(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Start the run of one automation for one cause; sent again, it starts nothing more."""

    run_id: str
    tenant_id: str
    automation_id: str
    version: int
    lane: Lane
    cause: str
    """`event:…`, `manual:…`, `rerun:…`, `schedule:…` or `child:…`; unique within automation and lane."""
    order_key: str | None
    """Automation and record, whose runs take turns; None where the event names no record."""
    definitions_offset: int
    """The definitions topic was read up to here, exclusive, when this was decided."""
    event: TriggerEvent
    event_digest: str
    caused_by: Cause = Cause()
    decided_at: datetime
    rerun: Rerun | None = None
    """Given for a rerun: what is not to be performed again. `event` is then the event as it was edited."""
    position: EventPosition | None = None
    """Where the event lies; None where it came another way."""
    appended_at: datetime | None = None
    """When the broker appended the event, by its clock; None where it came another way."""
    test: TriedDocument | None = None
    """Run this document dry, whatever the automation's status. Its version is below zero where it is none."""


start_run_reader: Reader[StartRun] = Reader(StartRun)
