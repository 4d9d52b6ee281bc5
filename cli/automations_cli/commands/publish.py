"""`automations publish`: events onto the stream, from arguments, a file or the standard input."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from automations_cli.address import choose_kafka, open_api
from automations_cli.failures import WrongUsage
from automations_cli.options import DATA, ApiUrl, AsJson, Data, Kafka, Way
from automations_cli.output import print_json
from automations_cli.up_file import load_up_file

if TYPE_CHECKING:
    from automations_cli.fields import JsonFields


def publish(
    event_type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="For instance case.created.")] = None,
    fields: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="The record's fields; values may be JSON."),
    ] = None,
    record: Annotated[str | None, typer.Option("--record", help="The record as a JSON object.")] = None,
    changes: Annotated[
        str | None, typer.Option("--changes", help='What changed: {"stage": {"from": …, "to": …}}.')
    ] = None,
    event_id: Annotated[str | None, typer.Option("--event-id", help="The event's id; a new one if absent.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            "-f", "--file", help="Whole events: a JSON object, a list, or one per line; - for standard input."
        ),
    ] = None,
    via: Annotated[Way, typer.Option("--via", help="Onto Kafka as a CRM does, or through the api.")] = "kafka",
    topic: Annotated[str, typer.Option("--topic", help="Kafka's topic.")] = "crm.events",
    api_url: ApiUrl = None,
    kafka: Kafka = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Publish CRM events."""
    import asyncio

    if file is not None:
        if event_type is not None or fields or record or changes or event_id:
            raise WrongUsage("give whole events in a file, or one event by its type and fields; not both")
        events = read_events(sys.stdin.read() if str(file) == "-" else _read(file))
    elif event_type is None:
        raise WrongUsage("name the type of the event, for instance: automations publish case.created priority=critical")
    else:
        events = [_one_event(event_type, fields or [], record, changes, event_id)]
    if via == "api":
        from automations_cli.publishing import ApiPublishing

        with open_api(api_url, data) as api:
            places = asyncio.run(ApiPublishing(api).publish(events))
    else:
        places = asyncio.run(_publish_onto_kafka(events, choose_kafka(kafka, load_up_file(data)), topic))
    if as_json:
        print_json({"events": places})
        return
    for event, place in zip(events, places, strict=True):
        name = event.get("type") or event.get("event") or event.get("event_type")
        typer.echo(
            f"{name}  {place['id'] or ''}  {place['topic']}, partition {place['partition']}, offset {place['offset']}"
        )


def read_events(text: str) -> list[JsonFields]:
    """Return the events of a text: one JSON object, a list of them, or one on each line.

    Raises:
        WrongUsage: it is none of these; with the line.
    """
    try:
        value = json.loads(text)
        values = value if isinstance(value, list) else [value]
        places = [f"event {number}" for number in range(1, len(values) + 1)]
    except json.JSONDecodeError:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        values, places = [], [f"line {number}" for number, _line in lines]
        for number, line in lines:
            try:
                values.append(json.loads(line))
            except json.JSONDecodeError as error:
                raise WrongUsage(f"line {number} is not JSON: {error.msg}") from None
    if not values:
        raise WrongUsage("there is no event in it")
    for place, one in zip(places, values, strict=True):
        if not isinstance(one, dict):
            raise WrongUsage(f"{place} is no JSON object")
    return values


def _one_event(
    event_type: str, fields: list[str], record: str | None, changes: str | None, event_id: str | None
) -> JsonFields:
    from automations_cli.fields import read_fields, read_object
    from automations_cli.publishing import make_event

    whole = read_object(record, "--record") if record else {}
    return make_event(
        event_type,
        whole | read_fields(fields),
        changes=read_object(changes, "--changes") if changes else None,
        event_id=event_id,
    )


async def _publish_onto_kafka(events: list[JsonFields], bootstrap_servers: str, topic: str) -> list[JsonFields]:
    from automations_cli.publishing import kafka_publishing

    async with kafka_publishing(bootstrap_servers, topic) as publishing:
        return await publishing.publish(events)


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise WrongUsage(f"{file} cannot be read: {error}") from None
