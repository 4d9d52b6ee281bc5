"""trigger-matcher: events matched per second by the number of automations, then the same service on real Kafka.

Everything measured is what the service runs: `read_envelope`, `reading_of` and `match_event` to match, `evaluate`
and `EventConsumer` from Kafka to the commands. What is compared is measured in turns within one run, by CPU time
of this process, and the best of several rounds counts: other work on the machine only ever adds to it.
"""

import gc
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import msgspec
from rich.console import Console

from automations.clock import from_milliseconds
from automations.contracts.events import Position, read_envelope
from automations.listening import listeners_of, scope_of
from benchmarks.figures import Figure, percentile
from benchmarks.matcher_kafka import measure_kafka
from benchmarks.matcher_load import Automations
from embedded import kafka
from embedded.report import PlainReport
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.matching import Candidate, Index, match_event, reading_of

SIZES: Final = (100, 1_000, 10_000, 100_000)
EVENTS: Final = 20_000
CHUNK: Final = 500
ROUNDS: Final = 15
_APPENDED_MS: Final = 1_772_366_400_123
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class _Load:
    """One size: the automations indexed as the service does it, and events that each match one of them."""

    automations: Automations
    index: Index
    events: list[bytes]
    expected: list[str]


async def measure_matcher(console: Console) -> list[Figure]:
    """Return the figures of the matcher, alone and on Kafka."""
    figures = _measure_matching(console)
    gc.collect()
    with tempfile.TemporaryDirectory(prefix="automations-bench-") as folder:
        Path(folder).chmod(0o755)
        console.print("starting Kafka …")
        running = kafka.start(Path(folder), report=PlainReport(), port=0)
        try:
            figures += await measure_kafka(running.bootstrap_servers, console)
        finally:
            running.stop()
    return figures


def _measure_matching(console: Console) -> list[Figure]:
    console.print(f"indexing {', '.join(f'{size:,}' for size in SIZES)} automations …")
    loads = {size: _loaded(size) for size in SIZES}
    gc.collect()
    gc.freeze()
    try:
        for load in loads.values():
            _check(load)
        console.print(f"matching {EVENTS:,} events, {ROUNDS} rounds …")
        seconds = _seconds_per_event(loads)
        loops = {size: _loop_seconds(load) for size, load in loads.items()}
        p99 = _p99_ms(loads[SIZES[-1]])
    finally:
        gc.unfreeze()
    bare = min(seconds[size, "decode"] for size in SIZES)
    rate = {size: 1 / seconds[size, "match"] for size in SIZES}
    figures = [
        Figure(
            f"matcher.events_per_second.{size}",
            rate[size],
            "1/s",
            f"parse included, one match each; a plain loop {1 / loops[size]:,.0f}, decoding alone {1 / bare:,.0f}",
        )
        for size in SIZES
    ]
    kept = rate[SIZES[-1]] / rate[SIZES[0]]
    return [
        *figures,
        Figure("matcher.speed_kept", kept, "", f"of the speed at {SIZES[0]:,} automations, at {SIZES[-1]:,}"),
        Figure("matcher.match_p99_ms", p99, "ms", f"one event, read and matched, at {SIZES[-1]:,} automations"),
    ]


def _loaded(size: int) -> _Load:
    automations, table = Automations(size), DefinitionTable()
    for definition in automations.definitions():
        table.take(definition.tenant_id, definition.automation_id, definition)
    events = list(automations.events(EVENTS))
    return _Load(automations, table.index(), [value for value, _ in events], [one for _, one in events])


def _match(value: bytes, index: Index) -> Sequence[Candidate]:
    """Match one message as the service does: its type first, then no more than is asked for."""
    envelope = read_envelope(value, ())
    buckets = index.heard(envelope.tenant_id, envelope.event_type)
    position = Position("crm.events", 0, 0, from_milliseconds(_APPENDED_MS))
    return match_event(reading_of(envelope, position), buckets) if buckets else ()


def _check(load: _Load) -> None:
    """Fail where an event does not match the one automation that it was made for."""
    for value, expected in zip(load.events, load.expected, strict=True):
        if [one.automation_id for one in _match(value, load.index)] != [expected]:
            raise AssertionError(f"{value!r} matches not just {expected}")


def _seconds_per_event(loads: dict[int, _Load]) -> dict[tuple[int, str], float]:
    def match(load: _Load, values: Sequence[bytes]) -> None:
        index = load.index
        for value in values:
            _match(value, index)

    def decode(_: _Load, values: Sequence[bytes]) -> None:
        for value in values:
            _decode(value)

    best: dict[tuple[int, str, int], float] = {}
    tasks: dict[str, Callable[[_Load, Sequence[bytes]], None]] = {"match": match, "decode": decode}
    for _ in range(ROUNDS):
        for size, load in loads.items():
            for start in range(0, EVENTS, CHUNK):
                values = load.events[start : start + CHUNK]
                for name, task in tasks.items():
                    began = process_time()
                    task(load, values)
                    spent = process_time() - began
                    best[size, name, start] = min(best.get((size, name, start), spent), spent)
    return {
        (size, name): sum(best[size, name, start] for start in range(0, EVENTS, CHUNK)) / EVENTS
        for size in loads
        for name in tasks
    }


def _loop_seconds(load: _Load) -> float:
    """Return the seconds per event of asking every automation whether it hears and whether its conditions hold."""
    everybody = [one for definition in load.automations.definitions() for one in listeners_of(definition, None)]
    events = load.events[: max(5, 200_000 // len(everybody))]
    position = Position("crm.events", 0, 0, from_milliseconds(_APPENDED_MS))
    best = float("inf")
    for _ in range(3):
        began = process_time()
        for value in events:
            envelope = read_envelope(value, ())
            scope, event_type = scope_of(envelope.event(position)), envelope.event_type
            for one in everybody:
                if event_type in one.events and one.condition.holds(scope):
                    pass
        best = min(best, (process_time() - began) / len(events))
    return best


def _p99_ms(load: _Load) -> float:
    """Return the 99th percentile of one event's time on the clock, garbage collection and all."""
    times = []
    for value in load.events:
        began = perf_counter()
        _match(value, load.index)
        times.append((perf_counter() - began) * 1000)
    return percentile(times, 0.99)
