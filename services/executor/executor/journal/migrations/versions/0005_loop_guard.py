"""What the loop guard looks at: when events came, and who has a place in a chain."""

from pathlib import Path

from automations.migrations import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the column and the table."""
    run_script(Path(__file__).with_suffix(".sql"))
