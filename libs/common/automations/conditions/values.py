"""How a condition reads a value: which type it is of, and the two readings of text.

CRMs deliver numbers and dates as text. So a text in JSON's notation of a number can be read as that number,
and a text in ISO 8601 as a date, but only against an operand that is a number or a date. Nothing else is ever
converted.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Final, Literal

NUMBER_LIMIT_CHARACTERS: Final = 400
"""Longer text is never read as a number."""

Kind = Literal["no value", "boolean", "number", "text", "date", "list", "object"]

_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_DATE: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
    r"(?:T[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?)?"
)
_DATE_LENGTHS: Final = range(10, 36)


def read_number(text: str) -> int | float | None:
    """Return the number that a text is in JSON's notation, or `None`; `" 1"`, `"01"` and `"1."` are none."""
    match = _NUMBER.fullmatch(text) if len(text) <= NUMBER_LIMIT_CHARACTERS else None
    if match is None:
        return None
    return int(text) if match.group(1) is None and match.group(2) is None else float(text)


def looks_like_date(text: str) -> bool:
    """Return whether a text has the form of an ISO 8601 date or date-time; the day need not exist."""
    return len(text) in _DATE_LENGTHS and text[4] == "-" and _DATE.fullmatch(text) is not None


def read_date(value: object, zone: tzinfo) -> datetime | None:
    """Return the moment, in UTC, that a value is: text in ISO 8601, or a date-time; `None` if it is neither.

    A date is the first moment of its day. Without a zone of its own it is read in `zone`. A day that does not
    exist and a moment outside of the years 1 to 9999 are none.
    """
    if isinstance(value, str):
        if not looks_like_date(value):
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
    elif isinstance(value, datetime):
        moment = value
    else:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def has_zone(text: str) -> bool:
    """Return whether a text that is an ISO 8601 date names its zone, so that it is one moment for everybody."""
    match = _DATE.fullmatch(text)
    return match is not None and match.group(1) is not None


def kind_of(value: object) -> Kind:
    """Return the type of a value as conditions know it; text in ISO 8601 that is a day of the calendar is a date."""
    if value is None:
        return "no value"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "text" if read_date(value, UTC) is None else "date"
    if isinstance(value, datetime):
        return "date"
    return "object" if isinstance(value, Mapping) else "list"


def name_type(value: object) -> str:
    """Return what people call the type of a JSON value."""
    if value is None:
        return "null"
    names = {
        bool: "true or false",
        str: "text",
        int: "a number",
        float: "a number",
        dict: "an object",
        list: "a list",
    }
    return names.get(type(value), type(value).__name__)
