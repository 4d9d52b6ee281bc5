"""`/stream`: changes of runs as they happen, as Server-Sent Events.

Each open stream reads the step results by itself and without a group, so that every process can serve every
page. The id of an event is the vector of offsets after it; a browser that reconnects sends it back and misses
nothing that Kafka still keeps.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaError
from fastapi import APIRouter, Header
from starlette.responses import StreamingResponse

from api.access.gate import Viewer
from api.problems import Refused, unprocessable
from api.projection.facts import RunFact, fact_reader
from automations.contracts.topics import STEP_RESULTS
from automations.contracts.wire import UnreadableMessage
from automations.messaging.connection import KafkaSettings
from automations.observability import get_logger
from automations.problems import Problem

log = get_logger(__name__)

HEARTBEAT_SECONDS = 15.0
MOST_STREAMS = 200
_POLL_MS = 1_000

Vector = dict[int, int]
"""The next offset to read, by partition."""


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """Whose runs a stream shows; a test only to those who ask for that very run."""

    tenant_id: str
    automation_id: str | None = None
    run_id: str | None = None

    def matches(self, fact: RunFact) -> bool:
        return (
            fact.tenant_id == self.tenant_id
            and (self.run_id is not None or not fact.test)
            and self.automation_id in (None, fact.automation_id)
            and self.run_id in (None, fact.run_id)
        )


class LiveRuns:
    """Opens streams, and ends them when the process stops."""

    def __init__(self, kafka: KafkaSettings, stopping: asyncio.Event) -> None:
        self._kafka = kafka
        self._stopping = stopping
        self._open = 0

    async def stream(self, wanted: Filter, after: Vector | None) -> AsyncIterator[bytes]:
        """Yield events from the given offsets on, or from now on, until the reader leaves or the process stops."""
        self._open += 1
        consumer = AIOKafkaConsumer(
            STEP_RESULTS.name, **self._kafka.client_arguments(), group_id=None, enable_auto_commit=False
        )
        try:
            await consumer.start()
            vector = await _assign(consumer, after or {})
            yield f"id: {render_vector(vector)}\n: reading from here\n\n".encode()
            async for part in self._parts(consumer, wanted, vector):
                yield part
        finally:
            self._open -= 1
            await asyncio.shield(consumer.stop())

    def refuse_too_many(self) -> None:
        """Refuse one stream too many.

        Raises:
            Refused: so many are open that another one would slow all of them down (503).
        """
        if self._open >= MOST_STREAMS:
            raise Refused(503, "Too many live streams are open on this process.", headers={"Retry-After": "30"})

    async def _parts(self, consumer: AIOKafkaConsumer, wanted: Filter, vector: Vector) -> AsyncIterator[bytes]:
        loop = asyncio.get_running_loop()
        last_sent = loop.time()
        while not self._stopping.is_set():
            parts = []
            try:
                batches = await consumer.getmany(timeout_ms=_POLL_MS, max_records=500)
            except KafkaError as error:
                log.warning("a live stream waits for Kafka", error=repr(error))
                await asyncio.sleep(1)
                batches = {}
            for place, records in batches.items():
                for record in records:
                    vector[place.partition] = record.offset + 1
                    fact = _read(record.value)
                    if fact is not None and wanted.matches(fact):
                        parts.append(render_event(fact, vector))
            if not parts and loop.time() - last_sent >= HEARTBEAT_SECONDS:
                parts.append(b": still here\n\n")
            if parts:
                last_sent = loop.time()
                yield b"".join(parts)


def stream_routes(live: LiveRuns) -> APIRouter:
    """Return the route of live runs."""
    router = APIRouter(tags=["runs"])

    @router.get("/stream", summary="Changes of runs as they happen (Server-Sent Events)")
    async def stream(
        caller: Viewer,
        automation_id: str | None = None,
        run_id: str | None = None,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> StreamingResponse:
        live.refuse_too_many()
        wanted = Filter(tenant_id=caller.tenant_id, automation_id=automation_id, run_id=run_id)
        after = read_vector(last_event_id)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(live.stream(wanted, after), media_type="text/event-stream", headers=headers)

    return router


def render_event(fact: RunFact, vector: Vector) -> bytes:
    """Return one change of a run as a Server-Sent Event."""
    body = {
        "run_id": fact.run_id,
        "automation_id": fact.automation_id,
        "version": fact.version,
        "status": fact.status,
        "dry_run": fact.lane == "sandbox",
        "seq": fact.seq,
        "at": fact.at,
        "started_at": fact.started_at,
        "ended_at": fact.ended_at,
        "waiting": _part(fact.waiting),
        "error": _part(fact.error),
        "steps": [
            {"id": step.id, "path": step.path, "type": step.type, "status": step.status, "error": _part(step.error)}
            for step in fact.steps
        ],
    }
    return f"id: {render_vector(vector)}\nevent: run\ndata: ".encode() + msgspec.json.encode(body) + b"\n\n"


def render_vector(vector: Vector) -> str:
    """Return offsets as the id of an event."""
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(vector.items()))


def read_vector(text: str | None) -> Vector | None:
    """Return the offsets that an event's id says.

    Raises:
        Refused: the text is no such id (422).
    """
    if not text:
        return None
    try:
        pairs = [pair.split(":") for pair in text.split(",")]
        vector = {int(partition): int(offset) for partition, offset in pairs}
        if min(vector) < 0 or min(vector.values()) < 0 or max(vector.values()) >= 2**63:
            raise ValueError(text)
    except ValueError:
        problem = Problem("/header/Last-Event-ID", "is no id of an event of this stream", "invalid_id")
        raise unprocessable([problem]) from None
    return vector


async def _assign(consumer: AIOKafkaConsumer, after: Vector) -> Vector:
    """Read every partition from where the reader was; from its end where that is unknown or no longer kept."""
    partitions = list(consumer.assignment())
    begins = await consumer.beginning_offsets(partitions)
    ends = await consumer.end_offsets(partitions)
    vector = {}
    for place in partitions:
        wanted = after.get(place.partition, ends[place])
        vector[place.partition] = min(max(wanted, begins[place]), ends[place])
        consumer.seek(place, vector[place.partition])
    return vector


def _part(value: msgspec.Raw) -> msgspec.Raw | None:
    return value if bytes(value) else None


def _read(value: bytes | None) -> RunFact | None:
    try:
        fact = fact_reader.read(value)
    except UnreadableMessage:
        return None
    return fact if isinstance(fact, RunFact) else None
