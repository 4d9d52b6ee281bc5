"""The whole way: an event on Kafka to a run completed in api's history, three webhook steps, all services here.

Every step is a real HTTP request to a peer that costs as little as possible; fsync is on; nothing is left out.
"""

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter
from typing import Any, Final

import asyncpg
import httpx
import psutil
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from automations_cli.stack import Stack
from benchmarks.figures import Figure, percentile
from embedded.report import PlainReport

WARM_UP_RUNS: Final = 500
RUNS: Final = 8_000
LATENCY_EVENTS: Final = 200
LATENCY_RATE: Final = 10.0
_NOT_COUNTED: Final = frozenset({"demo-crm"})
_LOOK_SECONDS: Final = 0.003

# History is asked in SQL: asking it by REST this often would be the larger part of what is measured.
_COUNT: Final = "SELECT count(*) FROM api.runs WHERE automation_id = $1 AND status = 'completed'"
_COMPLETED: Final = "SELECT record_id FROM api.runs WHERE automation_id = $1 AND status = 'completed'"


async def measure_pipeline(console: Console) -> list[Figure]:
    """Return throughput, latency, CPU and memory of the whole product."""
    with tempfile.TemporaryDirectory(prefix="automations-bench-") as folder:
        async with _sink() as port, _product(Path(folder), port, console) as stack:
            return await _measure(stack, port, console)


async def _measure(stack: Stack, port: int, console: Console) -> list[Figure]:
    addresses = stack.addresses
    producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap_servers, acks="all", linger_ms=5)
    await producer.start()
    history = await asyncpg.connect(addresses.database_url)
    try:
        async with httpx.AsyncClient(base_url=addresses.api_url, timeout=30) as client:
            warm = await _create(client, "bench.warm_up", port)
            await _throughput(history, producer, warm, "bench.warm_up", WARM_UP_RUNS, console)
            busy = await _create(client, "bench.throughput", port)
            before = _cpu_seconds(stack)
            seconds = await _throughput(history, producer, busy, "bench.throughput", RUNS, console)
            cpu = _cpu_seconds(stack) - before
            memory = _memory_mb(stack)
            calm = await _create(client, "bench.latency", port)
            latencies = await _latencies(history, producer, calm, "bench.latency", console)
    finally:
        await history.close()
        await producer.stop()
    return [
        Figure(
            "pipeline.runs_per_second", RUNS / seconds, "1/s", f"{RUNS} runs of three HTTP steps in {seconds:.1f} s"
        ),
        Figure("pipeline.latency_p50_ms", percentile(latencies, 0.5), "ms", f"at {LATENCY_RATE:g} events/s"),
        Figure("pipeline.latency_p99_ms", percentile(latencies, 0.99), "ms", f"of {LATENCY_EVENTS} events"),
        Figure("pipeline.cpu_ms_per_run", cpu / RUNS * 1000, "ms", "all services, Kafka and PostgreSQL"),
        Figure("stack.memory_mb", memory, "MB", "all services, Kafka and PostgreSQL, after the load"),
    ]


@asynccontextmanager
async def _sink() -> AsyncIterator[int]:
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


@asynccontextmanager
async def _product(folder: Path, sink_port: int, console: Console) -> AsyncIterator[Stack]:
    folder.chmod(0o755)
    stack = Stack(
        folder / "data",
        PlainReport(),
        api_port=0,
        kafka_port=0,
        demo_crm_port=0,
        demo_crm_smtp_port=0,
        env={"WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{sink_port}", "LOG_LEVEL": "WARNING"},
        restarts=False,
    )
    console.print("starting the product …")
    try:
        await asyncio.to_thread(stack.start)
        yield stack
    finally:
        await asyncio.to_thread(stack.stop)


async def _create(client: httpx.AsyncClient, event: str, port: int) -> str:
    step = {"url": f"http://127.0.0.1:{port}/", "body": {"name": "{{ record.name }}", "id": "{{ record.id }}"}}
    document = {
        "name": event,
        "trigger": {"event": event, "conditions": {"priority": "critical"}},
        "actions": [{"type": "call_webhook", "params": step} for _ in range(3)],
        "status": "active",
    }
    answer = await client.post("/api/v1/automations", json=document)
    answer.raise_for_status()
    created: dict[str, Any] = answer.json()
    return str(created["id"])


def _event(event: str, number: int) -> tuple[bytes, bytes]:
    record = {"id": f"{event}-{number}", "name": f"Case {number}", "priority": "critical", "region": "EMEA"}
    body = {"type": event, "event_id": f"{event}-{number}", "record": record, "changes": {}, "source": "bench"}
    return record["id"].encode(), json.dumps(body).encode()


async def _throughput(
    history: "asyncpg.Connection[Any]",
    producer: AIOKafkaProducer,
    automation: str,
    event: str,
    runs: int,
    console: Console,
) -> float:
    """Return the seconds from the first event published to the last run completed in history."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        shown = progress.add_task(event, total=runs)
        started = perf_counter()
        for number in range(runs):
            key, value = _event(event, number)
            await producer.send("crm.events", value, key=key)
        await producer.flush()
        completed = 0
        while completed < runs:
            if perf_counter() - started > 180:
                raise RuntimeError(f"only {completed} of {runs} runs were completed within 180 s")
            await asyncio.sleep(0.2)
            completed = await history.fetchval(_COUNT, automation)
            progress.update(shown, completed=completed)
        return perf_counter() - started


async def _latencies(
    history: "asyncpg.Connection[Any]", producer: AIOKafkaProducer, automation: str, event: str, console: Console
) -> list[float]:
    """Return for each event the milliseconds until its run was completed in history."""
    sent: dict[str, float] = {}
    latencies: list[float] = []

    async def publish() -> None:
        started = perf_counter()
        for number in range(LATENCY_EVENTS):
            await asyncio.sleep(max(0.0, started + number / LATENCY_RATE - perf_counter()))
            key, value = _event(event, number)
            sent[key.decode()] = perf_counter()
            await producer.send_and_wait("crm.events", value, key=key)

    console.print(f"{LATENCY_EVENTS} events at {LATENCY_RATE:g}/s …")
    publishing = asyncio.create_task(publish())
    seen: set[str] = set()
    while len(seen) < LATENCY_EVENTS:
        rows = await history.fetch(_COMPLETED, automation)
        now = perf_counter()
        for row in rows:
            if row["record_id"] not in seen:
                seen.add(row["record_id"])
                latencies.append((now - sent[row["record_id"]]) * 1000)
        await asyncio.sleep(_LOOK_SECONDS)
    await publishing
    return latencies


def _processes(stack: Stack) -> list[psutil.Process]:
    found = []
    for name, pid in stack.pids().items():
        if name not in _NOT_COUNTED:
            process = psutil.Process(pid)
            found += [process, *process.children(recursive=True)]
    return found


def _cpu_seconds(stack: Stack) -> float:
    total = 0.0
    for process in _processes(stack):
        times = process.cpu_times()
        total += times.user + times.system
    return total


def _memory_mb(stack: Stack) -> float:
    return sum(_own_bytes(process) for process in _processes(stack)) / 1_000_000


def _own_bytes(process: psutil.Process) -> int:
    """Return a process's memory, with what it shares divided among those who share it where the system tells."""
    full = process.memory_full_info()
    return int(getattr(full, "pss", full.uss))
