"""A stack starts, watches, restarts and stops its processes; stand-ins take the services' place here."""

import asyncio
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from automations_cli.stack import ServiceFailed, Stack
from embedded.data_lock import DataInUse
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.stub_up import STUBS
from tests.support.told import ToldReport

KAFKA, DATABASE = "kafka.test:9092", "postgresql://somebody:secret@db.test/automations"


def new_stack(data: Path, report: ToldReport, *, restarts: bool = True, **env: str) -> Stack:
    return Stack(
        data,
        report,
        specs=STUBS,
        api_port=0,
        demo_crm_port=0,
        demo_crm_smtp_port=0,
        kafka_bootstrap_servers=KAFKA,
        database_url=DATABASE,
        env=env,
        restarts=restarts,
    )


@pytest.fixture
def report() -> ToldReport:
    return ToldReport()


@pytest.fixture
async def stack(tmp_path: Path, report: ToldReport) -> AsyncIterator[Stack]:
    stack = new_stack(tmp_path, report, LOG_LEVEL="DEBUG")
    await asyncio.to_thread(stack.start)
    yield stack
    await asyncio.to_thread(stack.stop)


async def settings_of(stack: Stack, name: str) -> dict[str, str]:
    async with httpx.AsyncClient(timeout=PATIENCE_SECONDS) as client:
        answer = await client.get(f"{stack.url(name)}/settings")
        return dict(answer.json())


async def test_stack_gives_every_service_its_settings(stack: Stack) -> None:
    """Given engines reach every process, and the demo's addresses those who are to call it."""
    for name in (spec.name for spec in STUBS):
        settings = await settings_of(stack, name)
        assert (settings["KAFKA_BOOTSTRAP_SERVERS"], settings["DATABASE_URL"]) == (KAFKA, DATABASE)
        assert settings["LOG_LEVEL"] == "DEBUG"
        assert "KAFKA_PARTITIONS" not in settings
    demo = stack.addresses.demo_crm_url
    assert (await settings_of(stack, "executor"))["CRM_URL"] == demo
    notifier = await settings_of(stack, "notifier")
    assert notifier["SLACK_WEBHOOK_URL"] == f"{demo}/sink/slack"
    assert notifier["SMTP_PORT"] == (await settings_of(stack, "demo-crm"))["DEMO_CRM_SMTP_PORT"]


async def test_killed_service_is_started_again_and_said(stack: Stack, report: ToldReport) -> None:
    """It comes back at its address, and its last log lines are told."""
    before = stack.pid("executor")
    await asyncio.to_thread(stack.kill, "executor", signal.SIGKILL)
    await eventually(lambda: stack.pid("executor") not in (None, before))
    await eventually(lambda: any("executor ended (killed by SIGKILL)" in line for line in report.lines))
    told = next(line for line in report.lines if "SIGKILL" in line)
    assert "executor serves" in told
    async with httpx.AsyncClient() as client:
        await eventually(lambda: _answers(client, stack.url("executor")))


async def _answers(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/readyz")).status_code == 200
    except httpx.TransportError:
        return False


async def test_halted_service_stays_halted_until_restarted(stack: Stack) -> None:
    await asyncio.to_thread(stack.halt, "notifier")
    assert stack.pid("notifier") is None
    await asyncio.to_thread(stack.restart, "notifier")
    assert (await settings_of(stack, "notifier"))["KAFKA_BOOTSTRAP_SERVERS"] == KAFKA


async def test_second_process_of_a_service_has_its_own_address(stack: Stack) -> None:
    name = await asyncio.to_thread(stack.add, "executor")
    assert name == "executor-2"
    assert stack.url(name) != stack.url("executor")
    assert stack.pids().keys() >= {"executor", "executor-2"}
    assert (await settings_of(stack, name))["CRM_URL"] == stack.addresses.demo_crm_url


async def test_stopped_process_is_killed_after_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that hears no signal does not keep the stop from ending."""
    monkeypatch.setattr("automations_cli.stack.STOP_WITHIN_SECONDS", 0.2)
    report = ToldReport()
    stack = new_stack(tmp_path, report, STUB_DEAF="executor")
    await asyncio.to_thread(stack.start)
    pids = stack.pids()
    await asyncio.to_thread(stack.stop)
    assert not any(psutil.pid_exists(pid) for pid in pids.values())
    assert "executor had to be killed" in report.lines
    stopped = [line.split()[0] for line in report.lines if line.endswith(("stopped", "had to be killed"))]
    assert stopped == ["api", "trigger-matcher", "executor", "notifier", "demo-crm"]


async def test_service_that_does_not_start_is_told_with_its_log(tmp_path: Path, report: ToldReport) -> None:
    stack = new_stack(tmp_path, report, STUB_FAILS="notifier")
    try:
        with pytest.raises(ServiceFailed, match=r"(?s)notifier ended while starting.*cannot find its shoes"):
            await asyncio.to_thread(stack.start)
    finally:
        await asyncio.to_thread(stack.stop)
    assert stack.pids() == {}


async def test_second_stack_on_a_used_folder_is_refused(stack: Stack, report: ToldReport) -> None:
    with pytest.raises(DataInUse, match="Automations already runs on"):
        await asyncio.to_thread(new_stack(stack.data, report).start)
