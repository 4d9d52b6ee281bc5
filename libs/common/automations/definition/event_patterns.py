"""Which events a trigger names: one type, a pattern such as `case.*`, `*` for every event, or a list of those.

A star stands for one or more characters, and only at the end: alone, or after a dot. So `case.*` covers
`case.created` and `case.task.created`, and not `case` itself. Two patterns overlap only where one covers the
other, which is why `narrowed` can leave every event under one pattern.
"""

import re
from collections.abc import Collection, Iterator
from typing import Final

from automations.problems import Problem, pointer_join

EVENTS_LIMIT: Final = 20
EVENT_LIMIT_CHARACTERS: Final = 200
EVERY_EVENT: Final = "*"

_POINTER: Final = "/trigger/event"
_SPACE: Final = re.compile(r"\s")


def parse_events(raw: object) -> tuple[str, ...]:
    """Return the types and patterns that a validated trigger names, in the order they are written.

    Raises:
        ValueError: it was not validated; the message says what is wrong first.
    """
    problems = events_problems(raw)
    if problems:
        raise ValueError(f"{problems[0].pointer}: {problems[0].message}")
    return (raw,) if isinstance(raw, str) else tuple(raw)  # type: ignore[arg-type]


def events_match(patterns: Collection[str], event_type: str) -> bool:
    """Return whether an event of this type is one of those named."""
    return event_type in patterns or any(pattern in patterns for pattern in covering_patterns(event_type))


def covering_patterns(event_type: str) -> Iterator[str]:
    """Yield every pattern that covers a type, the narrowest first, `*` last."""
    end = event_type.rfind(".", 0, -1)
    while end > 0:
        yield event_type[: end + 1] + "*"
        end = event_type.rfind(".", 0, end)
    if event_type:
        yield EVERY_EVENT


def narrowed(patterns: Collection[str]) -> tuple[str, ...]:
    """Return the same events without what another pattern covers, so that each event is under exactly one."""
    return tuple(
        pattern
        for pattern in dict.fromkeys(patterns)
        if not any(wider != pattern and wider in patterns for wider in covering_patterns(pattern))
    )


def events_problems(raw: object) -> list[Problem]:
    """Return everything that is wrong with a trigger's `event`; nothing if it can be understood."""
    if not isinstance(raw, list):
        return _problems_of_one(raw, _POINTER)
    if not raw:
        return [Problem(_POINTER, "A list of events names at least one.", "empty")]
    if len(raw) > EVENTS_LIMIT:
        return [Problem(_POINTER, f"A trigger names at most {EVENTS_LIMIT} events or patterns.", "too_many")]
    problems: list[Problem] = []
    for place, one in enumerate(raw):
        pointer = pointer_join(_POINTER, place)
        problems += _problems_of_one(one, pointer)
        if isinstance(one, str) and one in raw[:place]:
            problems.append(Problem(pointer, f'"{one[:80]}" stands twice in the list.', "duplicate"))
    return problems


def _problems_of_one(event: object, pointer: str) -> list[Problem]:
    if not isinstance(event, str):
        message = 'An event is text such as "case.created" or "case.*", or a list of such texts.'
        return [Problem(pointer, message, "type")]
    if not event:
        return [Problem(pointer, '"event" must not be empty; name one, such as case.created.', "empty")]
    if len(event) > EVENT_LIMIT_CHARACTERS:
        return [Problem(pointer, f'"event" has at most {EVENT_LIMIT_CHARACTERS} characters.', "too_long")]
    if _SPACE.search(event):
        return [Problem(pointer, "A type of event has no spaces, as in case.created.", "pattern")]
    if "*" in event.removesuffix("*") or not (event.removesuffix("*") in ("", event) or event.endswith(".*")):
        message = f'A star stands alone or at the end after a dot, as in "case.*"; "{event[:80]}" has it elsewhere.'
        return [Problem(pointer, message, "pattern")]
    if event == ".*":
        return [Problem(pointer, 'Write "*" for every event.', "pattern")]
    return []
