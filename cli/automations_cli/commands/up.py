"""`automations up`: the whole product on this machine, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from automations_cli.options import DATA
from automations_cli.up_file import UpFile, remove_up_file, save_up_file

if TYPE_CHECKING:
    from automations_cli.services import Addresses
    from automations_cli.stack import Stack
    from embedded.report import PlainReport, Report, TerminalReport

STOPPING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
API_PORT, KAFKA_PORT = 8080, 9092


def up(
    data: Annotated[Path, typer.Option(help="Where all data and logs are kept.")] = DATA,
    port: Annotated[int, typer.Option(help="Port of the UI and API; another where it is taken.")] = API_PORT,
    kafka_port: Annotated[int, typer.Option(help="Port of Kafka; another where it is taken.")] = KAFKA_PORT,
    kafka_bootstrap_servers: Annotated[
        str | None, typer.Option(envvar="KAFKA_BOOTSTRAP_SERVERS", help="Use this Kafka; none is started.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(envvar="DATABASE_URL", help="Use this PostgreSQL; none is started.")
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples/--no-samples", help="Give an empty product sample automations and a few runs.")
    ] = True,
) -> None:
    """Run the product on this machine until Ctrl-C."""
    from embedded.report import report_for_this_terminal

    report = report_for_this_terminal()
    stack = open_stack(
        data,
        report,
        api_port=port,
        kafka_port=kafka_port,
        kafka_bootstrap_servers=kafka_bootstrap_servers,
        database_url=database_url,
    )
    run_stack(stack, report, samples=samples)


def open_stack(
    data: Path,
    report: Report,
    *,
    api_port: int = API_PORT,
    kafka_port: int = KAFKA_PORT,
    kafka_bootstrap_servers: str | None = None,
    database_url: str | None = None,
) -> Stack:
    """Return a stack, not started yet, with the demo CRM's ports as the environment says."""
    from automations_cli.stack import Stack

    return Stack(
        data,
        report,
        api_port=api_port,
        kafka_port=kafka_port,
        demo_crm_port=int(os.environ.get("DEMO_CRM_PORT", "8090")),
        demo_crm_smtp_port=int(os.environ.get("DEMO_CRM_SMTP_PORT", "1025")),
        kafka_bootstrap_servers=kafka_bootstrap_servers,
        database_url=database_url,
    )


def starting_failures() -> tuple[type[Exception], ...]:
    """Return what a start may fail with, each with the reason in words."""
    from automations_cli.stack import ServiceFailed
    from embedded.data_lock import DataInUse
    from embedded.jars import JarsUnavailable
    from embedded.kafka import KafkaFailed
    from embedded.postgres import PostgresFailed

    return (ServiceFailed, DataInUse, JarsUnavailable, KafkaFailed, PostgresFailed)


def run_stack(stack: Stack, report: PlainReport | TerminalReport, *, samples: bool) -> None:
    """Start a stack, tell where it is, and keep it until a signal; does not return.

    The process exits with 0 after a stop that was asked for, 1 if the start failed, 130 if it was broken off.
    """
    stop_asked = _listen_to_signals()
    try:
        with report:
            _unless_stopped(stack.start, stop_asked)
        if samples and not stop_asked.is_set():
            _unless_stopped(lambda: _add_samples(stack.addresses, report), stop_asked)
        status = 130
        if not stop_asked.is_set():
            stack.on_change = lambda: _save(stack)
            _save(stack)
            _tell(stack.addresses)
            stop_asked.wait()
            status = 0
        report.say("Stopping … (Ctrl-C again ends at once)")
    except starting_failures() as error:
        print(f"\n{error}", file=sys.stderr)  # noqa: T201
        status = 1
    stack.on_change = lambda: None
    remove_up_file(stack.data)
    stack.stop()
    report.say("Stopped.")
    # Threads of a start that was broken off may still wait for a network; what they started ends with this process.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _listen_to_signals() -> threading.Event:
    """Return what the first signal sets; a second one ends the process at once, and with it every child."""
    asked = threading.Event()

    def on_signal(number: int, frame: FrameType | None) -> None:
        if asked.is_set():
            os._exit(128 + number)
        asked.set()

    for number in STOPPING_SIGNALS:
        signal.signal(number, on_signal)
    return asked


def _add_samples(addresses: Addresses, report: Report) -> None:
    from automations_cli.samples import add_samples

    if told := add_samples(addresses.api_url, addresses.demo_crm_url):
        report.say(told)


def _unless_stopped(act: Callable[[], object], stop_asked: threading.Event) -> None:
    """Do something in a thread, so that a signal is heard at once."""
    ended = threading.Event()
    errors: list[BaseException] = []

    def run() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)
        finally:
            ended.set()

    threading.Thread(target=run, daemon=True).start()
    while not ended.wait(0.05) and not stop_asked.is_set():
        pass
    if errors:
        raise errors[0]


def _save(stack: Stack) -> None:
    addresses = stack.addresses
    up_file = UpFile(
        pid=os.getpid(),
        api_url=addresses.api_url,
        kafka_bootstrap_servers=addresses.kafka_bootstrap_servers,
        database_url=addresses.database_url,
        demo_crm_url=addresses.demo_crm_url,
        pids=stack.pids(),
    )
    save_up_file(stack.data, up_file)


def _tell(addresses: Addresses) -> None:
    lines = {
        "UI and API": addresses.api_url,
        "Kafka": f"{addresses.kafka_bootstrap_servers}  (publish events onto crm.events)",
        "Demo CRM": addresses.demo_crm_url,
        "Mails": f"{addresses.demo_crm_url}  (the demo CRM's page shows mails and Slack messages)",
        "Logs": str(addresses.data / "logs"),
    }
    if os.environ.get("AUTH", "open") == "open":
        lines["Access"] = "open to everybody on this machine (AUTH=required asks for a key)"
    for name, value in lines.items():
        typer.echo(f"{name:<11}{value}")
    typer.echo(f"ready at {addresses.api_url}")
    sys.stdout.flush()
