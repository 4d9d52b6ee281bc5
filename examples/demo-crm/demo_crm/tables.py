"""The demo CRM's tables as plain Python values.

Records, queues, users, answers, events that wait, and what the sink received.

Every method belongs inside an act of the database, in whose transaction it runs.
"""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql

from demo_crm.changes import Event, JsonObject

_QUERIES: Any = aiosql.from_path(Path(__file__).parent / "queries.sql", "sqlite3")


@dataclass(frozen=True)
class Answer:
    """What was answered to an idempotency key, and the digest of the request that it answered."""

    digest: bytes
    status: int
    body: bytes


class Tables:
    """Reads and writes rows; decides nothing."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def load_record(self, record_type: str, record_id: str) -> JsonObject | None:
        """The record, or None."""
        text = _QUERIES.load_record(self._connection, type=record_type, id=record_id)
        return None if text is None else _object(text)

    def save_record(self, record_type: str, record: JsonObject) -> None:
        """Insert or replace it, by its `id`."""
        _QUERIES.save_record(self._connection, type=record_type, id=record["id"], record=_text(record))

    def next_record_number(self) -> int:
        """A number that no record has had yet."""
        return int(_QUERIES.next_record_number(self._connection))

    def find_records(self, record_type: str, wanted: Mapping[str, str], limit: int) -> list[JsonObject]:
        """The newest records whose fields have the wanted texts."""
        rows = _QUERIES.find_records(self._connection, type=record_type, wanted=_text(dict(wanted)), limit=limit)
        return [_object(text) for (text,) in rows]

    def count_records(self, record_type: str) -> int:
        """How many records of a type there are."""
        return int(_QUERIES.count_records(self._connection, type=record_type))

    def load_queues(self) -> list[JsonObject]:
        """All queues, oldest first."""
        rows = _QUERIES.load_queues(self._connection)
        return [{"id": queue_id, "name": name} for queue_id, name in rows]

    def save_queue(self, queue_id: str, name: str) -> None:
        """Create the queue where it is missing."""
        _QUERIES.save_queue(self._connection, id=queue_id, name=name)

    def queue_exists(self, queue_id: str) -> bool:
        """Whether there is such a queue."""
        return bool(_QUERIES.queue_exists(self._connection, id=queue_id))

    def load_queue_of_record(self, record_type: str, record_id: str) -> str | None:
        """The queue that the record lies in."""
        queue_id = _QUERIES.load_queue_of_record(self._connection, type=record_type, id=record_id)
        return None if queue_id is None else str(queue_id)

    def put_into_queue(self, queue_id: str, record_type: str, record_id: str) -> None:
        """Put the record at the end of the queue, out of any other."""
        _QUERIES.take_out_of_queue(self._connection, type=record_type, id=record_id)
        _QUERIES.put_into_queue(self._connection, queue_id=queue_id, type=record_type, id=record_id)

    def take_out_of_queue(self, record_type: str, record_id: str) -> None:
        """Take the record out of the queue that it lies in, if any."""
        _QUERIES.take_out_of_queue(self._connection, type=record_type, id=record_id)

    def load_position(self, record_type: str, record_id: str) -> int:
        """The record's place in its queue, from 1."""
        return int(_QUERIES.count_queue_up_to(self._connection, type=record_type, id=record_id))

    def load_queue_items(self, queue_id: str, limit: int) -> list[JsonObject]:
        """What lies in the queue, from the front."""
        rows = _QUERIES.load_queue_items(self._connection, queue_id=queue_id, limit=limit)
        return [
            {"record": {"type": record_type, "id": record_id}, "position": position}
            for position, (record_type, record_id) in enumerate(rows, start=1)
        ]

    def count_queue_items(self, queue_id: str) -> int:
        """How many records lie in the queue."""
        return int(_QUERIES.count_queue_items(self._connection, queue_id=queue_id))

    def load_users(self) -> list[JsonObject]:
        """All users, by name."""
        return [_user(row) for row in _QUERIES.load_users(self._connection)]

    def load_user(self, user_id: str) -> JsonObject | None:
        """The user, or None."""
        row = _QUERIES.load_user(self._connection, id=user_id)
        return None if row is None else _user(row)

    def save_user(self, user_id: str, name: str, email: str) -> None:
        """Create the user where it is missing."""
        _QUERIES.save_user(self._connection, id=user_id, name=name, email=email)

    def load_answer(self, key: str) -> Answer | None:
        """What the key was answered."""
        row = _QUERIES.load_answer(self._connection, key=key)
        return None if row is None else Answer(*row)

    def save_answer(self, key: str, answer: Answer, now: str) -> None:
        """Remember what the key was answered."""
        _QUERIES.save_answer(
            self._connection, key=key, digest=answer.digest, status=answer.status, body=answer.body, now=now
        )

    def forget_answers(self, before: str) -> None:
        """Forget the keys answered before that time."""
        _QUERIES.forget_answers(self._connection, before=before)

    def save_events(self, events: list[Event]) -> None:
        """Let the events wait for Kafka."""
        for event in events:
            _QUERIES.save_event(
                self._connection,
                key=event.key.decode(),
                attributes=_text(dict(event.attributes)),
                data=_text(event.data),
            )

    def load_events(self, limit: int) -> list[tuple[int, Event]]:
        """The oldest waiting events with their numbers, in order."""
        return [
            (number, Event(key.encode(), json.loads(attributes), json.loads(data)))
            for number, key, attributes, data in _QUERIES.load_events(self._connection, limit=limit)
        ]

    def delete_events_up_to(self, number: int) -> None:
        """Kafka has them."""
        _QUERIES.delete_events_up_to(self._connection, number=number)

    def count_events(self) -> int:
        """How many events wait for Kafka."""
        return int(_QUERIES.count_events(self._connection))

    def save_received(self, kind: str, content: JsonObject) -> None:
        """Keep what the sink received; kind is `mail`, `slack` or `webhook`."""
        _QUERIES.save_received(self._connection, kind=kind, content=_text(content))

    def load_received(self, kind: str, limit: int) -> list[JsonObject]:
        """The newest first."""
        return [_object(text) for (text,) in _QUERIES.load_received(self._connection, kind=kind, limit=limit)]

    def count_received(self, kind: str) -> int:
        """How many of that kind the sink has received."""
        return int(_QUERIES.count_received(self._connection, kind=kind))

    def delete_received(self) -> None:
        """Empty the sink."""
        _QUERIES.delete_received(self._connection)


def _text(value: JsonObject) -> str:
    return json.dumps(value, separators=(",", ":"))


def _object(text: str) -> JsonObject:
    value: JsonObject = json.loads(text)
    return value


def _user(row: tuple[str, str, str]) -> JsonObject:
    return {"id": row[0], "name": row[1], "email": row[2]}
