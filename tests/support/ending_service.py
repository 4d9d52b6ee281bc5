"""A service that takes a moment to end: `python -m tests.support.ending_service`. It says how it ended."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from automations.service import Process, ServiceSettings, run_service


@asynccontextmanager
async def running(process: Process) -> AsyncIterator[None]:
    try:
        yield
    finally:
        sys.stdout.write("ending\n")
        for _ in range(10):
            await asyncio.sleep(0)
        sys.stdout.write("ended in order\n")
        sys.stdout.flush()


if __name__ == "__main__":
    run_service("ending", running, ServiceSettings())
