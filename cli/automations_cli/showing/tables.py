"""Automations and tasks as tables; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo

from rich.table import Table
from rich.text import Text

from automations_cli.showing.words import JsonObject, one_line, show_time, style_of


def render_automations(automations: Sequence[JsonObject], zone: tzinfo | None = None) -> Table:
    """Return automations with what their runs say."""
    table = _table("name", "status", "event", "version", "last run", "runs in 7 days", "success", "id")
    for automation in automations:
        trigger = automation.get("trigger")
        event = trigger.get("event") if isinstance(trigger, Mapping) else ""
        if isinstance(event, list):
            event = ", ".join(map(str, event))
        version = automation.get("version")
        table.add_row(
            Text(one_line(automation.get("name") or "")),
            render_status(automation),
            Text(one_line(event or "")),
            "" if version is None else f"v{version}",
            _last_run(automation.get("last_run"), zone),
            str(automation.get("runs_7_days") or 0),
            _share(automation.get("success_rate")),
            Text(str(automation.get("id")), style="bright_black"),
        )
    return table


def render_status(automation: JsonObject) -> Text:
    """Return an automation's status, and whether it is a sandbox document alone."""
    status = Text(str(automation.get("status")), style=style_of(automation.get("status")))
    if automation.get("environment") == "sandbox":
        status.append(" (sandbox)", style="magenta")
    return status


def render_tasks(tasks: Sequence[JsonObject], names: Mapping[str, str], zone: tzinfo | None = None) -> Table:
    """Return tasks; `names` are the automations' by id."""
    table = _table("opened", "title", "assignee", "status", "due", "automation", "task")
    for task in tasks:
        automation_id = str(task.get("automation_id"))
        people = [task.get("assignee"), *(task.get("groups") or ())]
        table.add_row(
            show_time(task.get("opened_at"), zone),
            Text(one_line(task.get("title") or "")),
            Text(one_line(", ".join(str(name) for name in people if name))),
            Text(str(task.get("status")), style=style_of(task.get("status"))),
            show_time(task.get("due_at"), zone),
            Text(one_line(names.get(automation_id, automation_id))),
            Text(str(task.get("id")), style="bright_black"),
        )
    return table


def _last_run(last_run: object, zone: tzinfo | None) -> Text:
    if isinstance(last_run, Mapping):
        status = last_run.get("status")
        return Text(f"{show_time(last_run.get('started_at'), zone)} {status or ''}".strip(), style=style_of(status))
    return Text(show_time(last_run, zone))


def _share(rate: object) -> str:
    return f"{round(rate * 100)} %" if isinstance(rate, int | float) else ""


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column in ("opened", "task", "id"))
    return table
