"""How a person, or a log, is told what is being started, what is downloaded and how far it is.

A report is told facts of a *subject* ("Kafka", "api"). It may be told them from several threads at once.
"""

from __future__ import annotations

import sys
import threading
import time
from types import TracebackType
from typing import Protocol, Self, TextIO

from rich.console import Console, RenderableType
from rich.progress import Progress, ProgressColumn, SpinnerColumn, Task, TaskID, TextColumn
from rich.progress_bar import ProgressBar
from rich.table import Column
from rich.text import Text


class Report(Protocol):
    """Where progress is told."""

    def working(self, subject: str, doing: str, done: int = 0, total: int | None = None) -> None:
        """`subject` is `doing` something; with a total, `done` of it is finished."""

    def ready(self, subject: str, message: str) -> None:
        """`subject` has come as far as it was to come; `message` says how, for instance where it listens."""

    def failed(self, subject: str, message: str) -> None:
        """`subject` will not come up, and why."""

    def say(self, message: str) -> None:
        """One line worth reading that belongs to no progress."""


class PlainReport:
    """Lines for logs and CI: each new doing, a line every few seconds while it lasts, and the end with its time."""

    def __init__(self, out: TextIO | None = None, *, every_seconds: float = 5.0) -> None:
        self._out = out or sys.stderr
        self._every_seconds = every_seconds
        self._lock = threading.Lock()
        self._began: dict[str, float] = {}
        self._told: dict[str, tuple[str, float]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return None

    def working(self, subject: str, doing: str, done: int = 0, total: int | None = None) -> None:
        with self._lock:
            now = time.monotonic()
            self._began.setdefault(subject, now)
            last, at = self._told.get(subject, ("", 0.0))
            headline = doing.split(":")[0]
            if last == headline and now - at < self._every_seconds:
                return
            self._told[subject] = (headline, now)
            self._write(f"{subject}: {doing}" + (f" ({done} of {total})" if total else ""))

    def ready(self, subject: str, message: str) -> None:
        with self._lock:
            took = time.monotonic() - self._began.pop(subject, time.monotonic())
            self._write(f"{subject}: {message} ({took:.1f} s)")

    def failed(self, subject: str, message: str) -> None:
        with self._lock:
            self._write(f"{subject}: {message}")

    def say(self, message: str) -> None:
        with self._lock:
            self._write(message)

    def _write(self, line: str) -> None:
        print(line, file=self._out, flush=True)


class _Elapsed(ProgressColumn):
    """Seconds with one decimal: engines start in a few of them."""

    def render(self, task: Task) -> Text:
        seconds = task.finished_time if task.finished else task.elapsed
        return Text(f"{seconds or 0:5.1f} s", style="cyan")


class _BarWhileCounting(ProgressColumn):
    """A bar only where something is counted, as long as it is."""

    def render(self, task: Task) -> RenderableType:
        if task.finished or task.total is None:
            return Text("")
        return ProgressBar(total=task.total, completed=task.completed, width=24)


class TerminalReport:
    """One moving row for each subject on a terminal; the rows stay as they ended."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._lock = threading.Lock()
        self._rows: dict[str, TaskID] = {}
        self._progress = self._new_progress()

    def _new_progress(self) -> Progress:
        return Progress(
            SpinnerColumn(finished_text="[green]✓[/]"),
            TextColumn("[bold]{task.fields[subject]}", table_column=Column(no_wrap=True)),
            _Elapsed(table_column=Column(no_wrap=True, min_width=7)),
            TextColumn("{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis")),
            _BarWhileCounting(),
            console=self._console,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()
        # What is told later (a restart, the stop) begins new rows below.
        with self._lock:
            self._rows.clear()
            self._progress = self._new_progress()

    def working(self, subject: str, doing: str, done: int = 0, total: int | None = None) -> None:
        with self._lock:
            row = self._row(subject)
            self._progress.update(row, description=doing, completed=done, total=total, visible=True)

    def ready(self, subject: str, message: str) -> None:
        with self._lock:
            self._progress.update(self._row(subject), description=message, completed=1, total=1)

    def failed(self, subject: str, message: str) -> None:
        with self._lock:
            self._progress.update(self._row(subject), description=f"[red]{message}", visible=True)

    def say(self, message: str) -> None:
        self._progress.console.print(message, markup=False)

    def _row(self, subject: str) -> TaskID:
        if subject not in self._rows:
            self._rows[subject] = self._progress.add_task("", subject=subject, total=None)
        return self._rows[subject]


def report_for_this_terminal() -> PlainReport | TerminalReport:
    """Return moving rows where somebody watches, plain lines where the output is a file or CI's log."""
    return TerminalReport() if sys.stderr.isatty() else PlainReport()
