"""The demo CRM as a process of its own, with its data in a folder of the test."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx

from embedded.ports import find_free
from tests.support.eventually import PATIENCE_SECONDS, eventually


class DemoCrmProcess:
    """Starts, stops and kills one demo CRM; its ports and data stay the same over restarts."""

    def __init__(self, data: Path, bootstrap_servers: str, **environment: str) -> None:
        self.port, self.smtp_port = find_free(2)
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

            await self._until(look, "answer")

    async def wait_until_ready(self) -> None:
        """Return when its events reach Kafka."""
        async with httpx.AsyncClient(base_url=self.url) as client:

            async def look() -> bool:
                try:
                    return (await client.get("/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await self._until(look, "become ready")

    async def _until(self, look: Callable[[], Awaitable[bool]], what: str) -> None:
        try:
            await eventually(look)
        except AssertionError as error:
            raise AssertionError(f"the demo CRM did not {what}: {self._log.read_text()[-2000:]}") from error

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
        return await asyncio.wait_for(self._process.wait(), PATIENCE_SECONDS)
