"""trigger-matcher: events matched per second by the number of automations, then the same service on real Kafka.

Everything measured is what the service runs: `read_envelopes` and `match_events` on batches as large as those that it
reads from Kafka when it is busy, `evaluate` and `EventConsumer` from Kafka to the commands. What is compared is
measured in turns within one run, by CPU time of this process. Each event is a new one, as on a stream: what is asked of
it is seldom in the processor's cache, and that is most of what a larger number of automations costs. The lower quartile
of all batches counts.

Beside it stand a plain loop over all conditions, and the least that an index in Python can be: the JSON decoded, and
one look into a dictionary by type, account and priority.
"""

import gc
import tempfile
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Final

import msgspec
from aiokafka import ConsumerRecord
from rich.console import Console

from automations.clock import from_milliseconds
from automations.contracts.events import Position, UnreadableEvent, read_envelope
from automations.contracts.events_together import read_envelopes
from automations.listening import listeners_of, scope_of
from automations.memory import use_large_pages
from automations.messaging.batches import Batch
from automations.service import calm_garbage_collection
from benchmarks.figures import Figure, percentile
from benchmarks.matcher_kafka import SIZES, measure_kafka
from benchmarks.matcher_load import Automations, automation_id
from embedded import kafka
from embedded.report import PlainReport
from trigger_matcher.consumer import MAX_RECORDS
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.evaluation import alike
from trigger_matcher.matching import Candidate, Events, Index, match_events

BATCHES: Final = 16
_CHECKED: Final = 500
_ONE_BY_ONE: Final = 10_000
_POSITION: Final = Position("crm.events", 0, 0, from_milliseconds(1_772_366_400_123))
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
    calm_garbage_collection()
    use_large_pages()
    try:
        for load in loads.values():
            _check(load)
        console.print(f"matching {BATCHES * MAX_RECORDS:,} events of each …")
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


def _match(batch: Batch, index: Index) -> list[Candidate]:
    """Match a batch of messages as the service does; return whom they match."""
    matched: list[Candidate] = []
    for places in alike(batch):
        read = read_envelopes([batch[place].value for place in places], [batch[place].headers for place in places])
        events = Events([None if isinstance(one, UnreadableEvent) else one for one in read], lambda _: _POSITION)
        matched += [candidate for _, candidate in match_events(events, index)]
    return matched


def _batch(load: _Load, count: int) -> tuple[Batch, list[str]]:
    """Return so many messages, and the automation that each is made for."""
    values, expected = zip(*load.automations.events(count), strict=True)
    return [
        ConsumerRecord("crm.events", 0, 0, 0, 0, None, value, None, 0, len(value), ()) for value in values
    ], expected


def _look_up(value: bytes, bare: dict[tuple[str, str, str], str]) -> str | None:
    """Decode a message and look once: what an index in Python costs at the least."""
    body = _decode(value)
    record = body["data"]["record"]
    return bare.get((body["type"], record["account"]["id"], record["priority"]))


def _check(load: _Load) -> None:
    """Fail where an event does not match the one automation that it was made for."""
    batch, expected = _batch(load, _CHECKED)
    if sorted(one.automation_id for one in _match(batch, load.index)) != sorted(expected):
        raise AssertionError("an event matches not just the automation that it was made for")
    for message, name in zip(batch, expected, strict=True):
        if [one.automation_id for one in _match((message,), load.index)] != [name]:
            raise AssertionError(f"{message.value!r} matches not just {name}")


def _seconds_per_event(loads: dict[int, _Load]) -> dict[tuple[int, str], float]:
    def match(load: _Load, batch: Batch) -> None:
        _match(batch, load.index)

    def bare(load: _Load, batch: Batch) -> None:
        for message in batch:
            _look_up(message.value, load.bare)

    tasks: dict[str, Callable[[_Load, Batch], None]] = {"match": match, "bare": bare}
    spent: dict[tuple[int, str], list[float]] = defaultdict(list)
    for _ in range(BATCHES):
        for size, load in loads.items():
            for name, task in tasks.items():
                batch, _ = _batch(load, MAX_RECORDS)
                began = process_time()
                task(load, batch)
                spent[size, name].append((process_time() - began) / MAX_RECORDS)
    return {key: percentile(times, 0.25) for key, times in spent.items()}


def _loop_seconds(load: _Load) -> float:
    """Return the seconds per event of asking every automation whether it hears and whether its conditions hold."""
    everybody = [one for definition in load.automations.definitions() for one in listeners_of(definition, None)]
    events = [value for value, _ in load.automations.events(min(_CHECKED, max(5, 200_000 // len(everybody))))]
    best = float("inf")
    for _ in range(3):
        began = process_time()
        for value in events:
            envelope = read_envelope(value, ())
            scope, event_type = scope_of(envelope.event(_POSITION, value)), envelope.event_type
            for one in everybody:
                if event_type in one.events and one.condition.holds(scope):
                    pass
        best = min(best, (process_time() - began) / len(events))
    return best


def _p99_ms(load: _Load) -> float:
    """Return the 99th percentile of the time on the clock of one event that comes alone, garbage collection and all."""
    times = []
    for message in _batch(load, _ONE_BY_ONE)[0]:
        began = perf_counter()
        _match((message,), load.index)
        times.append((perf_counter() - began) * 1000)
    return percentile(times, 0.99)
