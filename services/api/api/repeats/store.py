"""Keeps answers for a day under the key that the client chose."""

import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiosql
import msgspec
from fastapi import Request
from starlette.responses import Response

from api.access.caller import Caller
from api.problems import Refused, unprocessable
from automations.postgres import Pool, PoolConnection
from automations.problems import Problem

queries = aiosql.from_path(Path(__file__).with_name("queries.sql"), "asyncpg", mandatory_parameters=False)

HEADER = "Idempotency-Key"
_MAX_KEY_CHARACTERS = 255
_KEPT_HEADERS = ("location", "etag")

Keep = Callable[[PoolConnection, Response], Awaitable[None]]
"""Keeps the answer in the transaction of the change itself."""
Work = Callable[[Keep], Awaitable[Response]]


class Repeats:
    """Answers a repeated request as the first was answered."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def answer_once(self, request: Request, caller: Caller, body: bytes, work: Work) -> Response:
        """Return what `work` answers, or what it answered to the same key and body within a day.

        An answer that is an error is not kept: the request may be sent again, mended or not.

        Raises:
            Refused: the key was used with another body (422), or its first request is still under way (409).
        """
        key = request.headers.get(HEADER)
        if key is None:
            return await work(_keep_nothing)
        if not key or len(key) > _MAX_KEY_CHARACTERS:
            problem = Problem(f"/header/{HEADER}", f"must have 1 to {_MAX_KEY_CHARACTERS} characters", "invalid_key")
            raise unprocessable([problem])
        names = {"tenant_id": caller.tenant_id, "route": f"{request.method} {request.url.path}", "key": key}
        digest = hashlib.sha256((request.headers.get("content-type", "") + "\n").encode() + body).hexdigest()
        async with self._pool.acquire() as connection:
            if await queries.begin_answer(connection, **names, digest=digest) is None:
                return await _kept_answer(connection, names, digest)

        async def keep(connection: PoolConnection, response: Response) -> None:
            headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
            await queries.save_answer(
                connection,
                **names,
                status=response.status_code,
                headers=msgspec.json.encode(headers).decode(),
                body=bytes(response.body),
            )

        kept = False
        try:
            response = await work(keep)
            async with self._pool.acquire() as connection:
                await keep(connection, response)
            kept = True
        finally:
            if not kept:
                async with self._pool.acquire() as connection:
                    await queries.release_key(connection, **names)
        return response

    async def delete_old(self) -> None:
        """Delete the answers that are a day old."""
        async with self._pool.acquire() as connection:
            await queries.delete_old_answers(connection)


async def _keep_nothing(_connection: PoolConnection, _response: Response) -> None:
    return


async def _kept_answer(connection: PoolConnection, names: dict[str, str], digest: str) -> Response:
    row = await queries.load_answer(connection, **names)
    if row is not None and row["digest"] != digest:
        message = "was used with another body; take a new key for another request"
        raise unprocessable([Problem(f"/header/{HEADER}", message, "key_reused")])
    if row is None or row["status"] is None:
        raise Refused(409, f"A request with this {HEADER} is under way.", headers={"Retry-After": "1"})
    headers = msgspec.json.decode(row["headers"], type=dict[str, str])
    return Response(
        row["body"], row["status"], {**headers, "Idempotency-Replayed": "true"}, media_type="application/json"
    )
