"""Counting the runs that wait."""

from pathlib import Path

from automations.migrations import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the index."""
    run_script(Path(__file__).with_suffix(".sql"))
