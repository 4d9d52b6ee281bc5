"""`/event-types`, their samples, and what conditions would have matched."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from api.access.gate import Viewer
from api.answers import json_response, load_object
from api.automations.store import AutomationStore
from api.events.views import render_event
from api.problems import unprocessable
from api.runs.store import RunStore
from api.samples.fields import render_fields
from api.samples.preview import decide_preview, read_preview
from api.samples.ring import KEPT_PER_TYPE
from api.samples.store import Sample, SampledType, SampleStore
from automations.clock import monotonic_seconds
from automations.definition.event_patterns import events_match

SUGGESTED_EVENT_TYPES: Final = (
    "account.created",
    "account.updated",
    "case.closed",
    "case.created",
    "case.escalated",
    "case.updated",
    "contact.created",
    "contact.updated",
    "lead.converted",
    "lead.created",
    "lead.updated",
    "opportunity.created",
    "opportunity.lost",
    "opportunity.stage_changed",
    "opportunity.updated",
    "opportunity.won",
    "task.completed",
    "task.created",
)
"""What is offered where nothing has been seen yet."""

FRESH_SECONDS: Final = 15.0
"""The fields of a type with all its samples are rendered anew this often at the most."""

_MOST_KNOWN: Final = 2_000
_PREVIEW_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"type": "object"},
                "example": {"trigger": {"event": "case.created", "conditions": {"priority": ["critical", "high"]}}},
            }
        },
    }
}


class FieldCatalogue:
    """The fields of each type, remembered until its samples change."""

    def __init__(self, store: SampleStore) -> None:
        self._store = store
        self._known: dict[tuple[str, str], tuple[int, float, list[dict[str, Any]]]] = {}

    async def load(self, tenant_id: str, event_type: str, sampled: SampledType) -> list[dict[str, Any]]:
        """Return the fields of a type."""
        key = (tenant_id, event_type)
        known = self._known.get(key)
        now = monotonic_seconds()
        if known is not None:
            kept, rendered_at, fields = known
            if kept == sampled.kept or (kept >= KEPT_PER_TYPE and now - rendered_at < FRESH_SECONDS):
                return fields
        samples = await self._store.load(tenant_id, [event_type], KEPT_PER_TYPE)
        fields = render_fields([sample.event for sample in samples])
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        self._known[key] = (sampled.kept, now, fields)
        await asyncio.sleep(0)
        return fields


def sample_routes(automations: AutomationStore, runs: RunStore, store: SampleStore) -> APIRouter:
    """Return the routes of event types and samples."""
    router = APIRouter(tags=["events"])
    catalogue = FieldCatalogue(store)

    @router.get("/event-types", summary="Event types that are known, and usual ones, with their fields")
    async def list_event_types(caller: Viewer) -> Response:
        sampled = await store.list_types(caller.tenant_id)
        named = await automations.load_event_types(caller.tenant_id)
        seen = {*await runs.load_event_types(caller.tenant_id), *sampled}
        types = {*(name for name in named if not name.endswith("*")), *seen, *SUGGESTED_EVENT_TYPES}
        items = []
        for event_type in sorted(types):
            kept = sampled.get(event_type)
            fields = [] if kept is None else await catalogue.load(caller.tenant_id, event_type, kept)
            items.append(
                {
                    "type": event_type,
                    "used": events_match(named, event_type),
                    "seen": event_type in seen,
                    "sampled": 0 if kept is None else min(kept.kept, KEPT_PER_TYPE),
                    "last_at": None if kept is None else kept.last_at,
                    "fields": fields,
                }
            )
        return json_response({"items": items, "next_cursor": None})

    @router.get("/event-types/{event_type}/samples", summary="The newest events of a type, as far as they are kept")
    async def list_samples(
        caller: Viewer, event_type: str, limit: Annotated[int, Query(ge=1, le=KEPT_PER_TYPE)] = 20
    ) -> Response:
        samples = await store.load(caller.tenant_id, [event_type], limit)
        return json_response({"items": [render_sample(sample) for sample in samples], "next_cursor": None})

    @router.post("/conditions/preview", summary="Which of the kept events would match", openapi_extra=_PREVIEW_BODY)
    async def preview_conditions(request: Request, caller: Viewer) -> Response:
        preview = read_preview(await load_object(request))
        if preview.problems:
            raise unprocessable(preview.problems)
        known = await store.list_types(caller.tenant_id)
        wanted = [event_type for event_type in known if preview.listens_to(event_type)]
        samples = await store.load(caller.tenant_id, wanted, KEPT_PER_TYPE)
        return json_response(_render_preview(samples, decide_preview(preview, samples)))

    return router


def _render_preview(samples: Sequence[Sample], verdicts: Sequence[bool]) -> dict[str, Any]:
    items = [{**render_sample(sample), "holds": holds} for sample, holds in zip(samples, verdicts, strict=True)]
    return {"matched": sum(verdicts), "sampled": len(samples), "items": items}


def render_sample(sample: Sample) -> dict[str, Any]:
    """Return a sample as REST shows it."""
    return {
        "event": render_event(sample.event),
        "position": {"topic": sample.topic, "partition": sample.partition, "offset": sample.offset},
        "at": sample.at,
    }
