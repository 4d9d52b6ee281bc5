"""`automations up` as a person runs it, on real engines, with stand-ins for the services."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from tests.support.eventually import PATIENCE_SECONDS, eventually


class Up:
    """A running command. Its output is read line by line."""

    def __init__(self, data: Path, *arguments: str, **env: str) -> None:
        self.data = data
        self.errors = data.parent / "errors.txt"
        free = {"DEMO_CRM_PORT": "0", "DEMO_CRM_SMTP_PORT": "0"}
        with self.errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.stub_up", "--data", str(data), *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=os.environ | free | env,
            )

    async def output(self) -> list[str]:
        """Read until the command says that it is ready, or ends."""
        assert self.process.stdout is not None
        lines: list[str] = []
        while line := await asyncio.to_thread(self.process.stdout.readline):
            lines.append(line.rstrip("\n"))
            if line.startswith("ready at"):
                break
        return lines

    async def ready(self) -> list[str]:
        """Read until the command says that it is ready."""
        lines = await self.output()
        assert lines, f"the command ended: {self.errors.read_text()}"
        assert lines[-1].startswith("ready at"), f"the command ended: {lines}\n{self.errors.read_text()}"
        return lines

    async def ended(self) -> int:
        return await asyncio.to_thread(self.process.wait, 2 * PATIENCE_SECONDS)

    def told(self) -> dict[str, object]:
        return dict(json.loads((self.data / "up.json").read_bytes()))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / ".automations"


@pytest.fixture
def ups() -> Iterator[list[Up]]:
    started: list[Up] = []
    yield started
    for up in started:
        up.process.kill()
        up.process.wait()
        assert up.process.stdout is not None
        up.process.stdout.close()


def descendants(up: Up) -> list[psutil.Process]:
    return psutil.Process(up.process.pid).children(recursive=True)


async def test_up_ends_with_ready_and_stops_in_order(data: Path, ups: list[Up]) -> None:
    """The last line is where the product is; Ctrl-C ends services, then engines, and leaves nothing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        up = Up(data, "--port", str(port), "--kafka-port", "0")
        ups.append(up)
        lines = await up.ready()
    told = up.told()
    assert lines[-1] == f"ready at {told['api_url']}"
    assert f":{port}" not in lines[-1]
    assert f"Port {port} is taken" in up.errors.read_text()
    pids = told["pids"]
    assert isinstance(pids, dict)
    assert set(pids) == {"kafka", "postgres", "api", "trigger-matcher", "executor", "notifier", "demo-crm"}
    assert (data / "up.json").stat().st_mode & 0o077 == 0
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        settings = (await client.get(f"{told['api_url']}/settings")).json()
    assert settings["KAFKA_BOOTSTRAP_SERVERS"] == told["kafka_bootstrap_servers"]
    assert settings["DATABASE_URL"] == told["database_url"]
    assert settings["KAFKA_PARTITIONS"] == "6"

    family = descendants(up)
    up.process.send_signal(signal.SIGINT)
    assert await up.ended() == 0
    stopped = [line.split()[0] for line in up.errors.read_text().splitlines() if line.endswith(" stopped")]
    assert stopped == ["api", "trigger-matcher", "executor", "notifier", "demo-crm", "kafka,"]
    await eventually(lambda: not any(process.is_running() for process in family))
    assert not (data / "up.json").exists()


async def test_killed_up_leaves_no_process_and_starts_again(data: Path, ups: list[Up]) -> None:
    """After `kill -9` of the command everything it started ends, and the next one starts on the same data."""
    up = Up(data, "--port", "0", "--kafka-port", "0")
    ups.append(up)
    await up.ready()
    family = descendants(up)
    assert len(family) >= 7
    up.process.kill()
    await up.ended()
    again = Up(data, "--port", "0", "--kafka-port", "0")
    ups.append(again)
    await again.ready()
    await eventually(lambda: not any(process.is_running() for process in family))
    again.process.send_signal(signal.SIGTERM)
    assert await again.ended() == 0


async def test_up_with_given_engines_starts_none(data: Path, ups: list[Up]) -> None:
    up = Up(data, "--port", "0", KAFKA_BOOTSTRAP_SERVERS="kafka.test:9092", DATABASE_URL="postgresql://db.test/a")
    ups.append(up)
    await up.ready()
    pids = up.told()["pids"]
    assert isinstance(pids, dict)
    assert set(pids) == {"api", "trigger-matcher", "executor", "notifier", "demo-crm"}
    up.process.send_signal(signal.SIGTERM)
    assert await up.ended() == 0


async def test_up_that_cannot_start_says_why_and_fails(data: Path, ups: list[Up]) -> None:
    up = Up(
        data,
        "--port",
        "0",
        KAFKA_BOOTSTRAP_SERVERS="kafka.test:9092",
        DATABASE_URL="postgresql://db.test/a",
        STUB_FAILS="executor",
    )
    ups.append(up)
    assert not any(line.startswith("ready") for line in await up.output())
    assert await up.ended() == 1
    assert "executor cannot find its shoes" in up.errors.read_text()
