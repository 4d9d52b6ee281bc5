"""trigger-matcher: events matched per second by the number of automations, then the same service on real Kafka.

Everything measured is what the service runs: `read_envelope`, `reading_of` and `match_event` to match, `evaluate`
and `EventConsumer` from Kafka to the commands. What is compared is measured in turns within one run, by CPU time
of this process. Each event is a new one, as on a stream: what is asked of it is seldom in the processor's cache,
and that is most of what a larger number of automations costs. The lower quartile of all chunks of events counts.

Beside it stand a plain loop over all conditions, and the least that an index in Python can be: the JSON decoded, and
one look into a dictionary by type, account and priority.
"""

import gc
import tempfile
from collections import defaultdict
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
from benchmarks.matcher_load import Automations, automation_id
from embedded import kafka
from embedded.report import PlainReport
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.matching import Candidate, Index, match_event, reading_of

SIZES: Final = (100, 1_000, 10_000, 100_000)
CHUNK: Final = 500
CHUNKS: Final = 80
_APPENDED_MS: Final = 1_772_366_400_123
_decode = msgspec.json.Decoder().decode


@dataclass(frozen=True)
class _Load:
    """One size: the automations indexed as the service does it, and in a bare dictionary."""

    automations: Automations
    index: Index
    bare: dict[tuple[str, str, str], str]


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
        console.print(f"matching {CHUNKS * CHUNK:,} events of each …")
        seconds = _seconds_per_event(loads)
        loops = {size: _loop_seconds(load) for size, load in loads.items()}
        p99 = _p99_ms(loads[SIZES[-1]])
    finally:
        gc.unfreeze()
    rate = {size: 1 / seconds[size, "match"] for size in SIZES}
    bare = {size: 1 / seconds[size, "bare"] for size in SIZES}
    figures = [
        Figure(
            f"matcher.events_per_second.{size}",
            rate[size],
            "1/s",
            f"parse included, one match each; a plain loop {1 / loops[size]:,.0f}, a bare dictionary {bare[size]:,.0f}",
        )
        for size in SIZES
    ]
    first, last = SIZES[0], SIZES[-1]
    of = f"of the speed at {first:,} automations, at {last:,}"
    return [
        *figures,
        Figure("matcher.speed_kept", rate[last] / rate[first], "", of),
        Figure("matcher.bare_dictionary_kept", bare[last] / bare[first], "", f"{of}: decoding and a bare dictionary"),
        Figure("matcher.match_p99_ms", p99, "ms", f"one event, read and matched, at {last:,} automations"),
    ]


def _loaded(size: int) -> _Load:
    automations, table = Automations(size), DefinitionTable()
    for definition in automations.definitions():
        table.take(definition.tenant_id, definition.automation_id, definition)
    return _Load(automations, table.index(), {automations.name(n): automation_id(n) for n in range(size)})


def _match(value: bytes, index: Index) -> Sequence[Candidate]:
    """Match one message as the service does: its type first, then no more than is asked for."""
    envelope = read_envelope(value, ())
    buckets = index.heard(envelope.tenant_id, envelope.event_type)
    position = Position("crm.events", 0, 0, from_milliseconds(_APPENDED_MS))
    return match_event(reading_of(envelope, position), buckets) if buckets else ()


def _look_up(value: bytes, bare: dict[tuple[str, str, str], str]) -> str | None:
    """Decode a message and look once: what an index in Python costs at the least."""
    body = _decode(value)
    record = body["data"]["record"]
    return bare.get((body["type"], record["account"]["id"], record["priority"]))


def _check(load: _Load) -> None:
    """Fail where an event does not match the one automation that it was made for."""
    for value, expected in load.automations.events(CHUNK):
        if [one.automation_id for one in _match(value, load.index)] != [expected]:
            raise AssertionError(f"{value!r} matches not just {expected}")


def _seconds_per_event(loads: dict[int, _Load]) -> dict[tuple[int, str], float]:
    def match(load: _Load, values: Sequence[bytes]) -> None:
        index = load.index
        for value in values:
            _match(value, index)

    def bare(load: _Load, values: Sequence[bytes]) -> None:
        for value in values:
            _look_up(value, load.bare)

    tasks: dict[str, Callable[[_Load, Sequence[bytes]], None]] = {"match": match, "bare": bare}
    spent: dict[tuple[int, str], list[float]] = defaultdict(list)
    for _ in range(CHUNKS):
        for size, load in loads.items():
            for name, task in tasks.items():
                values = [value for value, _ in load.automations.events(CHUNK)]
                began = process_time()
                task(load, values)
                spent[size, name].append((process_time() - began) / CHUNK)
    return {key: percentile(times, 0.25) for key, times in spent.items()}


def _loop_seconds(load: _Load) -> float:
    """Return the seconds per event of asking every automation whether it hears and whether its conditions hold."""
    everybody = [one for definition in load.automations.definitions() for one in listeners_of(definition, None)]
    events = [value for value, _ in load.automations.events(min(CHUNK, max(5, 200_000 // len(everybody))))]
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
    for value in [value for value, _ in load.automations.events(20 * CHUNK)]:
        began = perf_counter()
        _match(value, load.index)
        times.append((perf_counter() - began) * 1000)
    return percentile(times, 0.99)
