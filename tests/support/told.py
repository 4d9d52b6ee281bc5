"""A report that remembers what it was told."""

import threading


class ToldReport:
    """Keeps every line that a person would have read."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._lock = threading.Lock()

    def working(self, subject: str, doing: str, done: int = 0, total: int | None = None) -> None:
        self._add(f"{subject}: {doing}")

    def ready(self, subject: str, message: str) -> None:
        self._add(f"{subject}: {message}")

    def failed(self, subject: str, message: str) -> None:
        self._add(f"{subject}: {message}")

    def say(self, message: str) -> None:
        self._add(message)

    def _add(self, line: str) -> None:
        with self._lock:
            self.lines.append(line)
