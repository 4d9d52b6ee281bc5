"""Every error as RFC 9457 says, naming each wrong field at once."""

from collections.abc import Iterable, Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from automations.observability import get_logger
from automations.postgres import OUTAGES
from automations.problems import Problem, pointer_join

log = get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_TYPE = "about:blank"


class Refused(Exception):
    """A request that is answered with a problem body."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        problems: Iterable[Problem] = (),
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        self.more = more


def not_found(what: str) -> Refused:
    """Return the refusal for something that does not exist."""
    return Refused(404, f"There is no {what}.")


def unprocessable(problems: Iterable[Problem], detail: str | None = None) -> Refused:
    """Return the refusal that names all that is wrong in what was sent."""
    listed = tuple(problems)
    number = len(listed)
    text = detail or (listed[0].message if number == 1 else f"{number} things are wrong; `errors` names each.")
    return Refused(422, text, problems=listed)


def render_problem(
    status: int,
    detail: str,
    problems: Iterable[Problem] = (),
    headers: Mapping[str, str] | None = None,
    more: Mapping[str, object] | None = None,
) -> Response:
    """Return the response of an error."""
    try:
        title = HTTPStatus(status).phrase
    except ValueError:
        title = "Error"
    body: dict[str, object] = {"type": _TYPE, "title": title, "status": status, "detail": detail}
    body["errors"] = [problem.as_dict() for problem in problems]
    body.update(more or {})
    return Response(msgspec.json.encode(body), status, dict(headers or {}), MEDIA_TYPE)


def problem_of_validation(error: Mapping[str, object]) -> Problem:
    """Return a finding of FastAPI's own validation as a problem; its place names query, path or body first."""
    location = error.get("loc", ())
    places = tuple(location) if isinstance(location, tuple | list) else ()
    message = str(error.get("msg", "is not valid"))
    return Problem(pointer_join("", *places), message, str(error.get("type", "invalid")))


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of the application with a problem body."""

    async def refused(_request: Request, error: Exception) -> Response:
        assert isinstance(error, Refused)
        return render_problem(error.status, error.detail, error.problems, error.headers, error.more)

    async def invalid(_request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [problem_of_validation(found) for found in error.errors()]
        refusal = unprocessable(problems)
        return render_problem(refusal.status, refusal.detail, problems)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        detail = error.detail
        if error.status_code == 404:
            detail = f"There is nothing at {request.url.path}."
        elif error.status_code == 405:
            detail = f"{request.method} is not possible at {request.url.path}."
        return render_problem(error.status_code, detail, headers=error.headers)

    async def unforeseen(request: Request, error: Exception) -> Response:
        if isinstance(error, OUTAGES):
            log.warning("a request met an outage", path=request.url.path, error=repr(error))
            return render_problem(503, "The database cannot be reached; try again.", headers={"Retry-After": "1"})
        log.error("a request ended by an error", path=request.url.path, exc_info=error)
        return render_problem(500, "Something went wrong on our side; the log says what.")

    app.add_exception_handler(Refused, refused)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    for outage in OUTAGES:
        if issubclass(outage, Exception):
            app.add_exception_handler(outage, unforeseen)
    app.add_exception_handler(Exception, unforeseen)
