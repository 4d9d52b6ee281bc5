"""`automations up` gives a newcomer something to see, and `automations demo` shows the product at work."""

import asyncio
import json
import signal
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.command import Ended, automations, ended, start_command
from tests.support.eventually import START_SECONDS, eventually

FREE_PORTS = {"DEMO_CRM_PORT": "0", "DEMO_CRM_SMTP_PORT": "0"}


class Up:
    """A running `automations up` on a data folder, as a newcomer starts it."""

    def __init__(self, process: Process, data: Path, lines: list[str]) -> None:
        self.process = process
        self.data = data
        self.lines = lines
        self.api_url = str(json.loads((data / "up.json").read_bytes())["api_url"])

    async def get(self, path: str) -> Any:
        async with httpx.AsyncClient(base_url=f"{self.api_url}/api/v1", timeout=30) as client:
            return (await client.get(path)).raise_for_status().json()

    async def stop(self) -> Ended:
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGINT)
        return await ended(self.process)


async def start_up(data: Path) -> Up:
    process = await start_command("up", "--data", str(data), "--port", "0", "--kafka-port", "0", **FREE_PORTS)
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(2 * START_SECONDS):
            while line := (await process.stdout.readline()).decode():
                lines.append(line.rstrip())
                if line.startswith("ready at"):
                    return Up(process, data, lines)
    except TimeoutError:
        process.kill()
    raise AssertionError(f"up is not ready: {lines} {await ended(process)}")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("newcomer")
    folder.chmod(0o755)
    return folder / ".automations"


@pytest.fixture(scope="module")
async def up(data: Path) -> AsyncIterator[Up]:
    running = await start_up(data)
    yield running
    await running.stop()


async def test_newcomer_sees_runs_and_an_open_task(up: Up) -> None:
    """All samples are there; three of them ran, and one of those waits for a person."""
    assert {one["name"] for one in (await up.get("/automations"))["items"]} == {
        "Case by mail, routed by priority",
        "Critical case to Tier 2",
        "Discount approval in negotiation",
        "Handover of a won opportunity",
        "Reviews of a proposal",
        "Second attempt after a loss",
    }

    async def look() -> bool:
        runs = (await up.get("/runs"))["items"]
        assert sorted(run["status"] for run in runs) == ["completed", "completed", "running"]
        return bool((await up.get("/tasks"))["items"])

    await eventually(look)


async def test_demo_sees_everything_on_a_running_product_however_often(up: Up) -> None:
    """Each demo registers the documented automation, and its event starts one run of it and no other demo's."""
    seen = [(await automations("demo", "--data", str(up.data), "--json")).json() for _ in range(2)]
    for one in seen:
        assert [step["status"] for step in one["run"]["steps"]] == ["completed", "completed"]
        assert one["run"]["duration"] > 0
        assert one["slack_message"]["text"] == "Critical case created"
        assert one["queue_item"]["record"]["id"] == one["events"][0]["record"]["id"]
    assert seen[0]["automation"]["id"] != seen[1]["automation"]["id"]
    assert (await up.get(f"/automations/{seen[0]['automation']['id']}"))["status"] == "archived"
    runs = (await up.get("/runs"))["items"]
    demos = [run for run in runs if run["record"]["id"] == seen[1]["events"][0]["record"]["id"]]
    assert {run["automation_id"] for run in demos} & {one["automation"]["id"] for one in seen} == {
        seen[1]["automation"]["id"]
    }


async def test_demo_without_a_running_product_starts_and_stops_one(up: Up, data: Path) -> None:
    """It prints the completed run with its two steps, ends with 0, and leaves no process."""
    await up.stop()
    assert not (data / "up.json").exists()
    demo = await start_command("demo", "--data", str(data), **FREE_PORTS)
    family: dict[int, psutil.Process] = {}

    async def watch() -> None:
        # Every process that the demo ever had is to be gone afterwards.
        parent = psutil.Process(demo.pid)
        while demo.returncode is None:
            try:
                family.update({child.pid: child for child in parent.children(recursive=True)})
            except psutil.NoSuchProcess:
                return
            await asyncio.sleep(0.2)

    watching = asyncio.create_task(watch())
    answer = await ended(demo)
    await watching
    assert answer.status == 0, answer.errors
    assert "Auto-assign high-priority cases v1  completed" in answer.output
    assert "✓ assign_to_queue" in answer.output
    assert "✓ send_notification" in answer.output
    assert len(family) >= 7
    await eventually(lambda: not any(child.is_running() for child in family.values()))
