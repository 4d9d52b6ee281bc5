"""Following one run until it ends: told by the api's live stream, or asked for where that is broken."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

from automations_cli.api_client import ApiClient, JsonObject
from automations_cli.failures import EXIT_FAILED, EXIT_OK, CommandFailed, NotThere, Unreachable
from automations_cli.output import open_console, print_json_line
from automations_cli.showing.runs import render_run, render_status, render_step_line

ASK_AGAIN_SECONDS = 1.0
CATCH_UP_SECONDS = 5.0
"""The stream may be ahead of the history by this much at most."""


def follow_run(api: ApiClient, run_id: str, *, verbose: bool, as_json: bool) -> int:
    """Show a run while it goes on; returns the command's exit status, which says whether it completed.

    On a terminal the tree of steps moves; else each change is a line. With `as_json` each state is a line of JSON.
    """
    run = api.load_run(run_id)
    title = load_title(api, run)
    if as_json:
        for state in states_of(api, run):
            run = state
            print_json_line(run)
    elif open_console().is_terminal:
        run = _show_moving(api, run, title, verbose=verbose)
    else:
        run = _show_lines(api, run, title, verbose=verbose)
    return EXIT_OK if run.get("status") == "completed" else EXIT_FAILED


def load_title(api: ApiClient, run: JsonObject) -> str:
    """Return the name of the run's automation; its id where it was deleted."""
    automation_id = str(run.get("automation_id"))
    try:
        return str(api.load_automation(automation_id).get("name") or automation_id)
    except NotThere:
        return automation_id


def states_of(api: ApiClient, run: JsonObject) -> Iterator[JsonObject]:
    """Yield the run as it is, and again after each change, until it has ended."""
    run_id = str(run["id"])
    yield run
    while has_not_ended(run):
        with contextlib.suppress(Unreachable):
            for change in api.stream(run_id):
                run = _load_at_least(api, run_id, change)
                yield run
                if not has_not_ended(run):
                    return
        # The stream broke off; the history is asked until it can be heard again.
        time.sleep(ASK_AGAIN_SECONDS)
        run = api.load_run(run_id)
        yield run


def has_not_ended(run: JsonObject) -> bool:
    """Whether something can still happen in the run."""
    return run.get("status") == "running"


def _load_at_least(api: ApiClient, run_id: str, change: JsonObject | None) -> JsonObject:
    """Return the run from the history once that shows the change, whose steps and status the stream has told."""
    give_up = time.monotonic() + CATCH_UP_SECONDS
    while True:
        run = api.load_run(run_id)
        if change is None or _shows(run, change) or time.monotonic() > give_up:
            return run
        time.sleep(0.05)


def _shows(run: JsonObject, change: JsonObject) -> bool:
    if not has_not_ended(run):
        return True
    statuses = {step.get("path"): step.get("status") for step in run.get("steps") or ()}
    told: list[dict[str, Any]] = change.get("steps") or []
    return run.get("status") == change.get("status") and all(
        statuses.get(step.get("path")) == step.get("status") for step in told
    )


def _show_moving(api: ApiClient, run: JsonObject, title: str, *, verbose: bool) -> JsonObject:
    from rich.live import Live

    with Live(console=open_console(), auto_refresh=False) as live:
        for state in states_of(api, run):
            run = state
            live.update(render_run(run, title, verbose=verbose), refresh=True)
    return run


def _show_lines(api: ApiClient, run: JsonObject, title: str, *, verbose: bool) -> JsonObject:
    console = open_console()
    told: dict[object, object] = {}
    for state in states_of(api, run):
        run = state
        for step in run.get("steps") or ():
            status = step.get("status")
            if status != "pending" and told.get(step.get("path")) != status:
                told[step.get("path")] = status
                console.print(render_step_line(step))
    if run.get("status") == "running":
        raise CommandFailed(f"The run is still {render_status(run)}.")
    console.print(render_run(run, title, verbose=verbose))
    return run
