"""`automations explain` and `automations test`: what an event means for an automation, and what it would do."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from automations_cli.address import open_api
from automations_cli.commands.publish import read_events
from automations_cli.failures import EXIT_FAILED, WrongUsage
from automations_cli.options import DATA, ApiUrl, AsJson, Data
from automations_cli.output import open_console, print_json, say

if TYPE_CHECKING:
    from automations_cli.api_client import JsonObject

Named = Annotated[str, typer.Argument(metavar="AUTOMATION", help="Its id or its name.")]
EventFile = Annotated[
    Path | None, typer.Option("--event", help="The event as a JSON object in a file; - for standard input.")
]
At = Annotated[
    str | None,
    typer.Option("--at", metavar="TOPIC:PARTITION:OFFSET", help="Where the event lies on Kafka, as `publish` says it."),
]
Which = Annotated[
    Literal["live", "sandbox", "draft"] | None,
    typer.Option("--environment", help="Which document is meant. Absent: the live one, else the draft."),
]
DocumentFile = Annotated[
    Path | None, typer.Option("--document", help="A document that nobody has saved, in a YAML or JSON file.")
]


def explain(
    automation: Named,
    event: EventFile = None,
    at: At = None,
    environment: Which = None,
    document: DocumentFile = None,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Say why an event starts an automation, or does not, clause by clause."""
    question = _question(event, at, environment, document)
    from automations_cli.lookup import load_named

    with open_api(api_url, data) as api:
        named = load_named(api, automation)
        told = api.explain(str(named["id"]), question)
    if as_json:
        print_json(told)
        return
    from automations_cli.showing.decisions import render_decision

    open_console().print(render_decision(told, str(named.get("name") or named["id"])))


def try_out(
    automation: Named,
    event: EventFile = None,
    at: At = None,
    environment: Which = None,
    document: DocumentFile = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Each step's input, request and output, too.")
    ] = False,
    api_url: ApiUrl = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Run an automation dry for one event; nothing reaches anybody. The exit status is 1 if it does not complete."""
    question = _question(event, at, environment, document)
    from automations_cli.lookup import load_named

    with open_api(api_url, data) as api:
        named = load_named(api, automation)
        run = api.test(str(named["id"]), question)
    if as_json:
        print_json(run)
    elif run.get("steps") is None:
        say(f"The test has begun and takes longer than usual; look at it with: automations run {run.get('id')}")
    else:
        from automations_cli.showing.runs import render_run

        open_console().print(render_run(run, str(named.get("name") or named["id"]), verbose=verbose))
    if run.get("status") != "completed":
        raise typer.Exit(EXIT_FAILED)


def _question(event: Path | None, at: str | None, environment: str | None, document: Path | None) -> JsonObject:
    if (event is None) == (at is None):
        raise WrongUsage("name one event: --event FILE, or --at TOPIC:PARTITION:OFFSET")
    if document is not None and environment not in (None, "draft"):
        raise WrongUsage("--document is a document of its own; leave --environment out")
    asked: dict[str, Any] = read_place(at) if at is not None else {"event": _read_event(event)}
    if environment is not None:
        asked["environment"] = environment
    if document is not None:
        from automations_cli.documents import load_documents

        found = load_documents([document])
        if len(found) != 1:
            raise WrongUsage(f"{document} holds {len(found)} documents; one is tried at a time")
        asked["document"] = found[0].fields
    return asked


def read_place(at: str) -> dict[str, Any]:
    """Return the place that TOPIC:PARTITION:OFFSET names.

    Raises:
        WrongUsage: it is no such text.
    """
    topic, _, rest = at.partition(":")
    partition, _, offset = rest.partition(":")
    if not topic or not all(number.isascii() and number.isdigit() for number in (partition, offset)):
        raise WrongUsage(f"{at!r} is no place on Kafka; write it as crm.events:3:1042")
    return {"topic": topic, "partition": int(partition), "offset": int(offset)}


def _read_event(file: Path | None) -> JsonObject:
    try:
        text = sys.stdin.read() if str(file) == "-" else Path(str(file)).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{file} cannot be read: {error}") from None
    events = read_events(text)
    if len(events) != 1:
        raise WrongUsage(f"{file} holds {len(events)} events; one is looked at at a time")
    return events[0]
