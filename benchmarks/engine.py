"""The engine against its own limits and against another durable engine, in one run on one PostgreSQL.

Rounds interleave what is compared, because machines have moods: DBOS Transact for Python, the engine alone,
PostgreSQL's own limit for batched inserts, and the whole product, each in processes of its own that get the machine to
themselves. Values are medians of the rounds. fsync is on for all of them.

Steps cost nothing on either side, so that only durability is measured. DBOS's are plain functions. The engine's are
webhook calls behind a gate that answers at once; in the whole product they are those of a dry run, which the
product's own gate answers in its place. Each is journaled before the next one begins.
"""

import asyncio
import json
import os
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import asyncpg
from rich.console import Console

from benchmarks.figures import Figure, percentile
from benchmarks.product import http_steps, running_product, running_sink
from benchmarks.together import run_together
from embedded import postgres
from embedded.postgres import RunningPostgres
from embedded.report import PlainReport

ROUNDS: Final = 3
DBOS_RUNS: Final = 300
DBOS_WAYS: Final = (
    *((("call", 4),), (("call", 8),), (("call", 16),), (("start", 8),), (("start", 16),), (("async", 8),)),
    *((("async", 32),), (("queue", 16),), (("queue-async", 16),), (("call", 4), ("call", 4)), (("call", 8),) * 2),
)
"""How its documentation says that workflows are performed, and how many at once; two of them are two processes."""
DBOS_WAYS_AGAIN: Final = 3
"""So many of the best ways are measured in the rounds after the first."""
ENGINE_RUNS: Final = 20_000
ENGINE_PROCESSES: Final = (1, 2)
PIPELINE_EXECUTORS: Final = (1, 2)
PIPELINE_WARM_UP: Final = 8_000
PIPELINE_RUNS: Final = 40_000
"""So many that the first second and the last one, in which not every service has work, count for little."""
PIPELINE_HTTP_RUNS: Final = 4_000
WAKES: Final = 100
INSERT_SECONDS: Final = 2.0

Way = tuple[tuple[str, int], ...]


class _Rounds:
    """What the rounds measured, by name."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.values: dict[str, list[float]] = defaultdict(list)
        self.dbos: dict[Way, list[float]] = defaultdict(list)
        self.steady_ms: list[float] = []
        self.wakes_ms: list[float] = []

    def note(self, name: str, value: float) -> None:
        self.values[name].append(value)
        self.console.print(f"  {name}: {value:,.1f}   (load {os.getloadavg()[0]:.1f})")

    def median(self, name: str) -> float:
        return statistics.median(self.values[name])

    def best(self, name: str, processes: Sequence[int]) -> tuple[int, float]:
        """Return with how many processes it was fastest, and how fast."""
        return max(((count, self.median(f"{name}_{count}")) for count in processes), key=lambda pair: pair[1])

    def best_dbos(self) -> tuple[Way, float]:
        return max(((way, statistics.median(rates)) for way, rates in self.dbos.items()), key=lambda pair: pair[1])

    def ways_to_try(self) -> list[Way]:
        """Return all ways at first, then the best ones."""
        if not self.dbos:
            return list(DBOS_WAYS)
        return sorted(self.dbos, key=lambda way: -statistics.median(self.dbos[way]))[:DBOS_WAYS_AGAIN]


async def measure_engine(console: Console) -> list[Figure]:
    """Return the engine's figures, and those of what it is compared with."""
    rounds = _Rounds(console)
    with tempfile.TemporaryDirectory(prefix="automations-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = await asyncio.to_thread(postgres.start, folder / "database", report=PlainReport(), port=0)
        try:
            for number in range(ROUNDS):
                console.print(f"round {number + 1} of {ROUNDS}")
                await _dbos(rounds, server)
                await _engine(rounds, server)
                await _product(rounds, server, folder, is_last=number == ROUNDS - 1)
        finally:
            await asyncio.to_thread(server.stop)
    return _figures(rounds)


async def _dbos(rounds: _Rounds, server: RunningPostgres) -> None:
    for way in rounds.ways_to_try():
        url = await _fresh_database(server, "bench_dbos")
        arguments = [(url, kind, at_once, DBOS_RUNS) for kind, at_once in way]
        told = await run_together("benchmarks.dbos_runs", arguments, words=1)
        rate = len(way) * DBOS_RUNS / max(map(float, told))
        rounds.dbos[way].append(rate)
        rounds.console.print(f"  DBOS, {_way_text(way)}: {rate:,.0f} runs/s")
    rounds.note("dbos", rounds.best_dbos()[1])


async def _engine(rounds: _Rounds, server: RunningPostgres) -> None:
    for processes in ENGINE_PROCESSES:
        url = await _fresh_database(server, "bench_engine")
        arguments = [(url, ENGINE_RUNS // processes)] * processes
        told: list[dict[str, Any]] = [
            json.loads(line) for line in await run_together("benchmarks.engine_runs", arguments, words=2)
        ]
        seconds = max(one["seconds"] for one in told)
        rounds.note(f"engine_{processes}", ENGINE_RUNS / seconds)
        if processes == 1:
            rounds.steady_ms += told[0]["latencies_ms"]
            rounds.note("cpu_us", told[0]["cpu_seconds"] / ENGINE_RUNS * 1e6)
    rounds.note("rows_a_run", told[0]["rows"] / told[0]["completed"])
    sizes = (round(told[0]["input"]), round(told[0]["fact"]))
    [rows] = await run_together("benchmarks.inserts", [(url, *sizes, INSERT_SECONDS)], words=0)
    rounds.note("inserts", float(rows))


async def _product(rounds: _Rounds, server: RunningPostgres, folder: Path, *, is_last: bool) -> None:
    url = await _fresh_database(server, "bench_product")
    home = folder / f"product-{len(rounds.values['pipeline_http'])}"
    home.mkdir()
    async with (
        running_sink() as port,
        running_product(home, rounds.console, port, database_url=url) as product,
    ):
        steps = http_steps(port)
        await product.turn_sandbox_on()
        for executors in PIPELINE_EXECUTORS:
            await product.until_executors(executors)
            await product.throughput(f"bench.warm_up.{executors}", steps, PIPELINE_WARM_UP, "sandbox")
            seconds = await product.throughput(f"bench.simulated.{executors}", steps, PIPELINE_RUNS, "sandbox")
            rounds.note(f"pipeline_{executors}", PIPELINE_RUNS / seconds)
        seconds = await product.throughput("bench.http", steps, PIPELINE_HTTP_RUNS)
        rounds.note("pipeline_http", PIPELINE_HTTP_RUNS / seconds)
        if is_last:
            rounds.wakes_ms = await product.wakes("bench.wake", steps[:1], WAKES)


async def _fresh_database(server: RunningPostgres, name: str) -> str:
    """Return the URL of an empty database, in the place of one of the same name."""
    connection = await asyncpg.connect(server.database_url)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {name}")
        await connection.execute("CHECKPOINT")
    finally:
        await connection.close()
    return f"{server.database_url.rpartition('/')[0]}/{name}"


def _way_text(way: Way) -> str:
    kind, at_once = way[0]
    return f"{kind}, {at_once} at once" + (f", {len(way)} processes" if len(way) > 1 else "")


def _figures(rounds: _Rounds) -> list[Figure]:
    way, dbos = rounds.best_dbos()
    processes, engine = rounds.best("engine", ENGINE_PROCESSES)
    executors, pipeline = rounds.best("pipeline", PIPELINE_EXECUTORS)
    cpu, http = rounds.median("cpu_us"), rounds.median("pipeline_http")
    rows, inserts = rounds.median("rows_a_run") * engine, rounds.median("inserts")
    return [
        Figure("dbos.runs_per_second", dbos, "1/s", f"three durable steps; best: {_way_text(way)}"),
        Figure(
            "engine.runs_per_second",
            engine,
            "1/s",
            f"the same; executor processes: {processes}, {cpu:.0f} µs of Python a run",
        ),
        Figure("engine.ratio_dbos", engine / dbos, "", "wanted: 40"),
        Figure(
            "pipeline.durable_runs_per_second",
            pipeline,
            "1/s",
            f"Kafka to history; executor processes: {executors}; {http:,.0f}/s with HTTP steps",
        ),
        Figure("pipeline.ratio_dbos", pipeline / dbos, "", "wanted: 20"),
        Figure("engine.latency_p50_ms", percentile(rounds.steady_ms, 0.5), "ms", "command to durable end, at 10/s"),
        Figure("engine.latency_p99_ms", percentile(rounds.steady_ms, 0.99), "ms", "the same"),
        Figure("engine.wake_p50_ms", percentile(rounds.wakes_ms, 0.5), "ms", "complete-task to the journaled end"),
        Figure("engine.wake_p99_ms", percentile(rounds.wakes_ms, 0.99), "ms", "the same, by REST, whole product"),
        Figure("journal.rows_per_second", rows, "1/s", "journal rows, engine alone"),
        Figure("journal.ratio_batched_inserts", rows / inserts, "", f"of {inserts:,.0f} rows/s by unnest of 500"),
    ]
