"""How a point in time is written: an ISO 8601 date or time, or the seconds since 1970 that some CRMs give.

A date alone is its midnight. Without a zone, a time is meant in UTC.
"""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from automations.durations import read_duration

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECONDS: Final = re.compile(r"\d{9,11}(\.\d{1,6})?", re.ASCII)
_ISO: Final = re.compile(r"\d{4}-\d\d-\d\d([T ].{1,40})?", re.ASCII)
_EXPECTED: Final = "A time is written like 2030-05-31, 2030-05-31T09:00:00Z or 2030-05-31T09:00:00+02:00"


def read_moment(value: object) -> datetime:
    """Return the point in time that was written, aware and in UTC.

    Raises:
        ValueError: it is none; the message says how one is written.
    """
    try:
        if isinstance(value, datetime):
            moment = value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            moment = _EPOCH + timedelta(seconds=value)
        elif isinstance(value, str) and _SECONDS.fullmatch(value.strip()):
            moment = _EPOCH + timedelta(seconds=float(value))
        elif isinstance(value, str) and _ISO.fullmatch(value.strip()):
            moment = datetime.fromisoformat(value.strip())
        else:
            raise ValueError(_EXPECTED)
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(_EXPECTED) from None


def read_due(value: object) -> timedelta | datetime:
    """Return a length of time, or the point in time that was written in its place.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, datetime) or (isinstance(value, str) and _ISO.fullmatch(value.strip())):
        return read_moment(value)
    try:
        return read_duration(value)
    except ValueError as error:
        raise ValueError(f"{error}; or as a time, like 2030-05-31T09:00:00Z") from None
