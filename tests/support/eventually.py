"""Waiting for something to become true, instead of for time to pass."""

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")


async def eventually(look: Callable[[], T | Awaitable[T]], *, within_seconds: float = 20.0) -> T:
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
