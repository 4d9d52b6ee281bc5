"""What the demo CRM does: records come to be and change, lie in queues, and every change leaves its events beside it.

Each function runs inside one act of the database, so that a change and its events are durable together or not at all.
"""

import uuid
from collections.abc import Mapping

from automations.contracts.topics import MAX_EVENT_BYTES
from demo_crm.changes import (
    Cause,
    Change,
    JsonObject,
    count_events,
    decide_change,
    decide_creation,
    render_events,
)
from demo_crm.tables import Tables

_FIRST_NUMBER = 1000


class RecordTooLarge(Exception):
    """A record's event would be larger than Kafka takes; nothing was changed."""


class Writer:
    """Writes records on behalf of one cause, at one time."""

    def __init__(self, tables: Tables, cause: Cause, source: str, now: str) -> None:
        self._tables = tables
        self._cause = cause
        self._source = source
        self._now = now

    def create_record(self, record_type: str, fields: Mapping[str, object]) -> JsonObject:
        """Return the new record, under an id that no other of its type has."""
        number = self._tables.next_record_number() + _FIRST_NUMBER
        while self._tables.load_record(record_type, f"{record_type}-{number}") is not None:
            number += 1
        return self._create(record_type, f"{record_type}-{number}", fields)

    def change_record(self, record_type: str, record_id: str, fields: Mapping[str, object]) -> JsonObject:
        """Return the record after the change.

        A record that is not known yet comes to be with these fields, and is told of as updated: somebody knew
        of it before.
        """
        known = self._tables.load_record(record_type, record_id)
        before = known or {"id": record_id}
        change = decide_change(record_type, before, fields, self._now)
        if change is None and known is not None:
            return known
        if change is None:
            change = Change(record_type, {**before, "created_at": self._now, "updated_at": self._now})
        self._save(change)
        if "queue" in change.differences:
            self._follow_queue_field(record_type, record_id, change.record["queue"])
        return change.record

    def put_into_queue(self, queue_id: str, record_type: str, record_id: str) -> JsonObject:
        """Return the record's place; queue and record are created where they are missing."""
        self._tables.save_queue(queue_id, queue_id)
        if self._tables.load_queue_of_record(record_type, record_id) == queue_id:
            position = self._tables.load_position(record_type, record_id)
        else:
            self._tables.put_into_queue(queue_id, record_type, record_id)
            self.change_record(record_type, record_id, {"queue": queue_id})
            position = self._tables.count_queue_items(queue_id)
        return {
            "queue_id": queue_id,
            "record": {"type": record_type, "id": record_id},
            "position": position,
        }

    def _create(self, record_type: str, record_id: str, fields: Mapping[str, object]) -> JsonObject:
        change = decide_creation(record_type, record_id, fields, self._now)
        self._save(change)
        self._follow_queue_field(record_type, record_id, change.record.get("queue"))
        return change.record

    def _save(self, change: Change) -> None:
        self._tables.save_record(change.record_type, change.record)
        event_ids = [str(uuid.uuid4()) for _ in range(count_events(change))]
        events = render_events(change, self._cause, self._source, event_ids)
        for event in events:
            if len(event.value()) > MAX_EVENT_BYTES:
                raise RecordTooLarge(f"the {change.record_type} would be larger than an event may be")
        self._tables.save_events(events)

    def _follow_queue_field(self, record_type: str, record_id: str, queue_id: object) -> None:
        """Let the queues say what the record's field `queue` says."""
        lies_in = self._tables.load_queue_of_record(record_type, record_id)
        if isinstance(queue_id, str) and queue_id:
            if lies_in != queue_id:
                self._tables.save_queue(queue_id, queue_id)
                self._tables.put_into_queue(queue_id, record_type, record_id)
        elif lies_in is not None:
            self._tables.take_out_of_queue(record_type, record_id)
