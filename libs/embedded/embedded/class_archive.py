"""Kafka's classes, read and checked once: a start from such an archive takes a good second less.

The Java runtime writes the archive itself, when a broker that was asked to ends cleanly; later brokers of this user
start from it. The runtime ignores an archive that does not fit its version or the class path, so a wrong one costs
time, not correctness.

Invariant: an archive appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import itertools
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from embedded.jars import cache_folder

WRITTEN_WITHIN_SECONDS = 60.0
_count = itertools.count()


@dataclass(frozen=True)
class ClassArchive:
    """What a broker's command gets for it; `unfinished` is what that broker writes as it ends, if it is to."""

    options: tuple[str, ...] = ()
    unfinished: Path | None = None
    finished: Path | None = None

    def keep(self) -> None:
        """The broker ended cleanly: later ones start from what it wrote."""
        if self.unfinished and self.finished and self.unfinished.exists():
            self.unfinished.replace(self.finished)


def choose_class_archive(java: Path, jvm: Sequence[str], class_path: str) -> ClassArchive:
    """Return the archive to start from, or to write where there is none yet; without a place for it, none."""
    # The release names the runtime's version; the options, the collector that decides the layout of objects.
    release = (java.parent.parent / "release").read_bytes()
    key = hashlib.sha256(b"\0".join([release, class_path.encode(), *(option.encode() for option in jvm)])).hexdigest()[
        :16
    ]
    finished = cache_folder() / f"kafka-{key}.jsa"
    if finished.exists():
        return ClassArchive((f"-XX:SharedArchiveFile={finished}",))
    base = cache_folder() / f"java-{key}.jsa"
    if not base.exists() and not _write_base(java, jvm, base):
        return ClassArchive()
    unfinished = finished.with_name(f".{finished.name}.{os.getpid()}.{next(_count)}")
    for leftover in finished.parent.glob(f".{finished.name}.*"):
        if not psutil.pid_exists(int(leftover.name.split(".")[-2])):
            leftover.unlink(missing_ok=True)
    options = (f"-XX:SharedArchiveFile={base}", f"-XX:ArchiveClassesAtExit={unfinished}")
    return ClassArchive(options, unfinished, finished)


def _write_base(java: Path, jvm: Sequence[str], base: Path) -> bool:
    """Write the archive of the runtime's own classes, which the wheel comes without; about a second."""
    unfinished = base.with_name(f".{base.name}.{os.getpid()}.{next(_count)}")
    try:
        base.parent.mkdir(parents=True, exist_ok=True)
        command = [str(java), *jvm, "-Xshare:dump", f"-XX:SharedArchiveFile={unfinished}"]
        done = subprocess.run(  # noqa: S603 - our own command
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=WRITTEN_WITHIN_SECONDS, check=False
        )
        if done.returncode or not unfinished.exists():
            return False
        unfinished.replace(base)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return True
