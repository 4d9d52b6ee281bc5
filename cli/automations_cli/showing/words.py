"""Durations, times and statuses in words for people; pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

JsonObject = Mapping[str, Any]

STATUS_STYLES: Mapping[str, str] = {
    "active": "green",
    "completed": "green",
    "paused": "yellow",
    "running": "cyan",
    "waiting": "yellow",
    "open": "yellow",
    "failed": "red",
    "cancelled": "magenta",
    "archived": "bright_black",
    "draft": "bright_black",
    "pending": "bright_black",
    "skipped": "bright_black",
    "withdrawn": "bright_black",
}
_BREAKS = {"\n": "\n", "\t": "    "}


def printable(value: object) -> str:
    """Return text that cannot steer the terminal it is printed on."""
    text = value if isinstance(value, str) else str(value)
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else _BREAKS.get(letter, repr(letter)[1:-1] or "?") for letter in text
    )


def one_line(value: object) -> str:
    """Return printable text without line breaks."""
    return " ".join(printable(value).split())


def show_duration(seconds: float | None) -> str:
    """Return a duration given in seconds, as exact as people read it."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{round(seconds * 1000)} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    for unit, name, size, smaller in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // size} {smaller}"
    return f"{whole} s"


def show_time(text: object, zone: tzinfo | None = None) -> str:
    """Return an ISO 8601 time in a zone, the machine's own where none is given; what is no time as it is."""
    if not isinstance(text, str):
        return ""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return printable(text)
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"


def style_of(status: object) -> str:
    """Return the colour of a status."""
    return STATUS_STYLES.get(str(status), "")


def show_record(run: JsonObject) -> str:
    """Return the record that a run is about, as `object/id`."""
    record = run.get("record")
    return f"{record.get('object')}/{record.get('id')}" if isinstance(record, Mapping) else ""
