"""The JSON of an event: what can be read at all, and why the rest cannot.

Whatever is refused is refused with a code for filters and a reason for people.
"""

import base64
import binascii
import re
from typing import Any

import msgspec

MAX_DEPTH = 100

_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_LONE_SURROGATE = re.compile(rb"(?<!\\)(?:\\\\)*\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])")
_DIGITS_OF_DOUBLE = 308
"""So many digits fit any double; a whole number beyond it has more."""
USUAL_BYTES = _DIGITS_OF_DOUBLE
"""A JSON text of no more bytes, and without a list, neither nests too deep nor holds a number beyond double."""
_LONG_NUMBER = re.compile(rb"[0-9]{309}")
_DIGIT = re.compile(rb"[0-9]")
_LEAST_BYTES_TOO_DEEP_IN_OBJECTS = 5 * MAX_DEPTH
"""A level takes at least `{"":` and its end."""
_LEAST_BYTES_UNUSUAL = 2 * MAX_DEPTH
"""A level that is a list takes two brackets, and a number beyond double more digits than that."""
_BUT_OPENING = bytes(set(range(256)).difference(b"{["))
_decoder = msgspec.json.Decoder()


class UnreadableEvent(ValueError):
    """An event that no automation can be evaluated with; `code` is for filters, the text for people."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def read_json(value: bytes) -> Any:
    """Return the value of a JSON text, everything in it checked.

    Raises:
        UnreadableEvent: it is no JSON, nests deeper than `MAX_DEPTH`, or holds NUL, a lone surrogate or a number
            beyond double.
    """
    if b"\\" in value:
        _refuse_nul(value)
    try:
        body = _decoder.decode(value)
    except RecursionError:
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels") from None
    except UnicodeDecodeError as error:
        raise UnreadableEvent("not_utf8", f"the value is not UTF-8: {error.reason}") from None
    except msgspec.DecodeError as error:
        raise _json_problem(value, str(error)) from None
    if may_be_unusual(value):
        _refuse_unusual(value, body)
    return body


def may_be_unusual(value: bytes) -> bool:
    """Return whether a JSON text could nest too deep, or hold a number beyond double."""
    size = len(value)
    if size <= _LEAST_BYTES_UNUSUAL:
        return False
    if (size > _LEAST_BYTES_TOO_DEEP_IN_OBJECTS or b"[" in value) and _may_be_too_deep(value):
        return True
    return size > _DIGITS_OF_DOUBLE and _has_long_number(value)


def _may_be_too_deep(value: bytes) -> bool:
    return len(value.translate(None, _BUT_OPENING)) > MAX_DEPTH


def _has_long_number(value: bytes) -> bool:
    # A number beyond double covers one of these places.
    places = value[_DIGITS_OF_DOUBLE::_DIGITS_OF_DOUBLE]
    return _DIGIT.search(places) is not None and _LONG_NUMBER.search(value) is not None


def _refuse_nul(value: bytes) -> None:
    if b"\\u0000" in value and _NUL.search(value):
        raise UnreadableEvent("nul_character", "a text holds the character NUL (\\u0000); leave it out")


def _refuse_unusual(value: bytes, body: Any) -> None:
    """Refuse what nests too deep, and a number beyond double."""
    if _may_be_too_deep(value) and _depth_exceeds(body, MAX_DEPTH):
        raise UnreadableEvent("too_deep", f"the value nests deeper than {MAX_DEPTH} levels")
    if _has_long_number(value) and _holds_beyond_double(body):
        raise _number_problem()


def read_base64(text: Any) -> Any:
    """Return the value of a JSON text in base64.

    Raises:
        UnreadableEvent: it is no base64; or as `read_json`.
    """
    try:
        value = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise UnreadableEvent("not_json", "`data_base64` is not base64; send JSON in `data`") from None
    return read_json(value)


def _json_problem(value: bytes, message: str) -> UnreadableEvent:
    if "surrogate" in message or _LONE_SURROGATE.search(value):
        return UnreadableEvent("lone_surrogate", "a text holds a lone surrogate (one half of a \\u pair)")
    if "out of range" in message:
        return _number_problem()
    return UnreadableEvent("not_json", f"the value is not JSON: {message}")


def _number_problem() -> UnreadableEvent:
    return UnreadableEvent("number_too_large", "a number is beyond the range of a double (about 1.8e308)")


def _depth_exceeds(value: Any, limit: int) -> bool:
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            for child in (parent.values() if isinstance(parent, dict) else parent)
            if isinstance(child, dict | list)
        ]
        if not level:
            return False
    return True


def _holds_beyond_double(value: Any) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            float(value)
        except OverflowError:
            return True
    if isinstance(value, dict):
        return any(_holds_beyond_double(child) for child in value.values())
    if isinstance(value, list):
        return any(_holds_beyond_double(child) for child in value)
    return False


def name_kind(value: Any) -> str:
    """Return what people call the type of a JSON value that should be an object."""
    if value is None:
        return "null"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "no object")
