"""States that nobody has to keep."""

from pathlib import Path

from automations.migrations import run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Let states be left out."""
    run_script(Path(__file__).with_suffix(".sql"))
