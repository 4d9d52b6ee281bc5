"""Rows as values, in which groups of runs are written."""

from pathlib import Path

from automations.migrations import run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Name what is written together."""
    run_script(Path(__file__).with_suffix(".sql"))
