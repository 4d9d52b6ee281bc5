"""One owner for a data folder.

The lock is the operating system's lock on an open file that the engine inherits: it is held for as long as the
owner or any process of the engine lives, and gone at once with the last of them, whatever ended them. The
file's text only tells who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from embedded.report import Report


class DataInUse(RuntimeError):
    """The data folder is in use by another living process."""


@dataclass
class DataLock:
    """A held lock. `fd` is to be inherited by the engine that works on the folder."""

    path: Path
    fd: int

    def tell_engine(self, pid: int) -> None:
        """Write down the engine's process, so that a leftover of it can be found and ended."""
        _write(self.fd, {"owner": _identity(os.getpid()), "engine": _identity(pid)})

    def release(self) -> None:
        """Let go; the lock stays held by what inherited it until that ends."""
        os.close(self.fd)


def acquire(path: Path, subject: str, report: Report, *, patience_seconds: float = 20.0) -> DataLock:
    """Take the lock of a data folder.

    Where the last owner is dead and its engine is still ending, waits for that, and ends it by force after
    `patience_seconds`.

    Raises:
        DataInUse: another process that lives works on the folder; names it and the folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    give_up = time.monotonic() + patience_seconds
    while not _try(fd):
        holder = _read(fd)
        owner, engine = _living(holder.get("owner")), _living(holder.get("engine"))
        if owner is not None:
            os.close(fd)
            raise DataInUse(
                f"{subject} already runs on {path.parent} (started by process {owner.pid}"
                + (f", itself process {engine.pid}" if engine else "")
                + "). Stop that one first, or name another data folder."
            )
        report.working(subject, "waiting for the one of the last start to end")
        if time.monotonic() > give_up:
            if engine is None:
                os.close(fd)
                raise DataInUse(f"{subject}'s folder {path.parent} is held by a process that left no name in {path}.")
            engine.kill()
            give_up = time.monotonic() + patience_seconds
        time.sleep(0.05)
    _write(fd, {"owner": _identity(os.getpid())})
    return DataLock(path, fd)


def _try(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _identity(pid: int) -> list[float]:
    """A process id is used again some day; together with the time of its start it is not."""
    return [pid, psutil.Process(pid).create_time()]


def _living(identity: object) -> psutil.Process | None:
    match identity:
        case [int() | float() as pid, int() | float() as began]:
            try:
                process = psutil.Process(int(pid))
                alive = abs(process.create_time() - began) < 1 and process.status() != psutil.STATUS_ZOMBIE
            except psutil.NoSuchProcess:
                return None
            return process if alive else None
    return None


def _read(fd: int) -> dict[str, object]:
    try:
        told = json.loads(os.pread(fd, 4096, 0) or b"{}")
    except ValueError:  # read while it is being written: the next look is better
        return {}
    return told if isinstance(told, dict) else {}


def _write(fd: int, told: dict[str, object]) -> None:
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(told).encode(), 0)
