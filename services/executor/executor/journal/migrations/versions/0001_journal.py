"""The journal's first tables."""

from pathlib import Path

from automations.migrations import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the tables."""
    run_script(Path(__file__).with_suffix(".sql"))
