"""One process that this one starts, watches and stops: an engine or a service.

It writes its output to a log file, hears no Ctrl-C of the terminal, and never outlives its owner (see `guard`).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from embedded.guard import guarded_group

LOG_KEPT_BYTES = 20 * 1024 * 1024
"""A log longer than this is moved to `<name>.log.1`, in place of the one before."""


@dataclass(frozen=True)
class Account:
    """The operating system's user that a child runs as, where it may not be this process's own."""

    name: str
    uid: int
    gid: int


@dataclass
class Child:
    """A started process. All methods may be called from any thread."""

    name: str
    log: Path
    process: subprocess.Popen[bytes]
    _stopping: threading.Lock = field(default_factory=threading.Lock)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def exit_status(self) -> int | None:
        """None while it lives; the negative number of the signal that ended it, if one did."""
        return self.process.poll()

    def wait(self, timeout_seconds: float) -> bool:
        """Wait for its end; false if it still lives after that time."""
        try:
            self.process.wait(timeout_seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def send(self, sent: signal.Signals) -> None:
        """Send a signal; a process that is already gone takes none."""
        self.process.send_signal(sent)

    def stop(self, *signals: signal.Signals, grace_seconds: float) -> bool:
        """End it: each signal in turn (SIGTERM by default) with `grace_seconds` after it, at last SIGKILL.

        Returns false if it had to be killed.
        """
        with self._stopping:
            for polite in signals or (signal.SIGTERM,):
                self.send(polite)
                # A stopped process (SIGSTOP) would take the signal only when it is continued.
                self.send(signal.SIGCONT)
                if self.wait(grace_seconds):
                    return True
            self.send(signal.SIGKILL)
            self.process.wait()
            return False

    def last_lines(self, count: int = 20) -> str:
        """Return the end of its log."""
        return read_last_lines(self.log, count)


def start_child(
    name: str,
    command: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    account: Account | None = None,
    kept_fds: Sequence[int] = (),
) -> Child:
    """Start a process that ends with this one; its output is appended to `log`."""
    log.parent.mkdir(parents=True, exist_ok=True)
    turn_log_over(log)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - commands come from our own tables
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=None if env is None else dict(env),
            cwd=cwd,
            process_group=guarded_group(),
            pass_fds=kept_fds,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
    return Child(name, log, process)


def turn_log_over(log: Path, kept_bytes: int = LOG_KEPT_BYTES) -> bool:
    """Copy a log that grew too long aside and empty it; a process that appends to it goes on at its beginning."""
    if not log.exists() or log.stat().st_size <= kept_bytes:
        return False
    shutil.copyfile(log, log.with_name(log.name + ".1"))
    os.truncate(log, 0)
    return True


def read_last_lines(log: Path, count: int) -> str:
    """Return at most `count` last lines of a file (of its last 64 KiB), or nothing if there is no such file."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 65536))
            text = file.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])
