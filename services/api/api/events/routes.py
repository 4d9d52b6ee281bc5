"""`POST /events`: publishes CRM events onto Kafka, and answers when the broker has them."""

import asyncio
from collections.abc import Sequence

from aiokafka.structs import RecordMetadata
from fastapi import APIRouter, Request
from starlette.responses import Response

from api.access.gate import Editor
from api.answers import json_response, load_body
from api.events.reading import MAX_BODY_BYTES, Incoming, read_events
from api.problems import Refused
from api.repeats.store import Keep, Repeats
from automations.clock import from_milliseconds
from automations.contracts.events import Position, read_event
from automations.messaging.publisher import MessageTooLarge, Publisher, Record

PUBLISH_SECONDS = 15.0

_EXAMPLE = {"type": "case.created", "record": {"id": "5001", "priority": "critical", "subject": "Nothing works"}}
_EVENT_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": {"oneOf": [{"type": "object"}, {"type": "array"}]}, "example": _EXAMPLE},
            "application/cloudevents+json": {"schema": {"type": "object"}},
            "application/cloudevents-batch+json": {"schema": {"type": "array"}},
        },
    }
}


def event_routes(publisher: Publisher, repeats: Repeats, topic: str) -> APIRouter:
    """Return the route that takes events."""
    router = APIRouter(prefix="/events", tags=["events"])

    @router.post("", status_code=202, summary="Publish one or several CRM events", openapi_extra=_EVENT_BODY)
    async def publish_events(request: Request, caller: Editor) -> Response:
        body = await load_body(request, MAX_BODY_BYTES)
        incoming = read_events(body, request.headers, caller.tenant_id)

        async def work(_keep: Keep) -> Response:
            records = [Record(topic, event.key, event.value, event.headers) for event in incoming]
            places = await _publish(publisher, records)
            events = [_answer(event, place) for event, place in zip(incoming, places, strict=True)]
            return json_response({"accepted": len(events), "events": events}, 202)

        return await repeats.answer_once(request, caller, body, work)

    return router


async def _publish(publisher: Publisher, records: list[Record]) -> Sequence[RecordMetadata]:
    try:
        return await asyncio.wait_for(publisher.publish_all(records), PUBLISH_SECONDS)
    except TimeoutError:
        raise Refused(
            503,
            "Kafka did not acknowledge the events in time; they may or may not arrive. Send them again: an event "
            "with the same id starts nothing twice.",
            headers={"Retry-After": "5"},
        ) from None
    except MessageTooLarge as error:
        raise Refused(413, f"An event is larger than Kafka takes: {error}.") from None


def _answer(event: Incoming, place: RecordMetadata) -> dict[str, object]:
    position = Position(place.topic, place.partition, place.offset, from_milliseconds(place.timestamp or 0))
    read = read_event(event.value, event.headers, position)
    return {"id": read.trigger.id, "topic": place.topic, "partition": place.partition, "offset": place.offset}
