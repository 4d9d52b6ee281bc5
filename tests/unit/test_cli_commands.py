"""The command line itself: what may be typed, what is said, and with what status it ends."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from automations_cli import samples
from automations_cli.app import app
from automations_cli.documents import load_documents

COMMANDS = {
    "up", "demo", "publish", "simulate", "apply", "list", "get", "status", "runs", "run", "explain", "test", "tasks",
    "complete", "cancel", "rerun",
}  # fmt: skip
NOWHERE = "http://127.0.0.1:1"
cli = CliRunner()


def test_help_names_every_command_and_the_exit_statuses() -> None:
    shown = cli.invoke(app, ["--help"])
    assert shown.exit_code == 0
    listed = shown.output.partition("Commands:")[2].splitlines()
    assert {line.split()[0] for line in listed if line.startswith("  ") and line[2:3].isalpha()} >= COMMANDS
    assert "3 not found" in shown.output


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_explains_itself(command: str) -> None:
    shown = cli.invoke(app, [command, "--help"])
    assert shown.exit_code == 0
    assert "--data" in shown.output


@pytest.mark.parametrize("command", sorted(COMMANDS - {"up"}))
def test_every_command_speaks_json(command: str) -> None:
    assert "--json" in cli.invoke(app, [command, "--help"]).output


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["status", "x", "sleeping"],
        ["publish"],
        ["publish", "case.created", "priority"],
        ["publish", "case.created", "-f", "-"],
        ["complete", "x", "--output", "[]"],
        ["simulate", "--for", "soon"],
        ["simulate", "--rate", "0"],
        ["apply"],
        ["explain", "x"],
        ["explain", "x", "--at", "crm.events:3"],
        ["explain", "x", "--at", "crm.events:3:4", "--event", "-"],
        ["test", "x", "--event", "-"],
        ["test", "x", "--event", "/nowhere/event.json"],
        ["test", "x", "--at", "crm.events:3:4", "--document", "d.yaml", "--environment", "live"],
        ["cancel"],
        ["rerun", "x", "--from"],
        ["frobnicate"],
    ],
)
def test_what_cannot_be_meant_ends_with_2(arguments: list[str]) -> None:
    """It ends before anything is sent: no api answers here."""
    ended = cli.invoke(app, arguments, env={"AUTOMATIONS_API_URL": NOWHERE}, input="")
    assert ended.exit_code == 2
    assert ended.stdout == ""
    assert ended.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["runs", "--json"],
        ["run", "x", "--follow"],
        ["tasks"],
        ["complete", "x"],
        ["cancel", "x"],
        ["rerun", "x", "--from", "y"],
        ["get", "x"],
        ["explain", "x", "--at", "crm.events:3:4"],
        ["test", "x", "--at", "crm.events:3:4"],
        ["publish", "--via", "api", "a.b"],
    ],
)  # fmt: skip
def test_api_that_is_not_there_ends_with_4(arguments: list[str]) -> None:
    ended = cli.invoke(app, [*arguments, "--api-url", NOWHERE])
    assert ended.exit_code == 4
    assert ended.stdout == ""
    assert NOWHERE in ended.stderr


def test_file_that_is_not_there_ends_with_3(tmp_path: Path) -> None:
    ended = cli.invoke(app, ["apply", "-f", str(tmp_path / "none.yaml"), "--api-url", NOWHERE])
    assert ended.exit_code == 3


def test_help_imports_nothing_heavy() -> None:
    """Help and completion answer at once: what needs time to import is imported by the command that needs it."""
    heavy = "httpx", "rich", "pydantic", "aiokafka", "asyncio", "yaml", "faststream", "embedded"
    code = f"import sys, automations_cli.app; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    assert shown.stdout.strip() == "[]"


def test_samples_are_those_of_the_checkout() -> None:
    assert len(load_documents([samples.FOLDER])) == 6


@pytest.mark.parametrize(
    ("environment", "names"),
    [
        ({}, None),
        ({"AUTH": "open"}, None),
        ({"CRM_URL": "https://crm.test"}, "CRM_URL"),
        ({"SMTP_HOST": "m", "SLACK_WEBHOOK_URL": "s"}, "SMTP_HOST and SLACK_WEBHOOK_URL are"),
        ({"AUTH": "required"}, "AUTOMATIONS_API_KEY"),
        ({"AUTH": "required", "AUTOMATIONS_API_KEY": "ak_1"}, None),
    ],
)
def test_samples_never_write_to_somebodys_own_systems(environment: dict[str, str], names: str | None) -> None:
    reason = samples.choose_reason_against(environment)
    assert (reason is None) == (names is None)
    assert names is None or names in str(reason)
