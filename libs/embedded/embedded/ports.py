"""Loopback ports: the one that is wanted, or another where it is taken."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable

from embedded.report import Report

LOOPBACK = "127.0.0.1"

_handed_out: set[int] = set()
_choosing = threading.Lock()


def is_free(port: int) -> bool:
    """Whether a server could listen on that port of the loopback address now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: connections of a past server that linger in the kernel do not make a port taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def find_free(count: int = 1) -> list[int]:
    """Return different ports that are free now.

    None is returned twice in one process: whoever was given a port may not listen on it yet.
    """
    probes: list[socket.socket] = []
    found: list[int] = []
    try:
        with _choosing:
            while len(found) < count:
                probes.append(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
                probes[-1].bind((LOOPBACK, 0))
                port = int(probes[-1].getsockname()[1])
                if port not in _handed_out:
                    _handed_out.add(port)
                    found.append(port)
        return found
    finally:
        for probe in probes:
            probe.close()


def choose(wanted: int | None, subject: str, report: Report, but_not: Iterable[int] = ()) -> int:
    """Return the wanted port, or where it is taken a free one, saying so.

    Without a wish (None or 0) a free one is taken in silence.
    """
    excluded = set(but_not)
    if wanted and wanted not in excluded and is_free(wanted):
        return wanted
    port = next(port for port in find_free(len(excluded) + 1) if port not in excluded)
    if wanted:
        report.say(f"Port {wanted} is taken: {subject} listens on {port} instead.")
    return port
