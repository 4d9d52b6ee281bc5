"""What a request to explain an event, or to try it out, says; pure.

The event comes as it would come by `POST /events`, or as the place where it lies on Kafka. The document is the
live or the sandbox one, the draft, or one that nobody has saved.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

import msgspec

from api.answers import read_object
from api.automations.model import Automation, Document
from api.automations.requests import read_written
from api.problems import Refused, not_found, unprocessable
from automations.contracts.events import DEFAULT_TENANT, CrmEvent, Position, UnreadableEvent, read_event
from automations.contracts.topics import MAX_EVENT_BYTES
from automations.definition import validate_document
from automations.problems import Problem, pointer_join

Environment = Literal["live", "sandbox", "draft"]
ENVIRONMENTS: tuple[Environment, ...] = ("live", "sandbox", "draft")
MAX_BODY_BYTES = 3 * MAX_EVENT_BYTES
"""An event, a document, and room around them."""

_PLACE_FIELDS = ("topic", "partition", "offset")
_FIELDS = ("event", *_PLACE_FIELDS, "environment", "document")


class Place(NamedTuple):
    """Where an event lies on Kafka."""

    topic: str
    partition: int
    offset: int


class Question(NamedTuple):
    """An event, in the request or at a place on Kafka, and the document that it is asked about."""

    event: bytes | None
    place: Place | None
    environment: Environment | None
    document: Document | None


class Subject(NamedTuple):
    """The document that is asked about."""

    environment: Environment
    document: Document
    version: int | None
    """None where the document is no version."""


class _Body(msgspec.Struct):
    event: msgspec.Raw = msgspec.Raw()


_body_decoder = msgspec.json.Decoder(_Body)


def read_question(body: bytes, media: str) -> Question:
    """Return what is asked.

    Raises:
        Refused: the body cannot be read, or says too little or too much (422).
    """
    fields = read_object(body, media)
    problems = [
        Problem(pointer_join("", name), f"is not known here; {', '.join(_FIELDS)} are", "unknown_field")
        for name in fields
        if name not in _FIELDS
    ]
    environment = fields.get("environment")
    if environment is not None and environment not in ENVIRONMENTS:
        problems.append(Problem("/environment", f"must be one of {', '.join(ENVIRONMENTS)}", "unknown_environment"))
    place = _read_place(fields, problems)
    event = fields.get("event")
    if event is not None and not isinstance(event, dict):
        problems.append(Problem("/event", "must be an event: a JSON object with its type", "type"))
    if "event" in fields and place is not None:
        problems.append(Problem("/event", "give the event, or where it lies on Kafka, not both", "contradiction"))
    if "event" not in fields and place is None and not problems:
        message = "is required: an event, or `topic`, `partition` and `offset` of one"
        problems.append(Problem("/event", message, "required"))
    document = fields.get("document")
    if document is not None and not isinstance(document, dict):
        problems.append(Problem("/document", "must be an automation's document", "type"))
    if document is not None and environment not in (None, "draft"):
        problems.append(Problem("/environment", "says nothing beside `document`; leave one out", "contradiction"))
    if problems:
        raise unprocessable(problems)
    return Question(None if event is None else _event_bytes(body, event), place, environment, document)


def _read_place(fields: Mapping[str, Any], problems: list[Problem]) -> Place | None:
    if not any(name in fields for name in _PLACE_FIELDS):
        return None
    topic, partition, offset = (fields.get(name) for name in _PLACE_FIELDS)
    if not isinstance(topic, str):
        problems.append(Problem("/topic", "is required beside `partition` and `offset`", "required"))
    for name, number in (("partition", partition), ("offset", offset)):
        if type(number) is not int or not 0 <= number < 2**63:
            problems.append(Problem(f"/{name}", "must be a whole number from 0", "type"))
    return None if problems else Place(str(topic), int(partition or 0), int(offset or 0))


def _event_bytes(body: bytes, event: Mapping[str, Any]) -> bytes:
    """Return the event in the bytes it came in: an event without an id of its source's is known by them."""
    try:
        return bytes(_body_decoder.decode(body).event)
    except msgspec.DecodeError:  # the body is YAML
        return msgspec.json.encode(event)


def read_given_event(value: bytes, tenant_id: str, now: datetime) -> CrmEvent:
    """Return the event of a request as if it were published now, as the caller's tenant's.

    Raises:
        Refused: it cannot be read, or says that it is another tenant's (422).
    """
    try:
        event = read_event(value, (), Position("", 0, 0, now))
    except UnreadableEvent as error:
        raise unprocessable([Problem("/event", str(error), error.code)]) from None
    if event.tenant_id not in (tenant_id, DEFAULT_TENANT):
        message = f"is {event.tenant_id}; your key is of {tenant_id}"
        raise unprocessable([Problem("/event/tenantid", message, "foreign_tenant")])
    return msgspec.structs.replace(event, tenant_id=tenant_id)


def choose_subject(automation: Automation, question: Question) -> Subject:
    """Return the document that is meant: the one in the request, else of the environment, else live, draft, sandbox.

    Raises:
        Refused: there is no such document (404), or it could not be published as it stands (422).
    """
    if question.document is not None:
        return Subject("draft", _checked(read_written(question.document).raw, "/document"), None)
    has = {"live": automation.live, "draft": automation.draft, "sandbox": automation.sandbox}
    environment: Environment | None = question.environment
    if environment is None:
        preferred: tuple[Environment, ...] = ("live", "draft", "sandbox")
        environment = next((each for each in preferred if has[each] is not None), "live")
    if environment == "draft" and automation.draft is not None:
        return Subject("draft", _checked(automation.draft, ""), None)
    if environment == "live" and automation.live is not None:
        return Subject("live", automation.live.document, automation.live.version)
    if environment == "sandbox" and automation.sandbox is not None:
        return Subject("sandbox", automation.sandbox.document, automation.sandbox.version)
    raise not_found(f"{environment} document of automation {automation.id}")


def _checked(document: Mapping[str, Any], pointer: str) -> Document:
    validated = validate_document(document, draft=True)
    if validated.document is None:
        problems = [Problem(pointer + found.pointer, found.message, found.code) for found in validated.problems]
        raise unprocessable(problems)
    return validated.document


def gone(place: Place, why: str) -> Refused:
    """Return the refusal for an event that does not lie where it was looked for."""
    return Refused(
        404, f"There is no event at {place.topic}, partition {place.partition}, offset {place.offset}: {why}."
    )
