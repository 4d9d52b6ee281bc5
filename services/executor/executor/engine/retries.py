"""Whether and when a failed effect is tried again: pauses that grow, scattered so that runs do not come in step.

The scatter is derived from the run, the step and the attempt, so that replaying gives the same moments.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zlib import crc32

from automations.definition.document import RetryPolicy

LONGEST_ASKED_SECONDS: Final = 3_600.0
"""The longest pause that the other side may ask for."""
_SCATTER: Final = 0.5
"""A pause is at least this share of what the policy says, and at most all of it."""


@dataclass(frozen=True, slots=True)
class Retries:
    """A policy, with its times in seconds."""

    max_attempts: int
    first_seconds: float
    factor: float
    max_seconds: float
    within_seconds: float | None

    @classmethod
    def of(cls, policy: RetryPolicy) -> "Retries":
        """Return the policy of a document."""
        return cls(
            policy.max_attempts,
            policy.first_delay.total_seconds(),
            policy.factor,
            policy.max_delay.total_seconds(),
            None if policy.within is None else policy.within.total_seconds(),
        )


def decide_retry(
    policy: Retries,
    *,
    key: str,
    attempts: int,
    begun_at: datetime,
    now: datetime,
    asked_seconds: float | None = None,
    not_after: datetime | None = None,
) -> datetime | None:
    """Return when the next attempt begins; None where there is none.

    `attempts` were made of the step with the idempotency key, which began at `begun_at`. What the other side
    asked for is waited at least. An attempt that would begin outside of the policy's time, or after the step's
    own (`not_after`), is none.
    """
    if attempts >= policy.max_attempts:
        return None
    pause = pause_seconds(policy, key, attempts)
    if asked_seconds is not None:
        pause = max(pause, min(asked_seconds, LONGEST_ASKED_SECONDS))
    moment = now + timedelta(seconds=pause)
    if policy.within_seconds is not None and (moment - begun_at).total_seconds() > policy.within_seconds:
        return None
    return None if not_after is not None and moment >= not_after else moment


def pause_seconds(policy: Retries, key: str, attempts: int) -> float:
    """Return the pause after so many attempts."""
    try:
        grown = policy.first_seconds * policy.factor ** (attempts - 1)
    except OverflowError:
        grown = policy.max_seconds
    share = crc32(f"{key}:{attempts}".encode()) / 0xFFFFFFFF
    return min(grown, policy.max_seconds) * (_SCATTER + (1 - _SCATTER) * share)
