"""A run as a tree of its steps, and runs as a table; pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from textwrap import indent
from typing import Any

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from automations_cli.showing.words import (
    JsonObject,
    one_line,
    printable,
    show_duration,
    show_record,
    show_time,
    style_of,
)
from automations_cli.yaml_text import render_yaml

_SIGNS = {
    "completed": "✓",
    "failed": "✗",
    "running": "▸",
    "waiting": "◷",
    "pending": "○",
    "skipped": "–",
    "cancelled": "⊘",
}


def render_run(run: JsonObject, title: str, *, verbose: bool = False, zone: tzinfo | None = None) -> Tree:
    """Return a run with its steps; `verbose` adds what each was given, sent and gave."""
    tree = Tree(_headline(run, title), guide_style="bright_black")
    trigger = run.get("trigger") or {}
    about = [part for part in (one_line(trigger.get("type") or ""), one_line(show_record(run))) if part]
    about.append(f"started {show_time(run.get('started_at'), zone)}")
    tree.add(Text(" · ".join(about), style="bright_black"))
    for step in run.get("steps") or ():
        _add_step(tree, step, verbose=verbose)
    _add_error(tree, run.get("error"))
    _add_waiting(tree, run)
    return tree


def render_runs(runs: Sequence[JsonObject], names: Mapping[str, str], zone: tzinfo | None = None) -> Table:
    """Return runs as a table; `names` are the automations' by id."""
    table = _table("started", "automation", "record", "status", "duration", "steps", "run")
    for run in runs:
        automation_id = str(run.get("automation_id"))
        table.add_row(
            show_time(run.get("started_at"), zone),
            Text(one_line(names.get(automation_id, automation_id))),
            Text(one_line(show_record(run))),
            render_status(run),
            Text(show_duration(run.get("duration")), justify="right"),
            _steps_done(run),
            Text(str(run.get("id")), style="bright_black"),
        )
    return table


def render_status(run: JsonObject) -> Text:
    """Return a run's status with what it waits for, and whether it is a dry run."""
    status = Text(str(run.get("status")), style=style_of(run.get("status")))
    waiting = run.get("waiting")
    if isinstance(waiting, Mapping):
        status.append(f", waits for {_awaited(waiting)}", style=style_of("waiting"))
    if run.get("dry_run"):
        status.append(" (test)" if run.get("mode") == "test" else " (dry run)", style="magenta")
    return status


def render_step_line(step: JsonObject) -> Text:
    """Return one step on a line: how it stands, what it is, how long it took."""
    status = str(step.get("status"))
    line = Text(f"{_SIGNS.get(status, '?')} ", style=style_of(status))
    line.append(one_line(step.get("name") or step.get("id") or step.get("type")), style="bold")
    parts = [] if step.get("type") in (step.get("id"), None) or not step.get("type") else [one_line(step["type"])]
    if status != "completed":
        parts.append(status)
    if step.get("duration") is not None:
        parts.append(show_duration(step["duration"]))
    attempts = step.get("attempts") or 0
    if attempts > 1:
        parts.append(f"{attempts} attempts")
    if parts:
        line.append("  " + " · ".join(parts), style="bright_black" if status == "completed" else style_of(status))
    return line


def _headline(run: JsonObject, title: str) -> Text:
    line = Text(one_line(title), style="bold")
    if run.get("version") is not None:
        line.append(f" v{run['version']}", style="bright_black")
    line.append("  ")
    line.append(render_status(run))
    word = "so far " if run.get("status") == "running" else "in "
    line.append(f"  {word}{show_duration(run.get('duration'))}")
    line.append(f"\nrun {run.get('id')}", style="bright_black")
    return line


def _add_step(tree: Tree, step: JsonObject, *, verbose: bool) -> None:
    node = tree.add(render_step_line(step))
    _add_error(node, step.get("error"))
    for note in step.get("notes") or ():
        node.add(Text(f"note: {one_line(note)}", style="yellow"))
    if verbose:
        for name in ("input", "request", "output"):
            value = step.get(name)
            if value is not None and value != {}:
                node.add(_render_value(name, value))


def _render_value(name: str, value: Any) -> Text:
    shown = printable(render_yaml(value)).rstrip()
    if not isinstance(value, dict | list):
        shown = shown.removesuffix("\n...")
    text = Text(name, style="cyan")
    return text.append(f"\n{indent(shown, '  ')}", style="default")


def _add_error(node: Tree, error: object) -> None:
    if isinstance(error, Mapping):
        node.add(Text(f"{one_line(error.get('kind') or 'error')}: {printable(error.get('message'))}", style="red"))
    elif error:
        node.add(Text(printable(error), style="red"))


def _add_waiting(tree: Tree, run: JsonObject) -> None:
    waiting = run.get("waiting")
    if not isinstance(waiting, Mapping):
        return
    due = waiting.get("due_at")
    text = f"waits for {_awaited(waiting)}" + (f" until {show_time(due)}" if due else "")
    if waiting.get("for") == "task":
        text += f"; complete it with: automations complete {run.get('id')} key=value …"
    tree.add(Text(text, style=style_of("waiting")))


def _awaited(waiting: JsonObject) -> str:
    names = {"task": "a person", "time": "a time", "notification": "a delivery", "turn": "its turn"}
    return names.get(str(waiting.get("for")), one_line(waiting.get("for")))


def _steps_done(run: JsonObject) -> Text:
    steps = run.get("steps") or ()
    done = sum(step.get("status") == "completed" for step in steps)
    failed = any(step.get("status") == "failed" for step in steps)
    return Text(f"{done} of {len(steps)}", style=style_of("failed") if failed else "")


def _table(*columns: str) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, no_wrap=column in ("started", "run", "id"))
    return table
