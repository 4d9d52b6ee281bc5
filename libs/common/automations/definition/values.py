"""Whether a value can be stored and sent at all: JSON's types, whole Unicode, neither too deep nor too
large."""

import json
import math
import re
from collections.abc import Mapping
from typing import Final

from automations.problems import Problem, pointer_join

DOCUMENT_LIMIT_BYTES: Final = 262_144
DEPTH_LIMIT: Final = 50

_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


def check_values(raw: object) -> list[Problem]:
    """Return what no document may hold, wherever it stands."""
    problems: list[Problem] = []
    waiting: list[tuple[object, str, int]] = [(raw, "", 0)]
    while waiting:
        value, pointer, depth = waiting.pop()
        if depth > DEPTH_LIMIT:
            return [Problem(pointer, f"An automation is nested at most {DEPTH_LIMIT} deep.", "too_deep")]
        if isinstance(value, Mapping):
            for name, part in value.items():
                problems += _check_key(name, pointer)
                waiting.append((part, pointer_join(pointer, str(name)), depth + 1))
        elif isinstance(value, list):
            waiting.extend((part, pointer_join(pointer, place), depth + 1) for place, part in enumerate(value))
        else:
            problems += _check_scalar(value, pointer)
    if not problems and _size_bytes(raw) > DOCUMENT_LIMIT_BYTES:
        problems.append(Problem("", f"An automation has at most {DOCUMENT_LIMIT_BYTES} bytes as JSON.", "too_large"))
    return sorted(problems, key=lambda problem: problem.pointer)


def _size_bytes(raw: object) -> int:
    return len(json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode())


def _check_key(name: object, pointer: str) -> list[Problem]:
    if not isinstance(name, str):
        return [Problem(pointer, f"The name of a field is text, not {name!r}.", "type")]
    if _UNSTORABLE.search(name):
        return [Problem(pointer, "The name of a field holds NUL or half a character.", "unstorable_text")]
    return []


def _check_scalar(value: object, pointer: str) -> list[Problem]:
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            return [Problem(pointer, "The text holds NUL or half a character (a lone surrogate).", "unstorable_text")]
        return []
    if isinstance(value, float) and not math.isfinite(value):
        return [Problem(pointer, "A number is finite.", "type")]
    if isinstance(value, int) and abs(value) > 2**1023:
        return [Problem(pointer, "A number is no larger than a double.", "type")]
    if value is None or isinstance(value, int | float):
        return []
    return [Problem(pointer, f"A value is one of JSON, not {type(value).__name__}.", "type")]
