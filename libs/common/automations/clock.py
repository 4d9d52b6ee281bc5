"""Time as the services see it: aware, UTC, and given as a value to everything pure."""

import time
from datetime import UTC, datetime
from functools import lru_cache


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


@lru_cache(maxsize=1024)
def from_milliseconds(milliseconds: int) -> datetime:
    """Return the moment that Kafka writes as milliseconds since 1970."""
    # Remembered: the broker gives the same time to all records that it appended at once.
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def monotonic_seconds() -> float:
    """Return seconds on a clock that never goes back; only differences mean anything."""
    return time.monotonic()
