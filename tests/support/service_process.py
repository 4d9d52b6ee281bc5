"""A service of the product as a process of its own, as it runs in earnest."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from embedded.ports import LOOPBACK, find_free
from tests.support.eventually import PATIENCE_SECONDS, START_SECONDS, eventually


class ServiceProcess:
    """One process; `kill`, `pause` and `resume` do to it what operating systems do."""

    def __init__(self, module: str, env: Mapping[str, str], *arguments: str) -> None:
        self._module = module
        self._arguments = arguments
        self._port = find_free(1)[0]
        self._env = {**os.environ, **env, "HEALTH_PORT": str(self._port), "PYTHONUNBUFFERED": "1"}
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process's number, also after it has ended."""
        assert self._process is not None
        return self._process.pid

    @property
    def exit_status(self) -> int | None:
        """How the process ended; None while it runs."""
        assert self._process is not None
        return self._process.returncode

    async def start(self) -> None:
        """Return when `/readyz` says so.

        Raises:
            AssertionError: the process ended, or was not ready within 180 s.
        """
        command = (sys.executable, "-m", self._module, *self._arguments)
        self._process = await asyncio.create_subprocess_exec(*command, env=self._env)
        async with httpx.AsyncClient() as client:

            async def is_ready() -> bool:
                assert self._process is not None
                if self._process.returncode is not None:
                    raise RuntimeError(f"{self._module} ended with status {self._process.returncode}")
                try:
                    return (await client.get(f"http://{LOOPBACK}:{self._port}/readyz")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(is_ready, within_seconds=START_SECONDS)

    async def metric(self, name: str) -> float:
        """Return a value of its `/metrics`; 0 where it says nothing of it."""
        async with httpx.AsyncClient() as client:
            text = (await client.get(f"http://{LOOPBACK}:{self._port}/metrics")).text
        return sum(float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{name} "))

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal, if it still runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def until_ended(self, within_seconds: float = PATIENCE_SECONDS) -> int:
        """Return the exit status once the process has ended."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), within_seconds)

    async def kill(self) -> None:
        """End the process as `kill -9` does."""
        self.send(signal.SIGKILL)
        await self.until_ended()

    async def stop(self) -> int:
        """End the process as an orderly stop does, and return its exit status."""
        self.send(signal.SIGTERM)
        return await self.until_ended()


@asynccontextmanager
async def running_service(module: str, env: Mapping[str, str]) -> AsyncIterator[ServiceProcess]:
    """Yield a service that is ready; it is killed in the end if it still runs."""
    process = ServiceProcess(module, env)
    await process.start()
    try:
        yield process
    finally:
        if process.exit_status is None:
            await process.kill()
