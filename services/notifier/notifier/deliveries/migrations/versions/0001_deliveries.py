"""The deliveries."""

from pathlib import Path

from automations.migrations import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    run_script(Path(__file__).with_suffix(".sql"))
