"""Processes that measure at the same time: each says when it is warm, and all are given the word together."""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Sequence

_READY = b"ready\n"


def wait_for_the_word() -> None:
    """Say that this process is ready, and return when the one that started it says go."""
    print(_READY.decode(), end="", flush=True)
    sys.stdin.readline()


async def run_together(module: str, arguments: Sequence[Sequence[object]], words: int) -> list[str]:
    """Return what a module of the benchmark prints last, run in one process for each of the arguments.

    The word is given so often, each time when all are ready for it.
    """
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", module, *map(str, given), stdin=PIPE, stdout=PIPE, limit=2**24
        )
        for given in arguments
    ]
    for _ in range(words):
        await asyncio.gather(*(_until_ready(module, process) for process in processes))
        for process in processes:
            assert process.stdin is not None
            process.stdin.write(b"go\n")
    told = await asyncio.gather(*(process.communicate() for process in processes))
    if any(process.returncode for process in processes):
        raise RuntimeError(f"{module} ended with status {[process.returncode for process in processes]}")
    return [output.decode().strip().splitlines()[-1] for output, _ in told]


async def _until_ready(module: str, process: Process) -> None:
    assert process.stdout is not None
    while (line := await process.stdout.readline()) != _READY:
        if not line:
            raise RuntimeError(f"{module} ended before it was ready")
