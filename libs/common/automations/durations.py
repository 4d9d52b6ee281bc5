"""How people write a length of time: `90s`, `15m`, `2h 30m`, `3d`, `1w`, ISO 8601 `P1DT2H`, or seconds as
a number."""

import re
from datetime import timedelta
from typing import Final

from pydantic import TypeAdapter, ValidationError

_PART: Final = re.compile(r"\s*(\d{1,9}(?:\.\d{1,6})?)\s*(w|d|h|m|s)", re.ASCII)
_UNITS: Final = {"w": "weeks", "d": "days", "h": "hours", "m": "minutes", "s": "seconds"}
_ISO: Final = TypeAdapter(timedelta)
_LIMIT: Final = timedelta(days=3660)
_EXPECTED: Final = "A duration is written like 90s, 15m, 2h 30m, 3d, 1w or P1DT2H, or as a number of seconds"
_EXPECTED_LENGTH: Final = "A duration is between 0 and ten years"


def read_duration(value: object) -> timedelta:
    """Return the length of time that was written, at most ten years.

    Raises:
        ValueError: it is none; the message says how one is written.
    """
    if isinstance(value, timedelta):
        duration = value
    elif isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LIMIT.total_seconds():
        duration = timedelta(seconds=value)
    elif isinstance(value, str):
        duration = _read_text(value.strip())
    else:
        raise ValueError(_EXPECTED)
    if not timedelta(0) <= duration <= _LIMIT:
        raise ValueError(_EXPECTED_LENGTH)
    return duration


def _read_text(text: str) -> timedelta:
    if text[:1] in ("P", "p") and len(text) <= 64:
        try:
            return _ISO.validate_python(text.upper())
        except ValidationError:
            raise ValueError(_EXPECTED) from None
    if re.fullmatch(r"\d{1,9}(\.\d{1,6})?", text, re.ASCII):
        return timedelta(seconds=float(text))
    total, position = timedelta(0), 0
    while position < len(text):
        part = _PART.match(text, position)
        if part is None:
            raise ValueError(_EXPECTED)
        try:
            total += timedelta(**{_UNITS[part[2]]: float(part[1])})
        except OverflowError:
            raise ValueError(_EXPECTED_LENGTH) from None
        position = part.end()
    if not text:
        raise ValueError(_EXPECTED)
    return total
