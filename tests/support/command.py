"""The `automations` command as a person or a script runs it."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from typing import Any

from tests.support.product import Product

PATIENCE_SECONDS = 240.0
"""A command may start the whole product, show it and stop it."""


@dataclass(frozen=True)
class Ended:
    """A command that has ended."""

    status: int
    output: str
    errors: str

    def json(self) -> Any:
        """Return what a command with `--json` printed."""
        assert self.status == 0, self.errors
        return json.loads(self.output)


async def start_command(*arguments: str, **env: str) -> Process:
    """Start the command; its three streams are pipes."""
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "automations_cli.app",
        *arguments,
        stdin=PIPE,
        stdout=PIPE,
        stderr=PIPE,
        env=os.environ | env,
    )


async def ended(process: Process, typed: str = "") -> Ended:
    """Return how a started command ends; one that does not end in time is ended and fails the test."""
    try:
        output, errors = await asyncio.wait_for(process.communicate(typed.encode()), PATIENCE_SECONDS)
    except TimeoutError:
        process.send_signal(signal.SIGKILL)
        output, errors = await process.communicate()
        raise AssertionError(f"the command did not end: {output.decode()}\n{errors.decode()}") from None
    assert process.returncode is not None
    return Ended(process.returncode, output.decode(), errors.decode())


async def automations(*arguments: str, typed: str = "", **env: str) -> Ended:
    """Run the command to its end; `typed` is its standard input."""
    return await ended(await start_command(*arguments, **env), typed)


class Shell:
    """The command, told where a running product is."""

    def __init__(self, product: Product) -> None:
        self._env = {
            "AUTOMATIONS_API_URL": product.api_url,
            "KAFKA_BOOTSTRAP_SERVERS": product.kafka_bootstrap_servers,
        }

    async def run(self, *arguments: str, typed: str = "") -> Ended:
        """Run a command to its end."""
        return await automations(*arguments, typed=typed, **self._env)

    async def start(self, *arguments: str) -> Process:
        """Start a command."""
        return await start_command(*arguments, **self._env)
