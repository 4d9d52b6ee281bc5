"""Apache Kafka's libraries: downloaded once, remembered as a class path.

A manifest in this user's cache folder (`~/.cache/automations`, or below `XDG_CACHE_HOME`) lists the jars, wherever
they lie; a start that finds them all asks nobody anything, and does not load what would.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from embedded.report import Report

KAFKA = "org.apache.kafka:kafka_2.13:4.3.1"
LOGGING = "org.slf4j:slf4j-simple:1.7.36"
"""Kafka logs through SLF4J; without a binding a broker that does not start would not say why."""


class JarsUnavailable(RuntimeError):
    """Kafka's libraries are not on this machine and could not be downloaded."""


def load_class_path(report: Report, endpoint: str = f"{KAFKA}+{LOGGING}") -> list[Path]:
    """Return the jars of Apache Kafka, downloading what is missing.

    Raises:
        JarsUnavailable: with the reason, and what can be done.
    """
    manifest = cache_folder() / f"{endpoint.replace(':', '_').replace('+', '_')}.json"
    jars = read_manifest(manifest, endpoint)
    if jars is not None:
        return jars
    from embedded.download import download_jars

    try:
        manifest.parent.mkdir(parents=True, exist_ok=True)
        with _only_one(manifest.with_suffix(".lock"), report):
            jars = read_manifest(manifest, endpoint)
            if jars is None:
                jars = download_jars(endpoint, report)
                write_manifest(manifest, endpoint, jars)
    # A SyntaxError is what a broken description makes of the XML parser.
    except (RuntimeError, OSError, SyntaxError) as error:
        raise JarsUnavailable(
            f"Apache Kafka 4.3.1 could not be downloaded: {error}. It is needed once, with a network. "
            "A mirror can be named under [repositories] in ~/.config/jgo.conf; "
            "or set KAFKA_BOOTSTRAP_SERVERS to use a Kafka of your own."
        ) from error
    return jars


def cache_folder() -> Path:
    """Return where this user's programs remember what they can make again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "automations"


def read_manifest(manifest: Path, endpoint: str) -> list[Path] | None:
    """Return the jars a manifest lists; None unless it is for this endpoint and every jar is there in its full size."""
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
