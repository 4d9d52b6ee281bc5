"""A running stack: the engines and the service processes, started, watched, restarted and stopped in order.

`automations up` runs one; tests run one and kill its parts. Nothing of it outlives the process that holds it.

All methods may be called from any thread, and wait: call them in a thread from async code.
"""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import httpx

from automations_cli.engines import Engines
from automations_cli.services import SERVICES, Addresses, ServiceSpec, render_environment
from embedded import data_lock, ports
from embedded.child import Child, start_child, turn_log_over
from embedded.ports import LOOPBACK
from embedded.report import Report

STOP_WITHIN_SECONDS = 15.0
STEADY_AFTER_SECONDS = 30.0
"""A process that lived this long before it ended is started again at once; else each end doubles the pause."""
LONGEST_PAUSE_SECONDS = 10.0


class ServiceFailed(RuntimeError):
    """A service did not get ready; the message ends with its last log lines."""


@dataclass
class Instance:
    """One process of a service. `child` is None while it is stopped."""

    name: str
    spec: ServiceSpec
    port: int
    child: Child | None = None
    is_wanted: bool = False
    """Whether it is to run: one that ends while it is wanted is started again, if the stack is to."""
    started_at: float = 0.0
    ends: int = 0
    start_again_at: float | None = None

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


class Stack:
    """The engines and services of one data folder.

    Ports of 0 are any free ones. `kafka_bootstrap_servers` and `database_url` replace the embedded engines. `env` are
    settings for every service that win over all others. With `restarts`, a service or engine that ends by itself is
    started again.
    """

    def __init__(
        self,
        data: Path,
        report: Report,
        *,
        specs: Sequence[ServiceSpec] | None = None,
        api_port: int = 8080,
        kafka_port: int = 9092,
        demo_crm_port: int = 8090,
        demo_crm_smtp_port: int = 1025,
        kafka_bootstrap_servers: str | None = None,
        database_url: str | None = None,
        env: Mapping[str, str] | None = None,
        restarts: bool = True,
        ready_within_seconds: float = 90.0,
    ) -> None:
        self.data = data.resolve()
        self._report = report
        self._specs = {spec.name: spec for spec in specs or SERVICES}
        self._ports = (api_port, demo_crm_port, demo_crm_smtp_port)
        self._given = (kafka_bootstrap_servers, database_url)
        self._env = dict(env or {})
        self._restarts = restarts
        self._ready_within_seconds = ready_within_seconds
        self._engines = Engines(self.data, report, kafka_port=kafka_port)
        self._instances: dict[str, Instance] = {}
        self._lock = threading.RLock()
        self._data_lock: data_lock.DataLock | None = None
        self._addresses: Addresses | None = None
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="watching services", daemon=True)
        self.on_change: Callable[[], None] = _nothing
        """Called after processes were replaced by new ones."""

    @property
    def addresses(self) -> Addresses:
        """Where everything is; known once the stack has started."""
        assert self._addresses is not None, "the stack has not started"
        return self._addresses

    def start(self) -> Addresses:
        """Start the engines, then all services; returns when every `/readyz` answers.

        Raises:
            ServiceFailed, and what the engines raise: with the reason. Call `stop` then, too.
        """
        self._data_lock = data_lock.acquire(self.data / "up.lock", "Automations", self._report)
        kafka, database_url = self._engines.start(*self._given)
        self._addresses = self._choose_addresses(kafka, database_url)
        for spec in self._specs.values():
            port = spec.fixed_port(self._addresses) if spec.fixed_port else ports.choose(None, spec.name, self._report)
            self._instances[spec.name] = Instance(spec.name, spec, port)
        with ThreadPoolExecutor(len(self._instances) or 1) as threads:
            list(threads.map(self._bring_up, self._instances.values()))
        self._watcher.start()
        return self._addresses

    def _choose_addresses(self, kafka: str, database_url: str) -> Addresses:
        chosen: list[int] = []
        subjects = ("the UI and API", "the demo CRM", "the demo CRM's mail sink")
        for wanted, subject in zip(self._ports, subjects, strict=True):
            chosen.append(ports.choose(wanted, subject, self._report, but_not=chosen))
        api, demo_crm, mails = chosen
        return Addresses(kafka, database_url, api, demo_crm, mails, self.data, embedded_kafka=not self._given[0])

    def url(self, name: str) -> str:
        """Return a service's base URL (`/livez`, `/readyz`, and for api and demo-crm their own)."""
        return self._instances[name].url

    def pid(self, name: str) -> int | None:
        """Return a service's process, or None while it has none."""
        child = self._instances[name].child
        return child.pid if child and child.exit_status is None else None

    def pids(self) -> dict[str, int]:
        """Return every living process by the name of its engine or service."""
        services = {name: self.pid(name) for name in self._instances}
        return self._engines.pids() | {name: pid for name, pid in services.items() if pid}

    def log(self, name: str) -> Path:
        """Return where a service writes its log."""
        return self.data / "logs" / f"{name}.log"

    def kill(self, name: str, sent: signal.Signals = signal.SIGKILL) -> None:
        """Send a service a signal. After one that ends it, this returns when it has ended."""
        child = self._living(name)
        child.send(sent)
        if sent in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT) and not child.wait(STOP_WITHIN_SECONDS):
            raise ServiceFailed(f"{name} did not end within {STOP_WITHIN_SECONDS:.0f} s of {sent.name}")

    def halt(self, name: str) -> None:
        """Stop a service cleanly, and leave it stopped."""
        with self._lock:
            instance = self._instances[name]
            instance.is_wanted = False
        if instance.child:
            instance.child.stop(grace_seconds=STOP_WITHIN_SECONDS)

    def restart(self, name: str) -> None:
        """Start a service anew, stopping it cleanly first if it lives; returns when it is ready."""
        self.halt(name)
        self._bring_up(self._instances[name])
        self.on_change()

    def add(self, service: str) -> str:
        """Start one more process of a service; returns its name (`executor-2`) when it is ready."""
        with self._lock:
            count = sum(instance.spec.name == service for instance in self._instances.values())
            name = f"{service}-{count + 1}"
            instance = Instance(name, self._specs[service], ports.choose(None, name, self._report))
            self._instances[name] = instance
        self._bring_up(instance)
        self.on_change()
        return name

    def stop(self) -> None:
        """Stop the services in order, then the engines, each within a bounded time, saying so."""
        self._stopping.set()
        if self._watcher.is_alive():
            self._watcher.join(STOP_WITHIN_SECONDS)
        order = list(self._specs)
        for instance in sorted(self._instances.values(), key=lambda one: order.index(one.spec.name)):
            if self.pid(instance.name) is None or instance.child is None:
                continue
            instance.is_wanted = False
            clean = instance.child.stop(grace_seconds=STOP_WITHIN_SECONDS)
            self._report.say(f"{instance.name} stopped" if clean else f"{instance.name} had to be killed")
        engines = ", ".join(self._engines.pids())
        self._engines.stop()
        if engines:
            self._report.say(f"{engines} stopped")
        if self._data_lock:
            self._data_lock.release()
            self._data_lock = None

    def _living(self, name: str) -> Child:
        child = self._instances[name].child
        if child is None or child.exit_status is not None:
            raise ServiceFailed(f"{name} does not run")
        return child

    def _spawn(self, instance: Instance) -> Child:
        with self._lock:
            environment = render_environment(
                instance.spec, self.addresses, instance.port, inherited=os.environ, given=self._env
            )
            instance.child = start_child(
                instance.name, instance.spec.command, log=self.log(instance.name), env=environment
            )
            instance.is_wanted = True
            instance.started_at = time.monotonic()
            instance.start_again_at = None
            return instance.child

    def _bring_up(self, instance: Instance) -> None:
        """Start a service and wait until it is ready."""
        if self._stopping.is_set():
            return
        self._report.working(instance.name, "starting")
        child = self._spawn(instance)
        give_up = time.monotonic() + self._ready_within_seconds
        while not is_ready(instance.url):
            if child.exit_status is not None:
                instance.is_wanted = False
                self._fail(instance, f"ended while starting ({describe_end(child.exit_status)})")
            if time.monotonic() > give_up:
                self._fail(instance, f"was not ready within {self._ready_within_seconds:.0f} s")
            if self._stopping.wait(0.05):
                return
        self._report.ready(instance.name, "ready")

    def _fail(self, instance: Instance, what: str) -> None:
        log = self.log(instance.name)
        self._report.failed(instance.name, what)
        lines = instance.child.last_lines() if instance.child else ""
        raise ServiceFailed(f"{instance.name} {what}. The end of {log}:\n{lines}")

    def _watch(self) -> None:
        while not self._stopping.wait(0.2):
            if self._restarts:
                self._revive_engines()
                for instance in list(self._instances.values()):
                    self._revive(instance)
            for log in (self.data / "logs").glob("*.log"):
                turn_log_over(log)

    def _revive_engines(self) -> None:
        try:
            if self._engines.revive():
                self.on_change()
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            self._report.say(f"{error}\nTried again in {LONGEST_PAUSE_SECONDS:.0f} s")
            self._stopping.wait(LONGEST_PAUSE_SECONDS)

    def _revive(self, instance: Instance) -> None:
        """Start a service that ended by itself again, after a pause that grows while it keeps ending."""
        with self._lock:
            child = instance.child
            if not instance.is_wanted or child is None or child.exit_status is None:
                return
            now = time.monotonic()
            if instance.start_again_at is None:
                instance.ends = 1 if now - instance.started_at > STEADY_AFTER_SECONDS else instance.ends + 1
                pause_seconds = choose_pause(instance.ends)
                instance.start_again_at = now + pause_seconds
                self._report.say(
                    f"{instance.name} ended ({describe_end(child.exit_status)}); its last lines:\n"
                    f"{child.last_lines(8)}\n{instance.name} is started again in {pause_seconds:.1f} s"
                )
            if now >= instance.start_again_at:
                self._spawn(instance)
                self.on_change()


def _nothing() -> None:
    """Nobody asked to be told."""


def choose_pause(ends: int) -> float:
    """Return the seconds to wait before a service that ended `ends` times in a row is started again."""
    return float(min(LONGEST_PAUSE_SECONDS, 0.25 * 2 ** (ends - 1)))


def describe_end(exit_status: int) -> str:
    """Return in words how a process ended."""
    if exit_status >= 0:
        return f"exit status {exit_status}"
    try:
        return f"killed by {signal.Signals(-exit_status).name}"
    except ValueError:
        return f"killed by signal {-exit_status}"


def is_ready(url: str) -> bool:
    """Whether a service says that it is ready."""
    try:
        # No proxy of the environment stands between us and our own loopback address.
        return httpx.get(f"{url}/readyz", timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False
