"""Waiting for something to become true, instead of for time to pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_SECONDS = 60.0
"""How long something is waited for that takes moments on an idle machine: the machine may be slow, and busy."""
START_SECONDS = 180.0
"""How long a process may take to start and get ready."""


async def eventually(look: Callable[[], T | Awaitable[T]], *, within_seconds: float = PATIENCE_SECONDS) -> T:
    """Return what `look` gives as soon as it is truthy; an AssertionError raised by it counts as not yet.

    Raises:
        AssertionError: it was not within the time; with what the last look gave.
    """
    give_up = time.monotonic() + within_seconds
    while True:
        try:
            seen = look()
            value: T = await seen if inspect.isawaitable(seen) else seen
            if value:
                return value
            reason = AssertionError(f"not within {within_seconds} s; last seen: {value!r}")
        except AssertionError as error:
            reason = error
        if time.monotonic() > give_up:
            raise reason
        await asyncio.sleep(0.03)
