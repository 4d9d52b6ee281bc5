"""Rows that are new are inserted as such."""

from pathlib import Path

from automations.migrations import run_script

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the functions that insert them."""
    run_script(Path(__file__).with_suffix(".sql"))
