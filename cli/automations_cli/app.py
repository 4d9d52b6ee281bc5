"""The `automations` command: wires its subcommands, which lie under `commands`.

What is heavy to import is imported inside the commands that need it, so that help and completion answer at once.
"""

from __future__ import annotations

import sys
from io import TextIOWrapper
from typing import Any

import typer
from typer.core import TyperGroup

from automations_cli.commands.apply import apply
from automations_cli.commands.automations import get, list_automations, set_status
from automations_cli.commands.decisions import explain, try_out
from automations_cli.commands.demo import demo
from automations_cli.commands.publish import publish
from automations_cli.commands.runs import cancel, list_runs, rerun, show_run
from automations_cli.commands.simulate import simulate
from automations_cli.commands.tasks import complete, list_tasks
from automations_cli.commands.up import up
from automations_cli.failures import CommandFailed
from automations_cli.output import tell_failure


class _Commands(TyperGroup):
    """Ends a command that failed with the words and the exit status of its failure."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except CommandFailed as error:
            tell_failure(error)
            raise typer.Exit(error.exit_status) from None


app = typer.Typer(
    name="automations",
    cls=_Commands,
    help="Event-driven workflow automation for CRMs.",
    epilog="Exit status: 0 done, 1 failed, 2 wrong usage, 3 not found, 4 the api or Kafka cannot be reached.",
    no_args_is_help=True,
    # Plain help: the decorated one takes half a second to import what it is drawn with.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(up)
app.command()(demo)
app.command()(publish)
app.command()(simulate)
app.command()(apply)
app.command("list")(list_automations)
app.command()(get)
app.command("status")(set_status)
app.command("runs")(list_runs)
app.command("run")(show_run)
app.command()(cancel)
app.command()(rerun)
app.command()(explain)
app.command("test")(try_out)
app.command("tasks")(list_tasks)
app.command()(complete)


def main() -> None:
    """Run the command line."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a sign shows another one; it is no reason to fail.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
