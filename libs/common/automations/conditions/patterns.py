"""Regular expressions of conditions, in time linear in the text, whatever the pattern.

A pattern is searched for in the text, not matched against all of it: `^` and `$` say more.
"""

from functools import lru_cache
from typing import Final, Protocol, cast

import re2

PATTERN_LIMIT_CHARACTERS: Final = 1_000
PATTERN_LIMIT_BYTES: Final = 4_194_304
"""The memory that a compiled pattern may take."""
PATTERN_LIMIT_STEPS: Final = 5_000
"""The size of a pattern as a program: what one character of a text may cost at most."""

_TOO_LARGE: Final = "The pattern is too large when its repetitions are written out; repeat less, or smaller classes."


class Pattern(Protocol):
    """A compiled pattern, searched for in UTF-8."""

    def search(self, text: bytes) -> object | None:
        """Return something if the pattern occurs in the text."""


class PatternRefused(ValueError):
    """The text is no pattern, or too large a one; `code` is for programs."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, ignore_case: bool) -> Pattern:
    """Return the compiled pattern.

    Raises:
        PatternRefused: it is longer than the limit, or RE2 does not understand it.
    """
    if len(pattern) > PATTERN_LIMIT_CHARACTERS:
        raise PatternRefused(f"A pattern has at most {PATTERN_LIMIT_CHARACTERS} characters.", "too_large")
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.case_sensitive = not ignore_case
    options.max_mem = PATTERN_LIMIT_BYTES
    try:
        compiled = re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise PatternRefused("A pattern is whole Unicode text, without half a character.", "pattern") from None
    except re2.error as error:
        reason = _reason(error)
        if "too large" in reason:
            raise PatternRefused(_TOO_LARGE, "too_large") from None
        raise PatternRefused(f"The pattern cannot be read: {reason}.{_hint(pattern)}", "pattern") from None
    if compiled.programsize > PATTERN_LIMIT_STEPS:
        raise PatternRefused(_TOO_LARGE, "too_large")
    return cast(Pattern, compiled)


def contains_pattern(pattern: Pattern, text: str) -> bool:
    """Return whether a pattern occurs in a text."""
    return pattern.search(text.encode("utf-8", "surrogatepass")) is not None


def _reason(error: Exception) -> str:
    reason = error.args[0] if error.args else "it is not well formed"
    return (reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)).rstrip(".")


def _hint(pattern: str) -> str:
    if any(sign in pattern for sign in ("(?=", "(?!", "(?<=", "(?<!")):
        return " Looking ahead or behind is not possible; write a second clause."
    return ""
