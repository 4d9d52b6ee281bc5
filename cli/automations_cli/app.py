"""The `automations` command: wires its subcommands, one file each under `commands`."""

from __future__ import annotations

import typer

from automations_cli.commands.up import up

app = typer.Typer(
    name="automations",
    help="Event-driven workflow automation for CRMs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
app.command()(up)


@app.callback()
def _automations() -> None:
    """With a callback, `up` stays a subcommand also while it is the only one."""


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
