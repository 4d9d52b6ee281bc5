"""Publishing events: onto Kafka as a CRM does, or through the api."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import uuid
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Protocol

from automations_cli.failures import CommandFailed, Unreachable
from automations_cli.fields import JsonFields

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient

DEFAULT_TOPIC = "crm.events"
_KAFKA_SECONDS = 15.0


class Publishing(Protocol):
    """A way for events onto the stream."""

    async def publish(self, events: list[JsonFields]) -> list[JsonFields]:
        """Return once Kafka has all of them, with `id`, `topic`, `partition` and `offset` of each."""


class ApiPublishing:
    """`POST /events`."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def publish(self, events: list[JsonFields]) -> list[JsonFields]:
        return list(await asyncio.to_thread(self._api.publish_events, events))


@contextlib.asynccontextmanager
async def kafka_publishing(bootstrap_servers: str, topic: str = DEFAULT_TOPIC) -> AsyncIterator[Publishing]:
    """Yield a way onto Kafka itself; logging in is set by `KAFKA_SECURITY_PROTOCOL` and the other variables.

    Raises:
        Unreachable: Kafka does not answer there.
    """
    from aiokafka import AIOKafkaProducer
    from aiokafka.errors import KafkaError

    from automations.messaging.connection import KafkaSettings

    # What Kafka's client has to say is said here in a sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    settings = KafkaSettings(bootstrap_servers=bootstrap_servers)
    producer = AIOKafkaProducer(
        **settings.client_arguments(), acks="all", enable_idempotence=True, max_request_size=2_097_152, linger_ms=5
    )
    try:
        await asyncio.wait_for(producer.start(), _KAFKA_SECONDS)
    except (KafkaError, OSError, TimeoutError) as error:
        with contextlib.suppress(Exception):
            await producer.stop()
        raise Unreachable(f"Kafka at {bootstrap_servers} cannot be reached: {error or 'no answer in time'}") from error
    try:
        yield _KafkaPublishing(producer, topic)
    finally:
        await producer.stop()


class _KafkaPublishing:
    def __init__(self, producer: object, topic: str) -> None:
        from aiokafka import AIOKafkaProducer

        assert isinstance(producer, AIOKafkaProducer)
        self._producer = producer
        self._topic = topic

    async def publish(self, events: list[JsonFields]) -> list[JsonFields]:
        from aiokafka.errors import KafkaError

        try:
            sent = [
                await self._producer.send(self._topic, render_event(event), key=render_key(event)) for event in events
            ]
            places = await asyncio.wait_for(asyncio.gather(*sent), _KAFKA_SECONDS)
        except (KafkaError, TimeoutError) as error:
            raise CommandFailed(f"Kafka did not take the events: {error or 'no answer in time'}") from error
        return [
            {"id": event.get("event_id"), "topic": place.topic, "partition": place.partition, "offset": place.offset}
            for event, place in zip(events, places, strict=True)
        ]


def render_event(event: JsonFields) -> bytes:
    """Return the bytes of an event as they lie on Kafka."""
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def render_key(event: JsonFields) -> bytes | None:
    """Return the key that keeps the events of one record in their order; None where none is named."""
    record = event.get("record")
    record_id = record.get("id") if isinstance(record, dict) else None
    if record_id is None:
        return None
    named = event.get("object") or str(event.get("type", "")).partition(".")[0]
    return f"default|{named}/{record_id}".encode("utf-8", "replace")


def make_event(
    event_type: str,
    record: JsonFields,
    *,
    changes: JsonFields | None = None,
    event_id: str | None = None,
    time: str | None = None,
) -> JsonFields:
    """Return an event in the plain form that a CRM would publish; its id is new unless given."""
    event: JsonFields = {"type": event_type, "event_id": event_id or str(uuid.uuid4())}
    if time:
        event["time"] = time
    event["record"] = record
    if changes:
        event["changes"] = changes
    return event
