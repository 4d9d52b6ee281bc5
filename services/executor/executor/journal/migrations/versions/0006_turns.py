"""Whose turn it is among the runs of one automation for one record."""

from pathlib import Path

from automations.migrations import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the columns and their indexes."""
    run_script(Path(__file__).with_suffix(".sql"))
