"""`automations apply`: documents in files become automations, or new versions of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from automations_cli.address import open_api
from automations_cli.failures import EXIT_FAILED, CommandFailed, Unreachable, WrongUsage
from automations_cli.options import DATA, ApiUrl, AsJson, AutomationStatus, Data, Environment
from automations_cli.output import print_json, tell_failure

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient
    from automations_cli.documents import WrittenDocument


def apply(
    files: Annotated[
        list[Path],
        typer.Option("-f", "--file", help="A file of YAML or JSON, a folder of them, or - for the standard input."),
    ],
    environment: Annotated[
        Environment | None,
        typer.Option("--environment", help="Which document to write; absent: the file's, else live."),
    ] = None,
    status: Annotated[
        AutomationStatus | None, typer.Option("--status", help="The status to give; absent: the file's, else as it is.")
    ] = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Create automations from files, or update them.

    A document is applied to the automation of its id, else of its x-id, else of its name.
    """
    from automations_cli.documents import load_documents, refuse_same_names

    documents = load_documents(files)
    refuse_same_names(documents)
    if not documents:
        raise WrongUsage("the files hold no document")
    results = []
    with open_api(api_url, data) as api:
        known = api.list_automations()
        for document in documents:
            wanted = document.fields | {
                name: value for name, value in (("environment", environment), ("status", status)) if value
            }
            try:
                results.append(_apply_one(api, document, wanted, known, as_json=as_json))
            except Unreachable:
                raise
            except CommandFailed as error:
                error.reason = f"{document.source}: {error.reason}"
                tell_failure(error)
                results.append({"source": document.source, "action": "failed", "error": error.reason})
    if as_json:
        print_json({"items": results})
    if any(result["action"] == "failed" for result in results):
        raise typer.Exit(EXIT_FAILED)


def _apply_one(
    api: ApiClient, document: WrittenDocument, wanted: dict[str, Any], known: list[dict[str, Any]], *, as_json: bool
) -> dict[str, Any]:
    from automations_cli.documents import choose_existing, describe_change

    existing = choose_existing(document.fields, known)
    environment = str(wanted.get("environment") or "live")
    before = None
    if existing is None:
        after = api.create_automation(json.dumps(wanted).encode())
        known.append(after)
    else:
        before = existing
        if (existing.get("environments") or {}).get(environment):
            before = api.load_automation(existing["id"], environment=environment)
        after = api.update_automation(existing["id"], wanted)
    done = describe_change(before, after, environment)
    if not as_json:
        _tell(after, done, before, environment)
    return {
        "source": document.source,
        "action": done.split(" ")[0].rstrip(",") if done != str(after.get("status")) else "updated",
        "id": after["id"],
        "name": after.get("name"),
        "environment": environment,
        "version": after.get("version"),
        "status": after.get("status"),
        "warnings": after.get("warnings") or [],
    }


def _tell(after: dict[str, Any], done: str, before: dict[str, Any] | None, environment: str) -> None:
    from rich.text import Text

    from automations_cli.output import open_console
    from automations_cli.showing.words import one_line, printable

    console = open_console()
    line = Text(one_line(after.get("name")), style="bold")
    line.append(f"  {done}", style="bright_black" if done == "unchanged" else "green")
    line.append(f"  {after['id']}", style="bright_black")
    console.print(line)
    for difference in _differences(before, after, environment):
        style = {"+": "green", "-": "red"}.get(difference[:1], "bright_black")
        console.print(Text(f"  {printable(difference)}", style=style))
    for warning in after.get("warnings") or ():
        console.print(Text(f"  note: {warning.get('pointer')}  {warning.get('message')}", style="yellow"))
    if after.get("activation") == "pending":
        console.print(Text("  Kafka has not heard of it yet; it will be sent.", style="yellow"))


def _differences(before: dict[str, Any] | None, after: dict[str, Any], environment: str) -> list[str]:
    """Return the lines that differ, with a line around them; nothing where there was no such document before."""
    import difflib

    from automations_cli.yaml_text import choose_document, render_yaml

    if before is None or before.get("environment") != environment:
        return []
    old, new = (render_yaml(choose_document(automation)).splitlines() for automation in (before, after))
    return [line for line in difflib.unified_diff(old, new, n=1, lineterm="") if not line.startswith(("---", "+++"))]
