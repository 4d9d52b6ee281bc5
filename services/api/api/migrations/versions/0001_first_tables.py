"""The tables that the api begins with."""

from pathlib import Path

from automations.migrations import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
