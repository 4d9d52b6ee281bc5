"""What a command ends with when it cannot do what was asked, each with its exit status.

The statuses are part of the command's interface: scripts tell by them what happened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_NOT_FOUND = 3
EXIT_UNREACHABLE = 4


class CommandFailed(Exception):
    """The command ends here; the text is for the person who typed it."""

    exit_status = EXIT_FAILED

    def __init__(self, reason: str, details: Sequence[str] = ()) -> None:
        super().__init__(reason)
        self.reason = reason
        self.details = tuple(details)


class NotThere(CommandFailed):
    """What was named does not exist."""

    exit_status = EXIT_NOT_FOUND


class Unreachable(CommandFailed):
    """The api, or Kafka, does not answer."""

    exit_status = EXIT_UNREACHABLE


class WrongUsage(CommandFailed):
    """What was typed cannot be meant."""

    exit_status = EXIT_USAGE


class Refused(CommandFailed):
    """The api refused the request; `status` is HTTP's, `errors` are its findings, each with the field's place."""

    def __init__(self, status: int, problem: Mapping[str, object]) -> None:
        self.status = status
        self.problem = dict(problem)
        super().__init__(render_headline(status, problem), render_errors(problem))


def render_headline(status: int, problem: Mapping[str, object]) -> str:
    """Return in one line what the api said."""
    title = str(problem.get("title") or "")
    detail = str(problem.get("detail") or "it did not say why")
    return f"refused ({' '.join(filter(None, (str(status), title)))}): {detail}"


def render_errors(problem: Mapping[str, object]) -> list[str]:
    """Return a line for each wrong field that a problem body names, the fields' places in one column."""
    found = [
        (str(error.get("pointer") or "(the whole)"), str(error.get("message") or ""))
        for error in _mappings(problem.get("errors"))
    ]
    found += [
        (str(task.get("task_id")), f"step {task.get('step')}: {task.get('title')}")
        for task in _mappings(problem.get("tasks"))
    ]
    width = max((len(place) for place, _message in found), default=0)
    return [f"{place:<{width}}  {message}" for place, message in found]


def _mappings(value: object) -> list[Mapping[str, object]]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []
