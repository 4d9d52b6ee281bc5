"""Tenant and type of an event at a glance; pure.

Most events are looked at and not kept, so nothing else of them is read. What is kept is read properly before it
is written, and left out if it turns out to be something else.
"""

from collections.abc import Iterable

import msgspec

from automations.contracts.events import DEFAULT_TENANT


class _Glance(msgspec.Struct, frozen=True, gc=False):
    type: object = None
    event: object = None
    event_type: object = None
    specversion: object = None
    tenantid: object = None


_decoder = msgspec.json.Decoder(_Glance)


def peek_name(value: bytes | None, headers: Iterable[tuple[str, bytes | None]]) -> tuple[str, str] | None:
    """Return what tenant and type seem to be; None where the message is no event."""
    if not value:
        return None
    if headers:
        named = {name: text for name, text in headers if name in ("ce_type", "ce_tenantid", "ce_specversion")}
        if named.get("ce_specversion") is not None:
            event_type = named.get("ce_type")
            return None if not event_type else (_decoded(named.get("ce_tenantid")), event_type.decode(errors="replace"))
    try:
        glance = _decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    tenant = glance.tenantid
    for name in (glance.type, glance.event, glance.event_type):
        if isinstance(name, str) and name:
            is_foreign = glance.specversion is not None and isinstance(tenant, str) and tenant
            return (tenant if is_foreign and isinstance(tenant, str) else DEFAULT_TENANT, name)
    return None


def _decoded(text: bytes | None) -> str:
    return DEFAULT_TENANT if not text else text.decode(errors="replace")
