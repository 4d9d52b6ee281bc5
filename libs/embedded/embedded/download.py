"""Downloading Java libraries by jgo, telling how far it is.

They lie in the Maven repository folder that jgo is set to (`~/.m2/repository`, or `M2_REPO`), shared by all projects
of this user; mirrors of its `[repositories]` setting are honoured.

Invariant: a file appears under its name only when it is complete, so an interrupted download is taken up by the
next start.
"""

from __future__ import annotations

import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.maven import Artifact, MavenContext, PythonResolver
from jgo.parse import Endpoint

from embedded.report import Report

T = TypeVar("T")

DOWNLOADS_AT_ONCE = 6


def download_jars(endpoint: str, report: Report) -> list[Path]:
    """Return the jars of an endpoint and of all that it needs to run, downloading those that are not there."""
    settings = GlobalSettings.load()
    repository = Path(settings.repo_cache)
    started = time.monotonic()
    tally = _Tally(report)
    report.working("Kafka", "looking up what Apache Kafka 4.3.1 consists of")
    artifacts = _trying(lambda: _resolve(endpoint, settings, tally))
    tally.expect(len(artifacts))

    def fetch(artifact: Artifact) -> Path:
        jar = _trying(artifact.resolve)
        if not zipfile.is_zipfile(jar):  # left half-written by another tool
            jar.unlink()
            jar = _trying(artifact.resolve)
        tally.have_one_more()
        return Path(jar)

    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as threads:
        jars = list(threads.map(fetch, artifacts))
    if tally.megabytes:
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

    def have_one_more(self) -> None:
        with self._lock:
            self._done += 1
            self._tell()

    def looked_up(self) -> None:
        with self._lock:
            self._looked_up += 1
            if self._expected is None:
                self._report.working(
                    "Kafka", f"looking up what Apache Kafka 4.3.1 consists of: {self._looked_up} descriptions read"
                )

    def _tell(self) -> None:
        if self._expected is not None:
            doing = f"downloading Apache Kafka 4.3.1: {self.megabytes:.0f} MB"
            self._report.working("Kafka", doing, self._done, self._expected)


class _WholeFiles(PythonResolver):
    """jgo's resolver, with each file downloaded aside and moved into place when it is complete."""

    def __init__(self, tally: _Tally) -> None:
        self._tally = tally
        super().__init__(progress_callback=self._count)

    @contextmanager
    def _count(self, filename: str, size_bytes: int) -> Iterator[Callable[[int], None]]:
        yield self._tally.received

    def download(self, artifact: Artifact) -> Path:
        place = artifact.cached_path
        assert place is not None
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent, prefix=".unfinished-") as aside:
            context = MavenContext(
                repo_cache=Path(aside), remote_repos=artifact.context.remote_repos, timeout=artifact.context.timeout
            )
            component = context.project(artifact.groupId, artifact.artifactId).at_version(artifact.version)
            downloaded = super().download(component.artifact(artifact.classifier, artifact.packaging))
            assert downloaded is not None
            downloaded.replace(place)
        if artifact.packaging == "pom":
            self._tally.looked_up()
        return place


def _resolve(endpoint: str, settings: GlobalSettings, tally: _Tally) -> list[Artifact]:
    """Return the endpoint's artifacts and all that they need to run; reads descriptions, downloads no jar."""
    resolver = _WholeFiles(tally)
    context = MavenContext(
        resolver=resolver,
        repo_cache=settings.repo_cache,
        remote_repos={"central": MAVEN_CENTRAL_URL} | settings.repositories,
        timeout=30,
    )
    wanted = [
        context.create_dependency(replace(coordinate, scope="compile"))
        for coordinate in Endpoint.parse(endpoint).coordinates
    ]
    inputs, transitive = resolver.resolve(wanted)
    needed = [*inputs, *(one for one in transitive if one.scope in ("compile", "runtime"))]
    return [dependency.artifact for dependency in needed]


def _trying(attempt: Callable[[], T]) -> T:
    """Return what an attempt over the network gives, trying again after short pauses."""
    for pause_seconds in (0.5, 2.0, 5.0):
        try:
            return attempt()
        except (requests.RequestException, RuntimeError):
            time.sleep(pause_seconds)
    return attempt()
