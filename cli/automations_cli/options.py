"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

AutomationStatus = Literal["draft", "active", "paused", "archived"]
Environment = Literal["live", "sandbox"]
Way = Literal["kafka", "api"]

ApiUrl = Annotated[
    str | None,
    typer.Option(
        "--api-url",
        envvar="AUTOMATIONS_API_URL",
        help="Where the api is. Absent: the `automations up` of the data folder, else http://127.0.0.1:8080.",
    ),
]
Data = Annotated[Path, typer.Option("--data", help="The data folder of the `automations up` that is meant.")]
DATA = Path(".automations")
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]
Kafka = Annotated[
    str | None,
    typer.Option(
        "--kafka-bootstrap-servers",
        envvar="KAFKA_BOOTSTRAP_SERVERS",
        help="Where Kafka is. Absent: that of the running `automations up`, else 127.0.0.1:9092.",
    ),
]
Limit = Annotated[int, typer.Option("--limit", min=1, help="Show at most so many.")]
