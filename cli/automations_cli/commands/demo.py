"""`automations demo`: one automation from its registration to the completed run, seen from outside."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from automations_cli.address import choose_api_url, choose_demo_crm_url, choose_kafka
from automations_cli.failures import CommandFailed
from automations_cli.options import DATA, ApiUrl, AsJson, Data, Kafka
from automations_cli.output import open_console, print_json, say
from automations_cli.up_file import load_up_file

if TYPE_CHECKING:
    from automations_cli.demonstration import Places


def demo(
    api_url: ApiUrl = None,
    kafka: Kafka = None,
    demo_crm_url: Annotated[
        str | None, typer.Option("--demo-crm-url", help="Where the demo CRM is; absent: that of the running up.")
    ] = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Show an automation from registration to the completed run.

    Registers one, publishes events onto Kafka, and looks at the run and at what it did. Uses the `automations up` that
    runs on the data folder; where none does, one is started for the demo and stopped after it. The exit status is 0
    only if everything was seen.
    """
    from automations_cli.demonstration import Places, Telling, demonstrate
    from automations_cli.showing.runs import render_run

    # Programs read the standard output, so that people are told beside it.
    tell = say if as_json else typer.echo
    if api_url:
        places = Places(
            choose_api_url(api_url, None), choose_kafka(kafka, None), choose_demo_crm_url(demo_crm_url, None)
        )
        seen = demonstrate(places, Telling(tell))
    else:
        with _running_stack(data, tell) as places:
            seen = demonstrate(places, Telling(tell))
    if as_json:
        print_json(seen.summary())
        return
    console = open_console()
    console.print()
    console.print(render_run(seen.run, str(seen.automation["name"]), verbose=False))
    console.print()
    tell("Everything was seen: the registration, the run with its two steps, the queue item and the Slack message.")


@contextmanager
def _running_stack(data: Path, tell: Callable[[str], object]) -> Iterator[Places]:
    """Yield where the running stack is; one that is started here is stopped in the end, however that comes."""
    from automations_cli.demonstration import Places

    up = load_up_file(data)
    if up is not None:
        tell(f"Using the product that runs at {up.api_url}.")
        yield Places(up.api_url, up.kafka_bootstrap_servers, up.demo_crm_url)
        return
    tell(f"No `automations up` runs on {data}: one is started for this demo.")
    signal.signal(signal.SIGTERM, _end)
    from automations_cli.commands.up import open_stack, starting_failures
    from embedded.report import report_for_this_terminal

    report = report_for_this_terminal()
    stack = open_stack(
        data,
        report,
        kafka_bootstrap_servers=os.environ.get("KAFKA_BOOTSTRAP_SERVERS"),
        database_url=os.environ.get("DATABASE_URL"),
    )
    try:
        try:
            with report:
                addresses = stack.start()
        except starting_failures() as error:
            raise CommandFailed(f"The product could not be started: {error}") from error
        yield Places(addresses.api_url, addresses.kafka_bootstrap_servers, addresses.demo_crm_url)
    finally:
        tell("Stopping what was started …")
        stack.stop()


def _end(number: int, _frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)
    sys.exit(128 + number)
