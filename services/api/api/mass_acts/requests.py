"""What a request for an act on many runs says; pure."""

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal, NamedTuple, get_args

from api.interventions.cancelling import read_reason
from api.problems import unprocessable
from api.runs.store import RunFilter, is_uuid
from automations.contracts.results import RunMode, RunStatus
from automations.problems import Problem, list_words, pointer_join, suggest_nearest

Act = Literal["cancel", "rerun"]

MOST_RUNS: Final = 10_000
"""Runs of one act."""
_FIELDS = ("act", "runs", "filter", "reason")
_FILTERS = ("automation_id", "status", "waiting", "mode", "record", "since", "until")


class WantedAct(NamedTuple):
    """An act, and the runs it is for: those named, or those that match."""

    act: Act
    reason: str | None
    run_ids: tuple[str, ...] | None
    automation_id: str | None = None
    wanted: RunFilter = RunFilter()


def read_act(body: Mapping[str, Any]) -> WantedAct:
    """Return what the body asks for.

    Raises:
        Refused: a field is missing, of the wrong type, or unknown (422).
    """
    problems = [_unknown("", name, _FIELDS) for name in body if name not in _FIELDS]
    act = body.get("act")
    if act not in get_args(Act):
        problems.append(Problem("/act", 'must be "cancel" or "rerun"', "type"))
    reason = read_reason(body, problems)
    if reason is not None and act == "rerun":
        problems.append(Problem("/reason", "is given to a cancellation only", "not_applicable"))
    if ("runs" in body) == ("filter" in body):
        message = "give either `runs`, a list of ids, or `filter`; an empty filter is every run"
        problems.append(Problem("/runs", message, "one_of"))
    run_ids = _read_ids(body["runs"], problems) if "runs" in body else None
    raw = body.get("filter", {})
    if not isinstance(raw, dict):
        problems.append(Problem("/filter", "must be an object", "type"))
        raw = {}
    automation_id, wanted = _read_filter(raw, problems)
    if problems:
        raise unprocessable(problems)
    return WantedAct("cancel" if act == "cancel" else "rerun", reason, run_ids, automation_id, wanted)


def _read_ids(value: object, problems: list[Problem]) -> tuple[str, ...]:
    if not isinstance(value, list) or not 0 < len(value) <= MOST_RUNS:
        problems.append(Problem("/runs", f"must be a list of 1 to {MOST_RUNS} ids of runs", "type"))
        return ()
    wrong = [place for place, each in enumerate(value) if not isinstance(each, str) or not is_uuid(each)]
    problems += [Problem(f"/runs/{place}", "must be the id of a run", "type") for place in wrong]
    return () if wrong else tuple(dict.fromkeys(str(uuid.UUID(each)) for each in value))


def _read_filter(raw: Mapping[str, Any], problems: list[Problem]) -> tuple[str | None, RunFilter]:
    problems += [_unknown("/filter", name, _FILTERS) for name in raw if name not in _FILTERS]
    for name, known in (("status", get_args(RunStatus)), ("mode", get_args(RunMode)[:2])):
        if raw.get(name) is not None and raw[name] not in known:
            problems.append(Problem(f"/filter/{name}", f"must be {' or '.join(known)}", "type"))
    for name in ("automation_id", "record"):
        if not isinstance(raw.get(name), str | None):
            problems.append(Problem(f"/filter/{name}", "must be text", "type"))
    if not isinstance(raw.get("waiting"), bool | None):
        problems.append(Problem("/filter/waiting", "must be true or false", "type"))
    since, until = (_read_moment(raw, name, problems) for name in ("since", "until"))
    if problems:
        return None, RunFilter()
    wanted = RunFilter(
        status=raw.get("status"),
        waiting=raw.get("waiting"),
        mode=raw.get("mode"),
        since=since,
        until=until,
    )
    return raw.get("automation_id"), wanted.about(raw.get("record"))


def _read_moment(raw: Mapping[str, Any], name: str, problems: list[Problem]) -> datetime | None:
    value = raw.get(name)
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        problems.append(Problem(f"/filter/{name}", "must be a time, such as 2026-03-01T12:00:00Z", "type"))
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _unknown(parent: str, name: str, known: tuple[str, ...]) -> Problem:
    message = f"is not known here.{suggest_nearest(name, known)} Known are {list_words(known)}"
    return Problem(pointer_join(parent, name), message, "unknown_field")
