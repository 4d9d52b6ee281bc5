"""Nothing that this process started outlives it, however it ends.

A small watching process leads a process group that every child joins before it runs its first instruction. The
watcher holds the reading end of a pipe whose writing end only the owner has: when the owner is gone, also by
`kill -9`, the pipe closes and the watcher ends the whole group: first politely, then by force.

Invariants: a child is in the group from its birth, so there is no moment at which it could be forgotten; the
group is not the terminal's foreground group, so Ctrl-C reaches the owner alone, and the owner decides in which
order its children stop. This file is also the watcher's program, so it imports only what starts in
milliseconds.
"""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess

POLITE_SECONDS = 5.0
"""How long the group may take after each of the two polite signals, once the owner is gone."""

_starting = threading.Lock()
_watchers: dict[int, subprocess.Popen[bytes]] = {}
"""By owner: a process forked from an owner is an owner of its own."""


def guarded_group() -> int:
    """Return the process group for children of this process, which ends when this process does.

    The first call starts its watcher.
    """
    import subprocess

    with _starting:
        watcher = _watchers.get(os.getpid())
        if watcher is None or watcher.poll() is not None:
            # -I and -S: neither the environment nor installed packages can delay or break the watcher.
            watcher = subprocess.Popen(  # noqa: S603 - our own file, by our own interpreter
                [sys.executable, "-I", "-S", __file__],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                process_group=0,
            )
            assert watcher.stdout is not None
            # Its first byte says that signals meant for the group no longer end the watcher itself.
            watcher.stdout.read(1)
            watcher.stdout.close()
            _watchers[os.getpid()] = watcher
            atexit.register(_let_go)
        return watcher.pid


def _let_go() -> None:
    """End this process's watcher as it ends, rather than leave that to the closing of its pipe."""
    import subprocess

    watcher = _watchers.pop(os.getpid(), None)
    if watcher is None or watcher.stdin is None:
        return
    watcher.stdin.close()
    try:
        watcher.wait(1)
    except subprocess.TimeoutExpired:
        pass


def main() -> None:
    """Wait until the owner is gone, then end every process of this group."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    os.write(1, b".")
    os.close(1)
    while os.read(0, 1024):
        pass
    group = os.getpgrp()
    if os.fork():
        os._exit(0)
    # Outside the group: only so can it be seen to be empty, and be killed without killing the one who looks.
    os.setsid()
    for polite in (signal.SIGTERM, signal.SIGINT):
        # PostgreSQL waits for its clients after SIGTERM and no longer after SIGINT.
        if _is_gone_after(group, polite, POLITE_SECONDS):
            return
    _is_gone_after(group, signal.SIGKILL, POLITE_SECONDS)


def _is_gone_after(group: int, sent: signal.Signals, within_seconds: float) -> bool:
    """Send a signal to the group; true as soon as the group is empty, false if it is not within the time."""
    give_up = time.monotonic() + within_seconds
    try:
        os.killpg(group, sent)
        while time.monotonic() < give_up:
            os.killpg(group, 0)
            time.sleep(0.02)
    except ProcessLookupError:
        return True
    except PermissionError:
        # What is left of the group are other users' zombies: nobody whom a signal could end.
        return True
    return False


if __name__ == "__main__":
    main()
