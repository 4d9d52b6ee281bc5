"""Every topic of the product, with its key, its owners, and how long it is kept."""

from dataclasses import dataclass
from datetime import timedelta

DEFAULT_PARTITIONS = 24
"""Partitions of a keyed topic, and so the most processes of one service that share its work."""

MAX_EVENT_BYTES = 1_048_576
"""The largest CRM event, in bytes of its value."""


@dataclass(frozen=True)
class Topic:
    """A topic, and what everybody who touches it may rely on."""

    name: str
    key: str
    written_by: tuple[str, ...]
    read_by: tuple[str, ...]
    kept: timedelta | None
    """None where the topic is compacted: the last record of each key is kept."""
    single_partition: bool = False
    append_time: bool = False
    """The broker's clock stamps the records, so that a producer's clock cannot decide anything."""


CRM_EVENTS = Topic(
    "crm.events",
    key="tenant + record",
    written_by=("the CRM", "api"),
    read_by=("trigger-matcher", "api"),
    kept=timedelta(days=30),
    append_time=True,
)
DEFINITIONS = Topic(
    "automations.definitions",
    key="tenant + automation",
    written_by=("api",),
    read_by=("trigger-matcher", "executor", "api"),
    kept=None,
    single_partition=True,
)
RUN_COMMANDS = Topic(
    "automations.run-commands",
    key="tenant + automation + record",
    written_by=("trigger-matcher", "api"),
    read_by=("executor",),
    kept=timedelta(days=7),
)
RUN_CONTROLS = Topic(
    "automations.run-controls",
    key="run",
    written_by=("api",),
    read_by=("executor",),
    kept=timedelta(days=7),
)
STEP_RESULTS = Topic(
    "automations.step-results",
    key="tenant + automation + record",
    written_by=("executor", "trigger-matcher"),
    read_by=("api",),
    kept=timedelta(days=7),
)
NOTIFICATIONS = Topic(
    "automations.notifications",
    key="run",
    written_by=("executor",),
    read_by=("notifier", "api"),
    kept=timedelta(days=7),
)
NOTIFICATION_RESULTS = Topic(
    "automations.notification-results",
    key="run",
    written_by=("notifier",),
    read_by=("executor",),
    kept=timedelta(days=7),
)
DEAD_LETTERS = Topic(
    "automations.dead-letters",
    key="of the original",
    written_by=("any reader",),
    read_by=("api", "operators"),
    kept=timedelta(days=30),
)

ALL_TOPICS = (
    CRM_EVENTS,
    DEFINITIONS,
    RUN_COMMANDS,
    RUN_CONTROLS,
    STEP_RESULTS,
    NOTIFICATIONS,
    NOTIFICATION_RESULTS,
    DEAD_LETTERS,
)

COMPACTION_LAG = timedelta(days=8)
"""A superseded definition stays readable this long, for processes that were away."""


def record_key(tenant_id: str, *parts: str) -> bytes:
    """Return the key under which records that must keep their order are written."""
    return "|".join((tenant_id, *parts)).encode()
