"""How commands speak: results on standard output, everything else on standard error.

On a terminal with colours and to its width; elsewhere plain, and as wide as the text is, so that nothing is cut.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from automations_cli.failures import CommandFailed

_UNBOUNDED_COLUMNS = 4000


def open_console(*, stderr: bool = False) -> Console:
    """Return the console of standard output or standard error as it is now."""
    from rich.console import Console

    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _UNBOUNDED_COLUMNS
    return Console(file=stream, width=width, highlight=False, markup=False, emoji=False, soft_wrap=False)


def render_json(value: object, *, indent: int | None = 2) -> str:
    """Return JSON as it is printed: keys in the api's order, text as it is."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def print_json(value: object) -> None:
    """Print one JSON value."""
    typer.echo(render_json(value))


def print_json_line(value: object) -> None:
    """Print one JSON value on a line of its own, at once."""
    typer.echo(render_json(value, indent=None))
    sys.stdout.flush()


def say(message: str) -> None:
    """Tell the person something that is no result."""
    typer.echo(message, err=True)


def tell_failure(error: CommandFailed) -> None:
    """Say why the command ends, each wrong field on a line of its own."""
    from automations_cli.showing.words import printable

    typer.secho(f"automations: {printable(error.reason)}", err=True, fg="red")
    for detail in error.details:
        typer.echo(f"  {printable(detail)}", err=True)
