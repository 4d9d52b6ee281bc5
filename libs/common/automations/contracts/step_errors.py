"""Why a step failed, as commands, facts and notifier's results say it."""

from typing import Any

import msgspec


class StepError(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Why a step failed, for people first."""

    kind: str
    """`refused`, `unreachable`, `timeout`, `invalid`, `unknown`, `not_allowed` … for filters."""
    message: str
    """What happened, why if known, what to do."""
    retryable: bool = False
    detail: dict[str, Any] = {}
