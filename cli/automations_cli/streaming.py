"""Publishing a simulated CRM's changes at a rate, until an end or an interruption."""

from __future__ import annotations

import asyncio
import contextlib
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from automations_cli.address import choose_kafka, open_api
from automations_cli.failures import WrongUsage
from automations_cli.options import Way
from automations_cli.output import open_console
from automations_cli.publishing import ApiPublishing, Publishing, kafka_publishing, make_event
from automations_cli.up_file import load_up_file

if TYPE_CHECKING:
    from automations_cli.simulation import CrmSimulation

TICK_SECONDS = 0.05
MOST_PER_TICK = 2_000
_UNITS = {"": 1, "s": 1, "min": 60, "m": 60, "h": 3600}


class Pace:
    """How many events are due at a time since the beginning."""

    def __init__(self, rate: float, count: int | None, for_seconds: float | None) -> None:
        self.rate = rate
        self.for_seconds = for_seconds
        by_time = None if for_seconds is None else max(1, round(rate * for_seconds))
        known = [number for number in (count, by_time) if number is not None]
        self.total = min(known) if known else None

    def due(self, elapsed_seconds: float) -> int:
        """The first event is due at once, each other a period later."""
        due = int(elapsed_seconds * self.rate) + 1
        return due if self.total is None else min(due, self.total)


def read_duration(text: str) -> float:
    """Return the seconds of `30`, `30s`, `5min` or `1h`.

    Raises:
        WrongUsage: the text is none of these.
    """
    match = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?(s|min|m|h|)", text.strip())
    if match is None or float(match[1]) == 0:
        raise WrongUsage(f"--for {text!r} is no duration; write 30s, 5min or 1h")
    return float(match[1]) * _UNITS[match[2]]


async def publish_changes(
    world: CrmSimulation, pace: Pace, via: Way, *, api_url: str | None, kafka: str | None, data: Path
) -> tuple[Counter[str], bool]:
    """Publish until the pace's end or an interruption; returns what was sent, and whether it was interrupted."""
    stopping = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    sent: Counter[str] = Counter()
    async with _open(via, api_url=api_url, kafka=kafka, data=data) as publishing:
        began = time.monotonic()
        with _progress(pace) as show:
            while not stopping.is_set() and (pace.total is None or sent.total() < pace.total):
                due = min(pace.due(time.monotonic() - began) - sent.total(), MOST_PER_TICK)
                if due > 0:
                    await _publish(publishing, world, due, sent)
                    show(sent.total())
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(stopping.wait(), TICK_SECONDS)
    return sent, stopping.is_set()


async def _publish(publishing: Publishing, world: CrmSimulation, number: int, sent: Counter[str]) -> None:
    events = []
    for _ in range(number):
        kind, record, changes = world.next_change()
        now = datetime.now(UTC).isoformat(timespec="milliseconds")
        events.append(make_event(kind, record, changes=changes, time=now))
    await publishing.publish(events)
    sent.update(str(event["type"]) for event in events)


@contextlib.asynccontextmanager
async def _open(via: Way, *, api_url: str | None, kafka: str | None, data: Path) -> AsyncIterator[Publishing]:
    if via == "api":
        with open_api(api_url, data) as api:
            yield ApiPublishing(api)
        return
    async with kafka_publishing(choose_kafka(kafka, load_up_file(data))) as publishing:
        yield publishing


class _Silence:
    def __call__(self, sent: int) -> None:
        """Nobody watches."""


@contextlib.contextmanager
def _progress(pace: Pace) -> Iterator[_Silence | _Bar]:
    """Yield what shows how many were sent: a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield _Silence()
        return
    with _Bar(pace.total) as bar:
        yield bar


class _Bar:
    def __init__(self, total: int | None) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = [BarColumn(), MofNCompleteColumn()] if total else [TextColumn("{task.completed} events")]
        self._progress = Progress(
            SpinnerColumn(), *columns, TimeElapsedColumn(), console=open_console(stderr=True), transient=True
        )
        self._task = self._progress.add_task("", total=total)

    def __enter__(self) -> _Bar:
        self._progress.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._progress.stop()

    def __call__(self, sent: int) -> None:
        self._progress.update(self._task, completed=sent)
