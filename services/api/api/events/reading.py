"""Reads the events that an HTTP request carries; pure.

One JSON object or a list of them, and CloudEvents in their three HTTP forms: structured, batch, and binary
with its attributes in `ce-` headers. An event goes on in the bytes in which it came.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import unquote

import msgspec

from api.problems import Refused, unprocessable
from automations.contracts.events import DEFAULT_TENANT, CrmEvent, Position, UnreadableEvent, read_event
from automations.contracts.topics import MAX_EVENT_BYTES, record_key
from automations.problems import Problem, pointer_join

MAX_BODY_BYTES = 8 * MAX_EVENT_BYTES
MAX_EVENTS = 1_000

_STRUCTURED = "application/cloudevents+json"
_BATCH = "application/cloudevents-batch+json"
_NOWHERE = Position("", 0, 0, datetime(1970, 1, 1, tzinfo=UTC))
_PLACES = {
    "no_type": ("type",),
    "conflicting_types": ("type",),
}

_list_decoder = msgspec.json.Decoder(list[msgspec.Raw])

Headers = tuple[tuple[str, bytes], ...]


class Incoming(NamedTuple):
    """An event as it will be published."""

    key: bytes | None
    value: bytes
    headers: Headers


def read_events(body: bytes, headers: Mapping[str, str], tenant_id: str) -> list[Incoming]:
    """Return the events of a request, of the caller's tenant, in their order.

    Raises:
        Refused: an event is too large (413), or the body or any event of it cannot be read (422): every bad
            event is named, and none of the request is taken.
    """
    media = headers.get("content-type", "").split(";", 1)[0].strip().lower()
    if "ce-specversion" in headers:
        return _read_all([("", body)], tenant_id, _binary_headers(headers))
    values = _split(body, is_batch=media == _BATCH)
    kind: Headers = ((("content-type", _STRUCTURED.encode())),) if media in (_STRUCTURED, _BATCH) else ()
    return _read_all(values, tenant_id, kind)


def _read_all(values: Iterable[tuple[str, bytes]], tenant_id: str, headers: Headers) -> list[Incoming]:
    incoming: list[Incoming] = []
    problems: list[Problem] = []
    for pointer, value in values:
        if len(value) > MAX_EVENT_BYTES:
            message = f"has {len(value)} bytes; an event has {MAX_EVENT_BYTES} at the most"
            raise Refused(413, f"An event {message}.", problems=[Problem(pointer, message, "too_large")])
        try:
            incoming.append(_for_tenant(value, headers, tenant_id))
        except UnreadableEvent as error:
            at = pointer_join(pointer, *_PLACES.get(error.code, ()))
            problems.append(Problem(at, str(error), error.code))
    if problems:
        raise unprocessable(problems)
    return incoming


def _for_tenant(value: bytes, headers: Headers, tenant_id: str) -> Incoming:
    """Return the event as one of the tenant's; where the caller's tenant is not the default one, it is written in."""
    event = read_event(value, headers, _NOWHERE)
    if event.tenant_id != tenant_id:
        value, headers = _with_tenant(event, value, headers, tenant_id)
        event = read_event(value, headers, _NOWHERE)
    key = None if event.record_key is None else record_key(event.tenant_id, event.record_key)
    return Incoming(key, value, headers)


def _with_tenant(event: CrmEvent, value: bytes, headers: Headers, tenant_id: str) -> tuple[bytes, Headers]:
    if event.tenant_id != DEFAULT_TENANT:
        raise UnreadableEvent("foreign_tenant", f"`tenantid` is {event.tenant_id}; your key is of {tenant_id}")
    if any(name == "ce_specversion" for name, _ in headers):
        return value, (*headers, ("ce_tenantid", tenant_id.encode()))
    body: dict[str, Any] = msgspec.json.decode(value)
    if "specversion" not in body:
        raise UnreadableEvent(
            "no_tenant", f"plain events belong to the tenant {DEFAULT_TENANT}; send a CloudEvent for {tenant_id}"
        )
    return msgspec.json.encode({**body, "tenantid": tenant_id}), headers


def _binary_headers(headers: Mapping[str, str]) -> Headers:
    """Return `ce-` headers as Kafka carries them; HTTP writes what is not ASCII in percent form."""
    attributes = [
        ("ce_" + name[3:].lower(), unquote(value).encode())
        for name, value in headers.items()
        if name.lower().startswith("ce-")
    ]
    content_type = headers.get("content-type")
    if content_type:
        attributes.append(("content-type", content_type.encode()))
    return tuple(attributes)


def _split(body: bytes, *, is_batch: bool) -> list[tuple[str, bytes]]:
    begins_list = body.lstrip()[:1] == b"["
    if not begins_list and not is_batch:
        _refuse_broken(body)
        return [("", body)]
    try:
        values = [bytes(value) for value in _list_decoder.decode(body)]
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        _refuse_broken(body)
        raise unprocessable([Problem("", "a batch is a list of events", "not_a_list")]) from None
    if not values:
        raise unprocessable([Problem("", "the list holds no event", "empty")])
    if len(values) > MAX_EVENTS:
        raise Refused(413, f"The list holds {len(values)} events; at most {MAX_EVENTS} are taken at once.")
    return [(f"/{index}", value) for index, value in enumerate(values)]


def _refuse_broken(body: bytes) -> None:
    """Refuse what is not JSON, with the place of the mistake."""
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except RecursionError:
        raise unprocessable([Problem("", "the body nests too deep", "too_deep")]) from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise unprocessable([Problem("", _place_of_mistake(body, str(error)), "not_json")]) from None


def _place_of_mistake(body: bytes, otherwise: str) -> str:
    try:
        json.loads(body)
    except json.JSONDecodeError as error:
        return f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):
        pass
    return f"the body is not JSON: {otherwise}"
