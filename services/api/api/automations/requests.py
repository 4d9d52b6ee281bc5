"""What requests about automations say, read and checked; pure."""

from collections.abc import Mapping
from typing import Any, NamedTuple, get_args

from fastapi import Request

from api.automations.model import Automation, Document, Environment
from api.problems import Refused, unprocessable
from automations.contracts.definitions import AutomationStatus
from automations.definition import document_of, validate_document
from automations.problems import Problem

ANSWER_FIELDS = frozenset(
    {"environments", "draft", "last_run", "runs_7_days", "success_rate", "waiting_runs", "loop_guard"}
)
"""What an answer adds around a document besides the fields every request may have; never read back."""

STATUSES: tuple[AutomationStatus, ...] = get_args(AutomationStatus)
ENVIRONMENTS: tuple[Environment, ...] = get_args(Environment)


class Written(NamedTuple):
    """A document as a request carries it, with what the request asks for it."""

    raw: dict[str, Any]
    status: AutomationStatus | None
    environment: Environment


class Checked(NamedTuple):
    """A document that may be stored, and what was noticed about it."""

    document: Document
    warnings: list[Problem]


def read_written(body: Mapping[str, Any], *, check: bool = True) -> Written:
    """Return what a request to create or update says; without `check`, the document is nobody's matter yet.

    Raises:
        Refused: status or environment is none of the known ones, or the document cannot even be a draft (422);
            every problem of both is named.
    """
    problems = _choice_problems(body)
    raw = {name: field for name, field in document_of(body).items() if name not in ANSWER_FIELDS}
    if problems:
        if check:
            problems += validate_document(raw, draft=body.get("status", "draft") == "draft").problems
        raise unprocessable(problems)
    return Written(raw, body.get("status"), body.get("environment") or "live")


def check_document(raw: dict[str, Any], status: AutomationStatus) -> Checked:
    """Return the document, checked for the status that it will have: a draft may be unfinished.

    Raises:
        Refused: it has problems (422).
    """
    validated = validate_document(raw, draft=status == "draft")
    if validated.document is None:
        raise unprocessable(validated.problems)
    return Checked(validated.document, validated.warnings)


def read_status_request(body: Mapping[str, Any]) -> tuple[AutomationStatus, Environment | None]:
    """Return the status that a PATCH asks for, and the environment if it names one.

    Raises:
        Refused: there is no status, or something else is in the body (422).
    """
    problems = _choice_problems(body)
    if body.get("status") is None:
        problems.append(Problem("/status", f"is required: one of {', '.join(STATUSES)}", "required"))
    for name in body:
        if name not in ("status", "environment"):
            problems.append(
                Problem(f"/{name}", "cannot be changed by PATCH; PUT the whole document instead", "unknown_field")
            )
    if problems:
        raise unprocessable(problems)
    return body["status"], body.get("environment")


def check_if_match(request: Request, automation: Automation) -> None:
    """Honour `If-Match`.

    Raises:
        Refused: the automation has changed since (412).
    """
    wanted = request.headers.get("if-match")
    if wanted is None or wanted.strip() == "*":
        return
    tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
    if automation.etag not in tags:
        raise Refused(
            412,
            f"The automation has changed since; its ETag is {automation.etag}. Read it again and repeat the change.",
            headers={"ETag": automation.etag},
        )


def _choice_problems(body: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, choices in (("status", STATUSES), ("environment", ENVIRONMENTS)):
        value = body.get(name)
        if value is not None and value not in choices:
            problems.append(Problem(f"/{name}", f"must be one of {', '.join(choices)}", f"unknown_{name}"))
    return problems
