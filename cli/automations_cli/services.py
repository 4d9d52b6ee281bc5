"""The processes that make the product, and the settings each is started with: the one place that knows both.

Settings are environment variables. What a person has set in the environment of the command wins over what would lead to
the demo (`CRM_URL`, `SMTP_HOST`, …); addresses of this stack's own parts are always given.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from embedded.ports import LOOPBACK


@dataclass(frozen=True)
class Addresses:
    """Where the parts of a running stack are found. `database_url` holds a password."""

    kafka_bootstrap_servers: str
    database_url: str
    api_port: int
    demo_crm_port: int
    demo_crm_smtp_port: int
    data: Path
    embedded_kafka: bool = True

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.api_port}"

    @property
    def demo_crm_url(self) -> str:
        return f"http://{LOOPBACK}:{self.demo_crm_port}"


Settings = Callable[[Addresses, int], Mapping[str, str]]
"""From the stack's addresses and this process's own HTTP port to environment variables."""


def _health_only(addresses: Addresses, port: int) -> Mapping[str, str]:
    return {"HEALTH_PORT": str(port)}


def _nothing_by_default(addresses: Addresses) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class ServiceSpec:
    """One kind of process. Its `/livez` and `/readyz` answer on its HTTP port."""

    name: str
    command: tuple[str, ...]
    settings: Settings = _health_only
    defaults: Callable[[Addresses], Mapping[str, str]] = _nothing_by_default
    """Settings that the command's own environment may replace."""
    fixed_port: Callable[[Addresses], int] | None = None
    """The first process's HTTP port, where others rely on it; any free one otherwise."""


def _module(name: str) -> tuple[str, ...]:
    return (sys.executable, "-m", name)


SERVICES: tuple[ServiceSpec, ...] = (
    ServiceSpec(
        "api",
        _module("api"),
        settings=lambda addresses, port: {"PORT": str(port)},
        fixed_port=lambda addresses: addresses.api_port,
    ),
    ServiceSpec("trigger-matcher", _module("trigger_matcher")),
    ServiceSpec(
        "executor",
        _module("executor"),
        defaults=lambda addresses: {
            "CRM_URL": addresses.demo_crm_url,
            # Webhooks reach public addresses only; the demo's sink is the exception.
            "WEBHOOK_ALLOWED_HOSTS": f"{LOOPBACK}:{addresses.demo_crm_port},localhost:{addresses.demo_crm_port}",
        },
    ),
    ServiceSpec(
        "notifier",
        _module("notifier"),
        defaults=lambda addresses: {
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(addresses.demo_crm_smtp_port),
            "SLACK_WEBHOOK_URL": f"{addresses.demo_crm_url}/sink/slack",
        },
    ),
    ServiceSpec(
        "demo-crm",
        _module("demo_crm"),
        settings=lambda addresses, port: {
            "DEMO_CRM_PORT": str(port),
            "DEMO_CRM_SMTP_PORT": str(addresses.demo_crm_smtp_port),
            "DEMO_CRM_DATA": str(addresses.data / "demo-crm"),
        },
        fixed_port=lambda addresses: addresses.demo_crm_port,
    ),
)
"""In the order in which they are stopped: who takes work in first, who is called by others last."""


def render_environment(
    spec: ServiceSpec, addresses: Addresses, port: int, inherited: Mapping[str, str], given: Mapping[str, str]
) -> dict[str, str]:
    """Return a process's whole environment; `given` wins over all, `inherited` over the defaults alone."""
    # An embedded Kafka serves one laptop: fewer partitions start and stop faster.
    partitions = {"KAFKA_PARTITIONS": "6"} if addresses.embedded_kafka else {}
    own = {"KAFKA_BOOTSTRAP_SERVERS": addresses.kafka_bootstrap_servers, "DATABASE_URL": addresses.database_url}
    return {
        **partitions,
        **spec.defaults(addresses),
        "PYTHONUNBUFFERED": "1",
        **inherited,
        **own,
        **spec.settings(addresses, port),
        **given,
    }
