"""`python -m demo_crm`: runs the demo CRM until SIGTERM or SIGINT."""

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Iterator

import uvicorn

from automations.messaging.connection import KafkaSettings
from automations.observability import configure_logging, get_logger
from demo_crm.app import create_app
from demo_crm.settings import Settings

log = get_logger("demo_crm")


class _Server(uvicorn.Server):
    """A server that leaves signals to us, so that a stop that was asked for ends with status 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def run(settings: Settings, kafka: KafkaSettings) -> int:
    """Serve until asked to stop; return the process's exit status."""
    try:
        listener = socket.create_server((settings.host, settings.port))
    except OSError as error:
        log.error("cannot listen: set DEMO_CRM_PORT to another port", port=settings.port, error=error.strerror)
        return 1
    app = create_app(settings, kafka)
    server = _Server(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="on", timeout_graceful_shutdown=5)
    )

    def stop() -> None:
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    log.info("starting", url=f"http://{settings.host}:{listener.getsockname()[1]}", data=str(settings.data))
    with listener:
        await server.serve(sockets=[listener])
    log.info("stopped")
    return 0 if server.started else 1


def main() -> int:
    """Run by the environment's settings."""
    configure_logging("demo-crm")
    return asyncio.run(run(Settings(), KafkaSettings()))


if __name__ == "__main__":
    sys.exit(main())
