"""What a write to a record changes, and the events that tell of it.

Pure: before and after, cause and time go in; a change and its events come out. A write that leaves a record as
it was is no change and has no events.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from automations.contracts.events import DEFAULT_TENANT
from automations.contracts.topics import record_key

JsonObject = dict[str, object]
NAMED_CHANGES = ("stage", "status")
OWN_FIELDS = frozenset({"id", "created_at", "updated_at"})


@dataclass(frozen=True)
class Cause:
    """Who made a change, and the run, chain and depth that an effect of Automations came from."""

    actor_type: str
    actor_id: str
    run: str | None = None
    chain: str | None = None
    depth: int | None = None

    def attributes(self) -> dict[str, str]:
        """The CloudEvents extension attributes that carry the cause on; empty when a person made the change."""
        named = {"causerun": self.run, "causechain": self.chain, "causedepth": self.depth}
        return {name: str(value) for name, value in named.items() if value is not None}


@dataclass(frozen=True)
class Change:
    """One record after a write, and what differs from before; a creation has no differences."""

    record_type: str
    record: JsonObject
    differences: Mapping[str, JsonObject] = field(default_factory=dict)
    created: bool = False


@dataclass(frozen=True)
class Event:
    """One CloudEvent in binary mode: its attributes become Kafka headers, `data` the value."""

    key: bytes
    attributes: Mapping[str, str]
    data: JsonObject

    def value(self) -> bytes:
        """The message's value."""
        return json.dumps(self.data, ensure_ascii=False, separators=(",", ":")).encode()

    def headers(self) -> list[tuple[str, bytes]]:
        """The message's headers: the attributes, as CloudEvents' Kafka binding names them."""
        return [
            ("content-type" if name == "datacontenttype" else f"ce_{name}", text.encode())
            for name, text in self.attributes.items()
        ]


def decide_creation(record_type: str, record_id: str, fields: Mapping[str, object], now: str) -> Change:
    """Return the new record with its id and times."""
    record = {"id": record_id, **fields, "created_at": now, "updated_at": now}
    return Change(record_type, record, created=True)


def decide_change(
    record_type: str, before: Mapping[str, object], fields: Mapping[str, object], now: str
) -> Change | None:
    """Return the change that setting `fields` makes, or None when every field already holds its value.

    A record that was not known yet is `before` with nothing but its id: the change names all that is set.
    A missing field and one that holds null are the same: no value.
    """
    differences: dict[str, JsonObject] = {
        name: {"from": before.get(name), "to": value}
        for name, value in fields.items()
        if not _same(before.get(name), value)
    }
    if not differences:
        return None
    return Change(record_type, {"created_at": now, **before, **fields, "updated_at": now}, differences)


def render_events(change: Change, cause: Cause, source: str, event_ids: list[str]) -> list[Event]:
    """Return the events of one change, in the order in which they are published.

    `event_ids` are as many fresh ids as `count_events` says.
    """
    data: JsonObject = {"record": change.record}
    if not change.created:
        data["changes"] = dict(change.differences)
    data["actor"] = {"type": cause.actor_type, "id": cause.actor_id}
    record_id = str(change.record["id"])
    return [
        Event(
            key=record_key(DEFAULT_TENANT, f"{change.record_type}/{record_id}"),
            attributes={
                "specversion": "1.0",
                "id": event_id,
                "source": source,
                "type": f"{change.record_type}.{happening}",
                "subject": record_id,
                "time": str(change.record["updated_at"]),
                "tenantid": DEFAULT_TENANT,
                "datacontenttype": "application/json",
                **cause.attributes(),
            },
            data=data,
        )
        for happening, event_id in zip(_happenings(change), event_ids, strict=True)
    ]


def count_events(change: Change) -> int:
    """How many events a change has."""
    return len(_happenings(change))


def _happenings(change: Change) -> list[str]:
    if change.created:
        return ["created"]
    return ["updated", *(f"{name}_changed" for name in NAMED_CHANGES if name in change.differences)]


def _same(one: object, other: object) -> bool:
    """Equality of JSON values: `true` is not 1."""
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
