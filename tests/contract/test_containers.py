"""What the compose file and the images promise, as far as their texts show it."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.containers import KAFKA_IMAGE, POSTGRES_IMAGE

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
DOCKERFILES = [ROOT / service["build"]["dockerfile"] for service in SERVICES.values() if "build" in service]


def pins(lock: Path) -> dict[str, set[str]]:
    """Return the hashes of each `name==version` of a lock file."""
    entries = re.split(r"^(?=[a-z0-9])", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {re.split(r"[ ;]", entry, maxsplit=1)[0]: set(re.findall(r"sha256:\w+", entry)) for entry in entries}


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_image_installs_what_the_tests_ran_on(dockerfile: Path) -> None:
    """An image's lock file is a share of requirements.lock, hash for hash; `make lock` writes both."""
    everything = pins(ROOT / "requirements.lock")
    share = pins(dockerfile.with_name("requirements.lock"))
    assert share
    assert {name: everything.get(name) for name in share} == share


@pytest.mark.parametrize("dockerfile", DOCKERFILES, ids=lambda path: path.parent.name)
def test_image_runs_as_a_plain_user_and_tells_its_health(dockerfile: Path) -> None:
    """The last stage drops root and asks /readyz, on the port that it exposes first."""
    last_stage = dockerfile.read_text(encoding="utf-8").split("\nFROM ")[-1]
    (port,) = re.findall(r"^EXPOSE (\d+)", last_stage, flags=re.MULTILINE)
    assert "\nUSER automations\n" in last_stage
    assert re.search(rf"^HEALTHCHECK .*\n.*{port}.*'/readyz'", last_stage, flags=re.MULTILINE)


def test_compose_publishes_on_loopback_only() -> None:
    """No container of the compose file can be reached from another machine."""
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)


def test_env_example_shows_the_values_that_hold_without_it() -> None:
    """Each line of .env.example that sets something sets the compose file's own default."""
    defaults = dict(re.findall(r"\$\{(\w+):-((?:[^{}])*)\}", COMPOSE))
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    shown = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    mentioned = {match[1] for line in lines if (match := re.match(r"# (\w+)=$", line))}
    assert shown == {name: value for name, value in defaults.items() if name not in mentioned}
    taken = {name for service in SERVICES.values() for name in service.get("environment", {})}
    assert mentioned <= taken


def test_compose_runs_the_engines_that_the_tests_run_on() -> None:
    """TEST_ENGINES=containers starts the images of the compose file."""
    assert SERVICES["kafka"]["image"] == KAFKA_IMAGE
    assert SERVICES["postgres"]["image"] == POSTGRES_IMAGE
