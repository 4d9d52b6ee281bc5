"""The destinations that calls of runs wait for."""

from pathlib import Path

from automations.migrations import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Create the table."""
    run_script(Path(__file__).with_suffix(".sql"))
