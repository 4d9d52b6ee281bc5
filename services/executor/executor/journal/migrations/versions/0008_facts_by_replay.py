"""Facts that nobody has to keep."""

from pathlib import Path

from automations.migrations import run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Let facts be left out."""
    run_script(Path(__file__).with_suffix(".sql"))
