"""How runs, automations, tasks and failures look in a terminal."""

from datetime import UTC
from typing import Any

import pytest
from rich.console import Console, RenderableType

from automations_cli.failures import Refused
from automations_cli.showing.decisions import render_decision
from automations_cli.showing.runs import render_run, render_runs
from automations_cli.showing.tables import render_automations, render_tasks
from automations_cli.showing.words import one_line, printable, show_duration, show_time

STEP: dict[str, Any] = {
    "id": "to_tier_2",
    "path": "to_tier_2",
    "type": "assign_to_queue",
    "name": "Assign to Tier 2",
    "status": "completed",
    "attempts": 1,
    "input": {"queue_id": "tier-2"},
    "request": None,
    "output": {"queue_id": "tier-2"},
    "error": None,
    "notes": [],
    "duration": 0.031,
}
RUN: dict[str, Any] = {
    "id": "run-1",
    "automation_id": "a-1",
    "version": 3,
    "status": "completed",
    "dry_run": False,
    "trigger": {"event_id": "e", "type": "case.created"},
    "record": {"object": "case", "id": "5001"},
    "started_at": "2026-03-01T10:00:00Z",
    "ended_at": "2026-03-01T10:00:01Z",
    "duration": 0.5,
    "waiting": None,
    "error": None,
    "steps": [STEP],
}


def text_of(shown: RenderableType) -> str:
    console = Console(width=200, color_system=None)
    with console.capture() as captured:
        console.print(shown)
    return captured.get()


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0, "0 ms"),
        (0.0314, "31 ms"),
        (1, "1.0 s"),
        (59.94, "59.9 s"),
        (60, "1 min 0 s"),
        (3725, "1 h 2 min"),
        (200_000, "2 d 7 h"),
    ],
)
def test_durations_are_shown_as_people_read_them(seconds: float | None, text: str) -> None:
    assert show_duration(seconds) == text


def test_times_are_shown_in_a_zone_and_foreign_text_as_it_is() -> None:
    assert show_time("2026-03-01T10:00:00+02:00", UTC) == "2026-03-01 08:00:00"
    assert show_time("soon") == "soon"
    assert show_time(None) == ""


def test_text_of_a_record_cannot_steer_the_terminal() -> None:
    """An escape sequence in a customer's name is shown, not obeyed."""
    assert "\x1b" not in printable("\x1b[2Jhello")
    assert "hello" in printable("\x1b[2Jhello")
    assert one_line("a\nb\tc") == "a b c"
    shown = text_of(render_run({**RUN, "steps": [{**STEP, "name": "\x1b]0;x\x07boo"}]}, "N\x1b[1m"))
    assert "\x1b" not in shown


def test_markup_in_a_name_is_text() -> None:
    assert "[red]a[/]" in text_of(render_run(RUN, "[red]a[/]"))


def test_run_shows_its_steps_and_durations() -> None:
    shown = text_of(render_run(RUN, "Critical cases", zone=UTC))
    assert shown.splitlines() == [
        "Critical cases v3  completed  in 500 ms",
        "run run-1",
        "├── case.created · case/5001 · started 2026-03-01 10:00:00",
        "└── ✓ Assign to Tier 2  assign_to_queue · 31 ms",
    ]


def test_verbose_run_shows_what_each_step_was_given_and_gave() -> None:
    shown = text_of(render_run(RUN, "Critical cases", verbose=True))
    assert "queue_id: tier-2" in shown
    assert "input" in shown
    assert "request" not in shown
    assert "queue_id" not in text_of(render_run(RUN, "Critical cases"))


def test_failed_step_shows_its_error_and_its_attempts() -> None:
    error = {"kind": "unreachable", "message": "The CRM does not answer.", "retryable": True}
    step = {**STEP, "status": "failed", "attempts": 3, "error": error, "notes": ["record.x has no value"]}
    shown = text_of(render_run({**RUN, "status": "failed", "steps": [step]}, "N"))
    assert "✗ Assign to Tier 2  assign_to_queue · failed · 31 ms · 3 attempts" in shown
    assert "unreachable: The CRM does not answer." in shown
    assert "note: record.x has no value" in shown


def test_waiting_run_says_how_it_goes_on() -> None:
    waiting = {"for": "task", "task_id": "t", "since": "2026-03-01T10:00:00Z"}
    shown = text_of(render_run({**RUN, "status": "running", "waiting": waiting}, "N"))
    assert "running, waits for a person  so far" in shown
    assert "automations complete run-1" in shown


def test_tables_name_automations_by_their_names() -> None:
    assert "Critical cases" in text_of(render_runs([RUN], {"a-1": "Critical cases"}))
    dry = text_of(render_runs([{**RUN, "dry_run": True}], {}))
    assert "a-1" in dry
    assert "completed (dry run)" in dry
    task = {"id": "t-1", "title": "Approve", "assignee": "ines", "groups": ["desk"], "automation_id": "a-1"}
    assert "ines, desk" in text_of(render_tasks([task], {}))
    listed = {"id": "a-1", "name": "N", "status": "draft", "version": None, "trigger": None, "success_rate": 0.975}
    assert "98 %" in text_of(render_automations([listed]))


def test_refusal_names_each_wrong_field_in_a_column() -> None:
    refused = Refused(
        422,
        {
            "title": "Unprocessable Content",
            "detail": "2 things are wrong",
            "errors": [
                {"pointer": "/name", "message": "is empty"},
                {"pointer": "/trigger/event", "message": "is missing"},
            ],
        },
    )
    assert refused.reason == "refused (422 Unprocessable Content): 2 things are wrong"
    assert refused.details == ("/name           is empty", "/trigger/event  is missing")


def clause(sentence: str, holds: bool, **more: Any) -> dict[str, Any]:
    return {"kind": "clause", "sentence": sentence, "holds": holds, **more}


DECISION: dict[str, Any] = {
    "version": 3,
    "environment": "live",
    "starts": False,
    "sentence": "Starts no run: priority is high, expected critical.",
    "checks": [
        {"check": "event_type", "holds": True, "sentence": "The event is case.created."},
        {"check": "conditions", "holds": False, "sentence": "priority is high, expected critical"},
    ],
    "conditions": {
        "kind": "all",
        "holds": False,
        "parts": [
            clause("priority is high, expected critical", False, note="text\x1b[31m"),
            {"kind": "any", "holds": True, "parts": [clause("source is web", True)]},
        ],
    },
    "run": None,
    "skipped": None,
}


def test_decision_is_a_tree_of_checks_and_clauses() -> None:
    assert text_of(render_decision(DECISION, "Critical cases")).splitlines() == [
        "Critical cases v3",
        "✗ Starts no run: priority is high, expected critical.",
        "├── ✓ The event is case.created.",
        "└── ✗ priority is high, expected critical",
        "    ├── ✗ priority is high, expected critical",
        "    │   └── note: text\\x1b[31m",
        "    └── ✓ one of these",
        "        └── ✓ source is web",
    ]


def test_decision_names_what_became_of_the_event() -> None:
    more = {"version": None, "run": {"id": "r-1", "status": "completed"}, "skipped": {"sentence": "It was paused."}}
    shown = text_of(render_decision({**DECISION, **more}, "Critical cases"))
    assert "Critical cases draft" in shown
    assert "it started the run r-1, completed" in shown
    assert "its start was skipped: It was paused." in shown


def test_test_is_told_from_other_dry_runs() -> None:
    assert "(test)" in text_of(render_run({**RUN, "dry_run": True, "mode": "test"}, "n"))
    assert "(dry run)" in text_of(render_run({**RUN, "dry_run": True, "mode": "dry_run"}, "n"))


def test_several_events_of_a_trigger_are_listed() -> None:
    shown = text_of(render_automations([{"name": "n", "trigger": {"event": ["case.*", "lead.created"]}}]))
    assert "case.*, lead.created" in shown
