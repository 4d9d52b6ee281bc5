"""The whole product, running for a measurement: events go in on Kafka, ended runs come out in api's history.

History is asked in SQL: asking it by REST as often would be the larger part of what is measured.
"""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import asyncpg
import httpx
import psutil
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from automations.contracts.topics import CRM_EVENTS
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from automations_cli.stack import Stack
from embedded.report import PlainReport

_NOT_COUNTED: Final = frozenset({"demo-crm"})
_LOOK_SECONDS: Final = 0.003
_EVENTS_AT_ONCE: Final = 500
_LONGEST_SECONDS: Final = 180.0
_COUNT: Final = "SELECT count(*) FROM api.runs WHERE automation_id = $1 AND status = 'completed'"
_COMPLETED: Final = "SELECT record_id FROM api.runs WHERE automation_id = $1 AND status = 'completed'"
_OPEN_TASKS: Final = "SELECT run_id::text FROM api.tasks WHERE automation_id = $1 AND status = 'open'"
_ENDED: Final = "SELECT status FROM executor.runs WHERE run_id = $1::uuid AND status <> 'running'"

Action = dict[str, Any]


class Product:
    """A running product and the connections that a measurement needs."""

    def __init__(
        self,
        stack: Stack,
        publisher: Publisher,
        history: "asyncpg.Connection[Any]",
        client: httpx.AsyncClient,
        console: Console,
        pids: Sequence[int] = (),
    ) -> None:
        self.stack = stack
        self._publisher = publisher
        self._history = history
        self._client = client
        self._console = console
        self._pids = pids

    async def until_executors(self, count: int) -> None:
        """Return when so many executors share the work; they are started as a user would start more."""
        while sum(name.partition("-")[0] == "executor" for name in self.stack.pids()) < count:
            await asyncio.to_thread(self.stack.add, "executor")

    async def turn_sandbox_on(self) -> None:
        """Have sandbox automations see events from now on; their effects are simulated."""
        (await self._client.put("/api/v1/sandbox", json={"active": True})).raise_for_status()

    async def create(self, event: str, actions: Sequence[Action], environment: str = "live") -> str:
        """Return the id of a new active automation that listens to the event."""
        document = {
            "name": event,
            "trigger": {"event": event, "conditions": {"priority": "critical"}},
            "actions": list(actions),
            "status": "active",
            "environment": environment,
        }
        answer = await self._client.post("/api/v1/automations", json=document)
        answer.raise_for_status()
        return str(answer.json()["id"])

    async def throughput(self, event: str, actions: Sequence[Action], runs: int, environment: str = "live") -> float:
        """Return the seconds from the first event published to the last run completed in history."""
        automation = await self.create(event, actions, environment)
        records = [_record(event, number) for number in range(runs)]
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=self._console) as progress:
            shown = progress.add_task(event, total=runs)
            started = perf_counter()
            for first in range(0, runs, _EVENTS_AT_ONCE):
                await self._publisher.publish_all(records[first : first + _EVENTS_AT_ONCE])
            completed = 0
            while completed < runs:
                seconds = perf_counter() - started
                if seconds > _LONGEST_SECONDS:
                    raise RuntimeError(f"only {completed} of {runs} runs were completed in {_LONGEST_SECONDS:.0f} s")
                await asyncio.sleep(_seconds_to_next_look(seconds, completed / runs))
                completed = await self._history.fetchval(_COUNT, automation)
                progress.update(shown, completed=completed)
            return perf_counter() - started

    async def latencies(self, event: str, actions: Sequence[Action], runs: int, rate: float) -> list[float]:
        """Return for events at a steady rate the milliseconds until their runs were completed in history."""
        automation = await self.create(event, actions)
        sent: dict[str, float] = {}
        found: dict[str, float] = {}

        async def publish() -> None:
            started = perf_counter()
            for number in range(runs):
                await asyncio.sleep(max(0.0, started + number / rate - perf_counter()))
                record = _record(event, number)
                sent[(record.key or b"").decode()] = perf_counter()
                await self._publisher.publish_all([record])

        self._console.print(f"{runs} events at {rate:g}/s …")
        publishing = asyncio.create_task(publish())
        while len(found) < runs:
            rows = await self._history.fetch(_COMPLETED, automation)
            now = perf_counter()
            for row in rows:
                found.setdefault(row["record_id"], (now - sent[row["record_id"]]) * 1000)
            await asyncio.sleep(_LOOK_SECONDS)
        await publishing
        return list(found.values())

    async def wakes(self, event: str, after: Sequence[Action], runs: int) -> list[float]:
        """Return for tasks completed one by one the milliseconds from the request to the run's end in the journal."""
        task: Action = {"type": "human_task", "params": {"title": "Approve {{ record.name }}"}}
        automation = await self.create(event, [task, *after])
        await self._publisher.publish_all([_record(event, number) for number in range(runs)])
        open_tasks: list[str] = []
        while len(open_tasks) < runs:
            await asyncio.sleep(0.1)
            open_tasks = [row["run_id"] for row in await self._history.fetch(_OPEN_TASKS, automation)]
        self._console.print(f"{runs} tasks completed one by one …")
        return [await self._wake(automation, run) for run in open_tasks]

    async def _wake(self, automation: str, run: str) -> float:
        started = perf_counter()
        url = f"/api/v1/automations/{automation}/runs/{run}/complete-task"
        asking = asyncio.create_task(self._client.post(url, json={"output": {"approved": True}}))
        while await self._history.fetchval(_ENDED, run) is None:
            await asyncio.sleep(0.001)
        milliseconds = (perf_counter() - started) * 1000
        (await asking).raise_for_status()
        return milliseconds

    def cpu_seconds(self) -> float:
        """Return the CPU time of all services and engines so far."""
        total = 0.0
        for process in self._processes():
            times = process.cpu_times()
            total += times.user + times.system
        return total

    def memory_mb(self) -> float:
        """Return the memory of all services and engines."""
        return sum(_own_bytes(process) for process in self._processes()) / 1_000_000

    def _processes(self) -> list[psutil.Process]:
        pids = [pid for name, pid in self.stack.pids().items() if name not in _NOT_COUNTED]
        found = []
        for pid in (*pids, *self._pids):
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
        return found


@asynccontextmanager
async def running_product(
    folder: Path, console: Console, sink_port: int, *, database_url: str | None = None, pids: Sequence[int] = ()
) -> AsyncIterator[Product]:
    """Yield the product, running on real engines; a database given is used in the place of an embedded one.

    `pids` are processes whose CPU and memory count with it: that database's.
    """
    folder.chmod(0o755)
    stack = Stack(
        folder / "data",
        PlainReport(),
        api_port=0,
        kafka_port=0,
        demo_crm_port=0,
        demo_crm_smtp_port=0,
        database_url=database_url,
        env={"WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{sink_port}", "LOG_LEVEL": "WARNING"},
        restarts=False,
    )
    console.print("starting the product …")
    async with AsyncExitStack() as closing:
        closing.push_async_callback(asyncio.to_thread, stack.stop)
        await asyncio.to_thread(stack.start)
        addresses = stack.addresses
        publisher = Publisher(KafkaSettings(bootstrap_servers=addresses.kafka_bootstrap_servers), "bench")
        await publisher.start()
        closing.push_async_callback(publisher.stop)
        history = await asyncpg.connect(addresses.database_url)
        closing.push_async_callback(history.close)
        client = await closing.enter_async_context(httpx.AsyncClient(base_url=addresses.api_url, timeout=30))
        yield Product(stack, publisher, history, client, console, pids)


@asynccontextmanager
async def running_sink() -> AsyncIterator[int]:
    """Yield the port of an HTTP peer that answers everything."""
    command = [sys.executable, "-m", "benchmarks.sink"]
    sink = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert sink.stdin is not None
    assert sink.stdout is not None
    try:
        yield int(sink.stdout.readline())
    finally:
        sink.stdin.close()
        sink.wait()
        sink.stdout.close()


def http_steps(port: int) -> list[Action]:
    """Return three steps that are HTTP requests to the sink."""
    params = {"url": f"http://127.0.0.1:{port}/", "body": {"name": "{{ record.name }}", "id": "{{ record.id }}"}}
    return [{"type": "call_webhook", "params": params} for _ in range(3)]


def _seconds_to_next_look(seconds: float, share: float) -> float:
    """Return how long not to count what is completed: counting it costs as much as completing many.

    Half of the time that the rest would take, at the rate so far.
    """
    if not share:
        return 0.5
    return min(1.0, max(0.02, seconds * (1 - share) / share / 2))


def _record(event: str, number: int) -> Record:
    record = {"id": f"{event}-{number}", "name": f"Case {number}", "priority": "critical", "region": "EMEA"}
    body = {"type": event, "event_id": f"{event}-{number}", "record": record, "changes": {}, "source": "bench"}
    return Record(CRM_EVENTS.name, record["id"].encode(), json.dumps(body).encode())


def _own_bytes(process: psutil.Process) -> int:
    """Return a process's memory, with what it shares divided among those who share it where the system tells."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", full.uss))
