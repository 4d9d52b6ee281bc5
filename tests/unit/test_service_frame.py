"""The frame of a service process."""

import asyncio
import os
import signal
import sys

from tests.support.eventually import START_SECONDS


async def test_service_that_is_stopped_ends_in_order() -> None:
    """What a service does on its way out is done to its end: work is given up, groups are left, leases end."""
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "HEALTH_PORT": "0"}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.ending_service", env=environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines: list[str] = []
    async with asyncio.timeout(START_SECONDS):
        async for line in process.stdout:
            lines.append(line.decode().strip())
            if '"event": "ready"' in lines[-1]:
                process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0
    assert lines[lines.index("ending") + 1] == "ended in order"
