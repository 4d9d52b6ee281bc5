"""`automations simulate`: a plausible stream of CRM changes, at a rate."""

from __future__ import annotations

from typing import Annotated

import typer

from automations_cli.options import DATA, ApiUrl, AsJson, Data, Kafka, Way
from automations_cli.output import print_json, say

INTERRUPTED = 130


def simulate(
    rate: Annotated[float, typer.Option("--rate", min=0.01, help="Events a second.")] = 5.0,
    count: Annotated[int | None, typer.Option("--count", min=1, help="Stop after so many events.")] = None,
    duration: Annotated[
        str | None, typer.Option("--for", metavar="DURATION", help="Stop after this time: 30s, 5min, 1h.")
    ] = None,
    seed: Annotated[int | None, typer.Option("--seed", help="The same number gives the same stream.")] = None,
    via: Annotated[Way, typer.Option("--via", help="Onto Kafka as a CRM does, or through the api.")] = "kafka",
    api_url: ApiUrl = None,
    kafka: Kafka = None,
    data: Data = DATA,
    as_json: AsJson = False,
) -> None:
    """Publish a plausible stream of CRM changes.

    Cases, deals and leads are created, and live on. Without --count and --for it goes on until Ctrl-C.
    """
    import asyncio
    import random
    import secrets

    from automations_cli.simulation import CrmSimulation
    from automations_cli.streaming import Pace, publish_changes, read_duration

    for_seconds = read_duration(duration) if duration else None
    prefix = f"sim-{secrets.token_hex(3)}" if seed is None else f"sim-{seed}"
    world = CrmSimulation(random.Random(seed), prefix)  # noqa: S311 (a story, not a secret)
    sent, was_interrupted = asyncio.run(
        publish_changes(world, Pace(rate, count, for_seconds), via, api_url=api_url, kafka=kafka, data=data)
    )
    if as_json:
        print_json({"events": sent.total(), "by_type": dict(sent.most_common())})
    else:
        kinds = ", ".join(f"{number} {kind}" for kind, number in sent.most_common())
        say(f"{sent.total()} events published" + (f": {kinds}" if kinds else ""))
    if was_interrupted and (count is not None or for_seconds is not None):
        raise typer.Exit(INTERRUPTED)
