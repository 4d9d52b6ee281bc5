"""The demo CRM as a process of its own, with its data in a folder of the test."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from pathlib import Path

import httpx

from tests.support.eventually import eventually


class DemoCrmProcess:
    """Starts, stops and kills one demo CRM; its ports and data stay the same over restarts."""

    def __init__(self, data: Path, bootstrap_servers: str, **environment: str) -> None:
        self.port, self.smtp_port = _free_port(), _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._log = data.parent / f"{data.name}.log"
        self.environment = {
            **os.environ,
            "DEMO_CRM_DATA": str(data),
            "DEMO_CRM_PORT": str(self.port),
            "DEMO_CRM_SMTP_PORT": str(self.smtp_port),
            "KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
            **environment,
        }
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it and return when it answers."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "demo_crm", env=self.environment, stdout=log, stderr=log
            )
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def look() -> bool:
                if self._process is None or self._process.returncode is not None:
                    raise RuntimeError(f"the demo CRM ended: {self._log.read_text()[-2000:]}")
                try:
                    return (await client.get("/livez")).status_code == 200
                except httpx.TransportError:
                    return False

            answers: bool = await eventually(look)
            assert answers

    async def wait_until_ready(self) -> None:
        """Return when its events reach Kafka."""
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def look() -> bool:
                return (await client.get("/readyz")).status_code == 200

            ready: bool = await eventually(look)
            assert ready

    async def stop(self) -> int:
        """Ask it to stop and return its exit status."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """Kill it with no chance to put anything in order."""
        await self._end(signal.SIGKILL)

    async def _end(self, how: signal.Signals) -> int:
        if self._process is None:
            return 0
        if self._process.returncode is None:
            self._process.send_signal(how)
        return await asyncio.wait_for(self._process.wait(), 20)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
