"""Bodies in and out: what was sent is read with a limit, what is answered is JSON of our own encoder."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from fastapi import Request
from starlette.responses import Response

from api.problems import Refused, unprocessable
from automations.definition.reading import ReadError, read_json, read_yaml
from automations.problems import Problem, pointer_join

MAX_DOCUMENT_BYTES = 1_048_576
"""The largest body of a request that carries a definition or a task's output."""

_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "application/vnd.yaml")
_MAX_DEPTH = 100


def json_response(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """Return a JSON answer; what is `msgspec.Raw` goes out as it was stored."""
    return Response(msgspec.json.encode(body), status, dict(headers or {}), "application/json")


def raw(text: str | None) -> msgspec.Raw | None:
    """Return stored JSON as a part of an answer."""
    return None if text is None else msgspec.Raw(text.encode())


def seconds_between(begin: datetime | None, end: datetime) -> float | None:
    """Return the seconds from `begin` to `end`, to the millisecond; None where there is no beginning."""
    return None if begin is None else round(max((end - begin).total_seconds(), 0.0), 3)


def media_type(request: Request) -> str:
    """Return the media type that the body is said to have, without its parameters."""
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


async def load_body(request: Request, limit_bytes: int = MAX_DOCUMENT_BYTES) -> bytes:
    """Return the body.

    Raises:
        Refused: it is larger than the limit (413).
    """
    refusal = Refused(413, f"The body is larger than {limit_bytes} bytes, the most that is taken here.")
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit_bytes:
        raise refusal
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise refusal
    return bytes(body)


def read_value(body: bytes, media: str) -> object:
    """Return the value of a body of the given media type.

    Raises:
        Refused: the media type is neither JSON nor YAML (415), or the body cannot be read (422).
    """
    try:
        if media in _YAML:
            value = read_yaml(body.decode())
        elif media in ("", "text/plain", "application/x-www-form-urlencoded") or media.endswith("json"):
            value = read_json(body)
        else:
            raise Refused(415, f"The body is {media}; send application/json or application/yaml.")
    except ReadError as error:
        raise unprocessable([error.problem]) from None
    except UnicodeDecodeError:
        raise unprocessable([Problem("", "the body is not UTF-8 text", "not_utf8")]) from None
    refuse_unstorable(value)
    return value


async def load_object(request: Request, *, allow_empty: bool = False) -> dict[str, Any]:
    """Return the JSON or YAML object that the body holds.

    Raises:
        Refused: as `load_body` and `read_object` do.
    """
    return read_object(await load_body(request), media_type(request), allow_empty=allow_empty)


def read_object(body: bytes, media: str, *, allow_empty: bool = False) -> dict[str, Any]:
    """Return the object of a body; an empty body is an empty object where that is allowed.

    Raises:
        Refused: as for `read_value`, or the value is no object (422).
    """
    if not body.strip() and allow_empty:
        return {}
    value = read_value(body, media)
    if not isinstance(value, dict):
        raise unprocessable([Problem("", "the body must be a JSON object", "not_an_object")])
    return value


def refuse_unstorable(value: object) -> None:
    """Refuse text that no database and no JSON text can hold, and nesting beyond reason.

    Raises:
        Refused: a text holds NUL or a lone surrogate, or the value nests deeper than 100 levels (422).
    """
    problems = list(_unstorable(value, "", 0))
    if problems:
        raise unprocessable(problems)


def _unstorable(value: object, pointer: str, depth: int) -> list[Problem]:
    if depth > _MAX_DEPTH:
        return [Problem(pointer, f"nests deeper than {_MAX_DEPTH} levels", "too_deep")]
    if isinstance(value, str):
        return _unstorable_text(value, pointer)
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(pointer, "is beyond the range of a double (about 1.8e308)", "number_too_large")]
    found: list[Problem] = []
    if isinstance(value, dict):
        for name, field in value.items():
            at = pointer_join(pointer, str(name))
            found += _unstorable_text(str(name), pointer) or _unstorable(field, at, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            found += _unstorable(item, pointer_join(pointer, index), depth + 1)
    return found


def _unstorable_text(text: str, pointer: str) -> list[Problem]:
    if "\0" in text:
        return [Problem(pointer, "holds the character NUL (\\u0000); leave it out", "nul_character")]
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        safe = pointer.encode(errors="replace").decode()
        return [Problem(safe, "holds a lone surrogate, half of a character; leave it out", "lone_surrogate")]
    return []
