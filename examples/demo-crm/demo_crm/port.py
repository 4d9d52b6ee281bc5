"""The CRM port over HTTP: each route reads the request, lets the CRM do it in one act, and words the answer.

Invariants: an effect, its events and its answer are durable together before the caller hears of it; the same
idempotency key is performed once; every error body is `{"error": …}`.
"""

import hmac
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
from fastapi import APIRouter, Depends, Request, Response

from automations.clock import utc_now
from demo_crm.changes import JsonObject
from demo_crm.crm import RecordTooLarge, Writer
from demo_crm.database import Database
from demo_crm.outbox import Outbox
from demo_crm.requests import (
    NoteBody,
    QueueItemBody,
    Refused,
    TaskBody,
    digest_request,
    validate_body,
    validate_cause,
    validate_fields,
    validate_limit,
    validate_name,
)
from demo_crm.tables import Answer, Tables

KEYS_KEPT = timedelta(days=16)
_LONGEST_QUEUE = 1000
_LONGEST_KEY = 1000


def port_routes(database: Database, outbox: Outbox, source: str, token: str | None) -> APIRouter:
    """Return the routes of the port; with a token, every one of them asks for it."""

    # Asynchronous because a plain function would be handed to another thread for every request.
    async def check_token(request: Request) -> None:
        sent = request.headers.get("authorization", "")
        if token is not None and not hmac.compare_digest(sent.encode(), f"Bearer {token}".encode()):
            raise Refused(401, "Authorization: the bearer token is missing or not the right one")

    router = APIRouter(dependencies=[Depends(check_token)])
    _add_reads(router, database)
    _add_effects(router, Effects(database, outbox, source))
    return router


class Effects:
    """Performs writes once for each idempotency key."""

    def __init__(self, database: Database, outbox: Outbox, source: str) -> None:
        self._database = database
        self._outbox = outbox
        self._source = source

    async def perform(
        self, request: Request, status: int, body: bytes, write: Callable[[Writer], JsonObject]
    ) -> Response:
        """Return the answer of the write, or the one that its key was given before.

        Raises:
            Refused: 422, the key was used for another request; 400, a header that cannot be read.
        """
        cause = validate_cause(request.headers)
        key = request.headers.get("idempotency-key")
        if key is not None and not 0 < len(key) <= _LONGEST_KEY:
            raise Refused(400, f"Idempotency-Key: has {len(key)} characters; 1 to {_LONGEST_KEY} are taken")
        digest = digest_request(request.method, request.url.path, body)

        def act(tables: Tables) -> Answer:
            known = tables.load_answer(key) if key is not None else None
            if known is not None:
                if known.digest != digest:
                    raise Refused(422, f"Idempotency-Key: {key!r} was used for another request")
                return known
            now = render_time(utc_now())
            result = write(Writer(tables, cause, self._source, now))
            answer = Answer(digest, status, msgspec.json.encode(result))
            if key is not None:
                tables.save_answer(key, answer, now)
            return answer

        try:
            answer = await self._database.perform(act)
        except RecordTooLarge as error:
            raise Refused(413, str(error)) from None
        self._outbox.wake()
        return Response(answer.body, answer.status, media_type="application/json")


def render_time(moment: datetime) -> str:
    """Return the moment as ISO 8601 in UTC."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def render_json(value: JsonObject) -> Response:
    """Return a 200 with the value."""
    return Response(msgspec.json.encode(value), media_type="application/json")


def _add_effects(router: APIRouter, effects: Effects) -> None:
    @router.post("/records/{record_type}")
    async def create_record(record_type: str, request: Request) -> Response:
        body = await request.body()
        fields = validate_fields(body)
        validate_name(record_type, "type")
        return await effects.perform(request, 201, body, lambda crm: crm.create_record(record_type, fields))

    @router.patch("/records/{record_type}/{record_id:path}")
    async def change_record(record_type: str, record_id: str, request: Request) -> Response:
        body = await request.body()
        fields = validate_fields(body)
        validate_name(record_type, "type")
        validate_name(record_id, "id")
        return await effects.perform(request, 200, body, lambda crm: crm.change_record(record_type, record_id, fields))

    @router.post("/tasks")
    async def create_task(request: Request) -> Response:
        body = await request.body()
        task = validate_body(TaskBody, body).model_dump(mode="json")
        task.setdefault("status", "open")
        return await effects.perform(request, 201, body, lambda crm: crm.create_record("task", task))

    @router.post("/notes")
    async def create_note(request: Request) -> Response:
        body = await request.body()
        note = validate_body(NoteBody, body).model_dump(mode="json")
        return await effects.perform(request, 201, body, lambda crm: crm.create_record("note", note))

    @router.post("/queues/{queue_id:path}/items")
    async def put_into_queue(queue_id: str, request: Request) -> Response:
        body = await request.body()
        record = validate_body(QueueItemBody, body).record
        validate_name(queue_id, "queue_id")
        return await effects.perform(
            request, 201, body, lambda crm: crm.put_into_queue(queue_id, record.type, record.id)
        )


def _add_reads(router: APIRouter, database: Database) -> None:
    @router.get("/records/{record_type}")
    async def find_records(record_type: str, request: Request) -> Response:
        wanted = {name: value for name, value in request.query_params.items() if name != "limit"}
        limit = validate_limit(request.query_params.get("limit"))
        found = await database.perform(lambda tables: tables.find_records(record_type, wanted, limit))
        return render_json({"items": found})

    @router.get("/records/{record_type}/{record_id:path}")
    async def read_record(record_type: str, record_id: str) -> Response:
        record = await database.perform(lambda tables: tables.load_record(record_type, record_id))
        if record is None:
            raise Refused(404, f"there is no {record_type} {record_id!r}")
        return render_json(record)

    @router.get("/queues")
    async def list_queues() -> Response:
        return render_json({"items": await database.perform(lambda tables: tables.load_queues())})

    @router.get("/queues/{queue_id:path}/items")
    async def list_queue_items(queue_id: str) -> Response:
        def act(tables: Tables) -> list[JsonObject]:
            if not tables.queue_exists(queue_id):
                raise Refused(404, f"there is no queue {queue_id!r}")
            return tables.load_queue_items(queue_id, _LONGEST_QUEUE)

        return render_json({"items": await database.perform(act)})

    @router.get("/users")
    async def list_users() -> Response:
        return render_json({"items": await database.perform(lambda tables: tables.load_users())})

    @router.get("/users/{user_id:path}")
    async def read_user(user_id: str) -> Response:
        user = await database.perform(lambda tables: tables.load_user(user_id))
        if user is None:
            raise Refused(404, f"there is no user {user_id!r}")
        return render_json(user)
