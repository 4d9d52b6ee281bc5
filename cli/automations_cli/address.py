"""Where the parts of the product are, for commands that talk to a running one.

The api: what `--api-url` or `AUTOMATIONS_API_URL` names, else the `automations up` that runs on the data folder, else
`http://127.0.0.1:8080`. Kafka and the demo CRM likewise.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from automations_cli.up_file import UpFile, load_up_file

if TYPE_CHECKING:
    from automations_cli.api_client import ApiClient

USUAL_API_URL = "http://127.0.0.1:8080"
USUAL_KAFKA = "127.0.0.1:9092"
USUAL_DEMO_CRM_URL = "http://127.0.0.1:8090"


def choose_api_url(given: str | None, up: UpFile | None) -> str:
    """Return the api's address without a trailing slash."""
    if given:
        address = given if "://" in given else f"http://{given}"
        return address.rstrip("/").removesuffix("/api/v1")
    return up.api_url if up else USUAL_API_URL


def choose_kafka(given: str | None, up: UpFile | None) -> str:
    """Return Kafka's bootstrap servers."""
    return given or (up.kafka_bootstrap_servers if up else USUAL_KAFKA)


def choose_demo_crm_url(given: str | None, up: UpFile | None) -> str:
    """Return the demo CRM's address without a trailing slash."""
    return (given or (up.demo_crm_url if up else USUAL_DEMO_CRM_URL)).rstrip("/")


def open_api(api_url: str | None, data: Path) -> ApiClient:
    """Return a client of the api; use it as a context manager."""
    from automations_cli.api_client import ApiClient

    address = choose_api_url(api_url, None if api_url else load_up_file(data))
    return ApiClient(address, os.environ.get("AUTOMATIONS_API_KEY"))
