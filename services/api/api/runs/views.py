"""How runs are shown; pure.

A running run also shows the steps that it has still before it, as its version's document lists them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from api.answers import raw, seconds_between
from api.runs.store import RunRows
from automations.contracts.results import SkipReason

Row = Mapping[str, Any]

SKIP_SENTENCES: Mapping[SkipReason, str] = {
    "paused": "The automation was paused.",
    "archived": "The automation was archived before the start was taken up.",
    "deleted": "The automation was deleted before the start was taken up.",
    "late": "The event had waited on Kafka for more than 8 days; a start that late surprises people.",
    "duplicate": "Another event with the same source and id had come before, with other content.",
    "loop_guard": "The start was taken for one of a loop, which could go on without end.",
    "sandbox_off": "The sandbox was switched off before the start was taken up.",
}


def render_run(rows: RunRows, now: datetime, *, in_full: bool = False) -> dict[str, Any]:
    """Return a run as REST shows it; in full with the event that started it, and the runs before and after it."""
    run = rows.run
    body: dict[str, Any] = {
        "id": str(run["run_id"]),
        "automation_id": run["automation_id"],
        "version": run["version"] if run["version"] > 0 else None,
        "status": run["status"],
        "dry_run": run["lane"] == "sandbox" or run["mode"] == "dry_run",
        "mode": run["mode"] or ("dry_run" if run["lane"] == "sandbox" else "live"),
        "trigger": {"event_id": run["event_id"], "type": run["event_type"]},
        "record": None if run["record_id"] is None else {"object": run["object"], "id": run["record_id"]},
        "started_at": run["started_at"],
        "ended_at": run["ended_at"],
        "duration": seconds_between(run["started_at"], run["ended_at"] or now),
        "waiting": raw(run["waiting"]),
        "error": raw(run["error"]),
        "steps": _render_steps(rows, now, in_full=in_full),
    }
    if in_full:
        body |= {
            "event": raw(run["event"]),
            "position": raw(run["position"]),
            "cause": run["cause"],
            "chain_id": run["chain_id"],
            "depth": run["depth"],
            "rerun_of": None if run["rerun_of"] is None else str(run["rerun_of"]),
            "reruns": list(rows.reruns),
        }
    return body


def render_skipped(row: Row) -> dict[str, Any]:
    """Return a start that was not accepted."""
    return {
        "run_id": str(row["run_id"]),
        "automation_id": row["automation_id"],
        "version": row["version"],
        "dry_run": row["lane"] == "sandbox",
        "reason": row["reason"],
        "sentence": SKIP_SENTENCES.get(row["reason"], row["detail"]),
        "detail": row["detail"],
        "trigger": {"event_id": row["event_id"], "type": row["event_type"]},
        "record": None if row["record_id"] is None else {"object": row["object"], "id": row["record_id"]},
        "at": row["at"],
        "started_run_id": None if row["started_run_id"] is None else str(row["started_run_id"]),
    }


def _render_steps(rows: RunRows, now: datetime, *, in_full: bool) -> list[dict[str, Any]]:
    reached = [_render_step(step, now) for step in rows.steps]
    if in_full:
        for shown, step in zip(reached, rows.steps, strict=True):
            shown["attempts_made"] = render_attempts(step)
    if rows.run["status"] != "running":
        return reached
    paths = {step["path"] for step in reached}
    return reached + [_pending(action) for action in rows.actions if action.get("id") not in paths]


def _render_step(step: Row, now: datetime) -> dict[str, Any]:
    return {
        "id": step["id"],
        "path": step["path"],
        "type": step["type"],
        "name": step["name"],
        "status": step["status"],
        "reason": step["reason"],
        "attempts": step["attempts"],
        "input": raw(step["input"]),
        "request": raw(step["request"]),
        "output": raw(step["output"]),
        "error": raw(step["error"]),
        "notes": raw(step["notes"]) or [],
        "started_at": step["step_started_at"],
        "ended_at": step["step_ended_at"],
        "duration": seconds_between(step["step_started_at"], step["step_ended_at"] or now),
    }


class _Try(msgspec.Struct, frozen=True):
    """What a fact said of an attempt: that it began, or that it failed and when the next one begins."""

    at: datetime
    error: msgspec.Raw = msgspec.Raw(b"null")
    next_at: datetime | None = None


_tries_decoder = msgspec.json.Decoder(dict[str, _Try])


def render_attempts(step: Row) -> list[dict[str, Any]]:
    """Return the attempts of a step, each with its beginning, its end and its error; the last is as the step is.

    An attempt that has not begun has no `started_at`; the one before it says in `next_at` when it will.
    """
    tries = {} if step["tries"] is None else _tries_decoder.decode(step["tries"])
    attempts = []
    for number in range(1, step["attempts"] + 1):
        is_last = number == step["attempts"]
        failed = tries.get(f"{number}.failed")
        began_at = _began_at(step, number, tries.get(f"{number}.began"))
        attempts.append(
            {
                "number": number,
                "status": _last_status(step, began_at) if is_last else "failed",
                "started_at": began_at,
                "ended_at": step["step_ended_at"] if is_last else failed and failed.at,
                "error": _own_error(step) if is_last else failed and failed.error,
                "next_at": failed and failed.next_at,
            }
        )
    return attempts


def _began_at(step: Row, number: int, began: _Try | None) -> datetime | None:
    if number > 1:
        return None if began is None else began.at
    first: datetime | None = step["step_started_at"]
    return first


def _last_status(step: Row, began_at: datetime | None) -> str:
    return "pending" if began_at is None and step["status"] == "running" else str(step["status"])


def _own_error(step: Row) -> msgspec.Raw | None:
    """The error of a step that goes on is that of the attempt before."""
    return raw(step["error"]) if step["status"] == "failed" else None


def _pending(action: Mapping[str, Any]) -> dict[str, Any]:
    nothing = dict.fromkeys(("input", "request", "output", "error"))
    return {
        "id": action.get("id"),
        "path": action.get("id"),
        "type": action.get("type"),
        "name": action.get("name"),
        "status": "pending",
        "reason": None,
        "attempts": 0,
        **nothing,
        "notes": [],
        "started_at": None,
        "ended_at": None,
        "duration": None,
    }
