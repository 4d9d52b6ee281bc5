"""`automations list`, `get` and `status`: what is set up."""

from __future__ import annotations

from typing import Annotated

import typer

from automations_cli.address import open_api
from automations_cli.options import DATA, ApiUrl, AsJson, AutomationStatus, Data, Environment, Limit
from automations_cli.output import open_console, print_json, say

Named = Annotated[str, typer.Argument(metavar="ID|NAME", help="The automation's id or name.")]


def list_automations(
    status: Annotated[AutomationStatus | None, typer.Option("--status", help="Only those of this status.")] = None,
    words: Annotated[str | None, typer.Option("--search", help="Words in name, description or event.")] = None,
    tag: Annotated[str | None, typer.Option("--tag", help="Only those with this tag.")] = None,
    limit: Limit = 100,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """List automations, newest first."""
    with open_api(api_url, data) as api:
        found = api.list_automations(limit=limit, status=status, q=words, tag=tag)
    if as_json:
        print_json({"items": found})
        return
    if not found:
        say("No automations. Create some with: automations apply -f FILE")
        return
    from automations_cli.showing.tables import render_automations

    open_console().print(render_automations(found))


def get(
    automation: Named,
    environment: Annotated[
        Environment | None, typer.Option("--environment", help="Which document; absent: live, if there is one.")
    ] = None,
    version: Annotated[int | None, typer.Option("--version", min=1, help="As this version says.")] = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Print an automation as YAML, as `apply` takes it."""
    from automations_cli.lookup import load_named

    with open_api(api_url, data) as api:
        found = load_named(api, automation)
        if environment or version or "warnings" not in found:
            found = api.load_automation(found["id"], environment=environment, version=version)
    if as_json:
        print_json(found)
        return
    from automations_cli.yaml_text import choose_file_fields, render_yaml

    typer.echo(render_yaml(choose_file_fields(found)), nl=False)


def set_status(
    automation: Named,
    status: Annotated[AutomationStatus, typer.Argument(help="The status to give.")],
    environment: Annotated[
        Environment | None, typer.Option("--environment", help="Whose status; absent: live, if there is one.")
    ] = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Activate, pause or archive an automation.

    `draft` brings an archived one back.
    """
    from automations_cli.lookup import load_named

    with open_api(api_url, data) as api:
        found = load_named(api, automation)
        after = api.set_status(found["id"], status, environment=environment)
    if as_json:
        print_json(after)
        return
    from rich.text import Text

    from automations_cli.showing.tables import render_status
    from automations_cli.showing.words import one_line

    open_console().print(Text(f"{one_line(after.get('name'))}  ").append(render_status(after)))
    if after.get("activation") == "pending":
        say("Kafka has not heard of it yet; it will be sent.")
