"""`automations runs`, `run`, `cancel` and `rerun`: what happened, what happens, and changing that."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from automations_cli.address import open_api
from automations_cli.options import DATA, ApiUrl, AsJson, Data, Limit
from automations_cli.output import open_console, print_json, say

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient, JsonObject


def list_runs(
    automation: Annotated[str | None, typer.Argument(metavar="[ID|NAME]", help="Only runs of this automation.")] = None,
    status: Annotated[
        Literal["running", "completed", "failed", "cancelled"] | None, typer.Option("--status", help="Of this status.")
    ] = None,
    waiting: Annotated[
        bool | None, typer.Option("--waiting/--not-waiting", help="That wait for something, or do not.")
    ] = None,
    mode: Annotated[
        Literal["live", "dry_run", "test"] | None,
        typer.Option("--mode", help="Live runs, the sandbox's dry runs, or tests; tests only if named."),
    ] = None,
    since: Annotated[datetime | None, typer.Option("--since", help="Started at or after this, in local time.")] = None,
    until: Annotated[datetime | None, typer.Option("--until", help="Started before this, in local time.")] = None,
    record: Annotated[str | None, typer.Option("--record", help="About this record: ID or OBJECT/ID.")] = None,
    limit: Limit = 20,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """List runs, newest first."""
    from automations_cli.lookup import load_named, names_by_id

    with open_api(api_url, data) as api:
        named = load_named(api, automation) if automation else None
        found = api.list_runs(
            str(named["id"]) if named else None,
            limit=limit,
            status=status,
            waiting=waiting,
            mode=mode,
            since=since and since.astimezone().isoformat(),
            until=until and until.astimezone().isoformat(),
            record=record,
        )
        names = {} if as_json or not found else names_by_id([named] if named else api.list_automations())
    if as_json:
        print_json({"items": found})
        return
    if not found:
        say("No such runs.")
        return
    from automations_cli.showing.runs import render_runs

    open_console().print(render_runs(found, names))


def show_run(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Each step's input, request and output, too.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay until the run ends; the exit status is 1 if it did not complete.")
    ] = False,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Show a run with its steps."""
    with open_api(api_url, data) as api:
        if follow:
            from automations_cli.following import follow_run

            raise typer.Exit(follow_run(api, run, verbose=verbose, as_json=as_json))
        found = api.load_run(run)
        _show(api, found, verbose=verbose, as_json=as_json)


def cancel(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    reason: Annotated[str | None, typer.Option("--reason", help="Why, for whoever looks at the run later.")] = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Cancel a run; a step in flight is waited for."""
    with open_api(api_url, data) as api:
        _show(api, api.cancel_run(run, reason), as_json=as_json)


def rerun(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's id.")],
    from_step: Annotated[
        str | None, typer.Option("--from", metavar="STEP", help="Keep what the steps before this one came to.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Stay until the new run ends; the exit status is 1 if it did not complete.")
    ] = False,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run a run again, from its start or from a step."""
    with open_api(api_url, data) as api:
        started = api.rerun(run, from_step=from_step)
        if follow:
            from automations_cli.following import follow_run

            raise typer.Exit(follow_run(api, str(started["id"]), verbose=False, as_json=as_json))
        _show(api, started, as_json=as_json)


def _show(api: ApiClient, run: JsonObject, *, verbose: bool = False, as_json: bool) -> None:
    if as_json:
        print_json(run)
        return
    from automations_cli.following import load_title
    from automations_cli.showing.runs import render_run

    open_console().print(render_run(run, load_title(api, run), verbose=verbose))
