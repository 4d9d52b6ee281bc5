"""Apache Kafka's libraries: resolved and downloaded by jgo once, remembered as a class path.

They lie in the Maven repository folder that jgo is set to (`~/.m2/repository`, or `M2_REPO`), shared by all projects of
this user; mirrors of its `[repositories]` setting are honoured. A manifest beside them lists the class path, so a later
start asks nobody anything.

Invariant: a file appears under its name only when it is complete, so an interrupted download is taken up by the next start.
"""

from __future__ import annotations

import fcntl
import json
import os
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from embedded.report import Report

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
"""Kafka logs through SLF4J; without a binding a broker that does not start would not say why."""

ATTEMPTS = 4
DOWNLOADS_AT_ONCE = 6


class JarsUnavailable(RuntimeError):
    """Kafka's libraries are not on this machine and could not be downloaded."""


def load_class_path(report: Report, endpoint: str = f"{KAFKA}+{LOGGING}") -> list[Path]:
    """Return the jars of Apache Kafka, downloading what is missing.

    Raises:
        JarsUnavailable: with the reason, and what can be done.
    """
    from jgo.config import GlobalSettings

    repository = Path(GlobalSettings.load().repo_cache)
    manifest = repository / ".automations" / f"{endpoint.replace(':', '_').replace('+', '_')}.json"
    jars = read_manifest(manifest, endpoint)
    if jars is not None:
        return jars
    manifest.parent.mkdir(parents=True, exist_ok=True)
    with _only_one(manifest.with_suffix(".lock"), report):
        jars = read_manifest(manifest, endpoint)
        if jars is None:
            jars = _download(endpoint, repository, report)
            write_manifest(manifest, endpoint, jars)
    return jars


def read_manifest(manifest: Path, endpoint: str) -> list[Path] | None:
    """Return the jars a manifest lists, or None unless it is for this endpoint and every jar is there in its full size."""
    try:
        told = json.loads(manifest.read_bytes())
        jars = [(Path(jar["path"]), int(jar["bytes"])) for jar in told["jars"]]
        if told["endpoint"] != endpoint or any(jar.stat().st_size != size for jar, size in jars):
            return None
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return [jar for jar, _ in jars]


def write_manifest(manifest: Path, endpoint: str, jars: Sequence[Path]) -> None:
    """Remember a complete class path."""
    told = {"endpoint": endpoint, "jars": [{"path": str(jar), "bytes": jar.stat().st_size} for jar in jars]}
    unfinished = manifest.with_suffix(".new")
    unfinished.write_text(json.dumps(told, indent=1))
    unfinished.replace(manifest)


@contextmanager
def _only_one(lock: Path, report: Report) -> Iterator[None]:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            report.working("Kafka", "waiting for another start that downloads it")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _download(endpoint: str, repository: Path, report: Report) -> list[Path]:
    import requests
    from jgo.maven import Artifact

    started = time.monotonic()
    tally = _Tally(report)
    report.working("Kafka", "looking up what Apache Kafka 4.3.1 consists of")
    try:
        artifacts: list[Artifact] = _trying(lambda: _resolve(endpoint, repository, tally))
        tally.expect(len(artifacts))

        def fetch(artifact: Artifact) -> Path:
            jar = _trying(artifact.resolve)
            if not zipfile.is_zipfile(jar):  # left half-written by another tool
                jar.unlink()
                jar = _trying(artifact.resolve)
            tally.have(artifact.filename)
            return Path(jar)

        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as threads:
            jars = list(threads.map(fetch, artifacts))
    except (requests.RequestException, RuntimeError, OSError) as error:
        raise JarsUnavailable(
            f"Apache Kafka 4.3.1 could not be downloaded into {repository}: {error}. It is needed once, with a network. "
            "A mirror can be named under [repositories] in ~/.config/jgo.conf; or set KAFKA_BOOTSTRAP_SERVERS to use a "
            "Kafka of your own."
        ) from error
    report.say(
        f"Apache Kafka 4.3.1: {len(jars)} libraries, {tally.megabytes:.0f} MB downloaded "
        f"in {time.monotonic() - started:.0f} s into {repository}"
    )
    return jars


class _Tally:
    """What has been downloaded so far, told as it grows."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._lock = threading.Lock()
        self._bytes = 0
        self._looked_up = 0
        self._done = 0
        self._expected: int | None = None

    @property
    def megabytes(self) -> float:
        return self._bytes / 1e6

    def expect(self, count: int) -> None:
        self._expected = count

    def received(self, count: int) -> None:
        with self._lock:
            self._bytes += count
            self._tell()

    def have(self, filename: str) -> None:
        with self._lock:
            self._done += 1
            self._tell(filename)

    def looked_up(self) -> None:
        with self._lock:
            self._looked_up += 1
            if self._expected is None:
                self._report.working(
                    "Kafka", f"looking up what Apache Kafka 4.3.1 consists of: {self._looked_up} descriptions read"
                )

    def _tell(self, filename: str = "") -> None:
        if self._expected is not None:
            doing = f"downloading Apache Kafka 4.3.1: {self.megabytes:.0f} MB {filename}"
            self._report.working("Kafka", doing.rstrip(), self._done, self._expected)


def _resolve(endpoint: str, repository: Path, tally: _Tally) -> list[Artifact]:  # type: ignore[name-defined]  # noqa: F821
    raise NotImplementedError


def _trying[T](attempt: Callable[[], T]) -> T:
    raise NotImplementedError
