"""`automations tasks` and `automations complete`: what waits for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from automations_cli.address import open_api
from automations_cli.failures import NotThere
from automations_cli.options import DATA, ApiUrl, AsJson, Data, Limit
from automations_cli.output import open_console, print_json, say

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient, JsonObject
    from automations_cli.fields import JsonFields


def list_tasks(
    status: Annotated[
        Literal["open", "completed", "withdrawn", "any"], typer.Option("--status", help="Tasks of this status.")
    ] = "open",
    assignee: Annotated[str | None, typer.Option("--assignee", help="Only tasks of this person.")] = None,
    automation: Annotated[
        str | None, typer.Option("--automation", metavar="ID|NAME", help="Only tasks of this automation.")
    ] = None,
    limit: Limit = 50,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """List tasks that wait for people, newest first."""
    from automations_cli.lookup import load_named, names_by_id

    with open_api(api_url, data) as api:
        automation_id = load_named(api, automation)["id"] if automation else None
        found = api.list_tasks(limit=limit, status=status, assignee=assignee, automation_id=automation_id)
        names = {} if as_json or not found else names_by_id(api.list_automations())
    if as_json:
        print_json({"items": found})
        return
    if not found:
        say("Nothing waits for anybody." if status == "open" else "No such tasks.")
        return
    from automations_cli.showing.tables import render_tasks

    open_console().print(render_tasks(found, names))


def complete(
    task_or_run: Annotated[str, typer.Argument(metavar="TASK|RUN", help="The task's id, or the run's that waits.")],
    fields: Annotated[
        list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="The output's fields; values may be JSON.")
    ] = None,
    output: Annotated[str | None, typer.Option("--output", help="The output as a JSON object.")] = None,
    step: Annotated[str | None, typer.Option("--step", help="Which of a run's open tasks, by its step.")] = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Complete a human task, so that its run goes on."""
    from automations_cli.fields import read_fields, read_object

    given = read_fields(fields or ())
    if output is not None:
        given = read_object(output, "--output") | given
    with open_api(api_url, data) as api:
        run = _complete(api, task_or_run, given, step)
        if as_json:
            print_json(run)
            return
        from automations_cli.following import load_title
        from automations_cli.showing.runs import render_run

        open_console().print(render_run(run, load_title(api, run)))


def _complete(api: ApiClient, task_or_run: str, output: JsonFields, step: str | None) -> JsonObject:
    if step is None:
        try:
            task = api.load_task(task_or_run)
        except NotThere:
            pass
        else:
            return api.complete_task(str(task["id"]), output)
    try:
        run = api.load_run(task_or_run)
    except NotThere:
        raise NotThere(f"There is neither a task nor a run {task_or_run}.") from None
    return api.complete_task_of_run(str(run["automation_id"]), str(run["id"]), output, step=step)
