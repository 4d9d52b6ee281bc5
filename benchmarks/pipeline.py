"""The whole way: an event on Kafka to a run completed in api's history, three webhook steps, all services here.

Every step is a real HTTP request to a peer that costs as little as possible; fsync is on; nothing is left out.
"""

import tempfile
from pathlib import Path
from typing import Final

from rich.console import Console

from benchmarks.figures import Figure, percentile
from benchmarks.product import http_steps, running_product, running_sink

WARM_UP_RUNS: Final = 500
RUNS: Final = 8_000
LATENCY_EVENTS: Final = 200
LATENCY_RATE: Final = 10.0


async def measure_pipeline(console: Console) -> list[Figure]:
    """Return throughput, latency, CPU and memory of the whole product."""
    with tempfile.TemporaryDirectory(prefix="automations-bench-") as folder:
        async with running_sink() as port, running_product(Path(folder), console, port) as product:
            steps = http_steps(port)
            await product.throughput("bench.warm_up", steps, WARM_UP_RUNS)
            before = product.cpu_seconds()
            seconds = await product.throughput("bench.throughput", steps, RUNS)
            cpu = product.cpu_seconds() - before
            memory = product.memory_mb()
            latencies = await product.latencies("bench.latency", steps, LATENCY_EVENTS, LATENCY_RATE)
    return [
        Figure(
            "pipeline.runs_per_second", RUNS / seconds, "1/s", f"{RUNS} runs of three HTTP steps in {seconds:.1f} s"
        ),
        Figure("pipeline.latency_p50_ms", percentile(latencies, 0.5), "ms", f"at {LATENCY_RATE:g} events/s"),
        Figure("pipeline.latency_p99_ms", percentile(latencies, 0.99), "ms", f"of {LATENCY_EVENTS} events"),
        Figure("pipeline.cpu_ms_per_run", cpu / RUNS * 1000, "ms", "all services, Kafka and PostgreSQL"),
        Figure("stack.memory_mb", memory, "MB", "all services, Kafka and PostgreSQL, after the load"),
    ]
