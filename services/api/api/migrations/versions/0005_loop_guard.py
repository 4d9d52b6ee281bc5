"""What the loop guard refused, and when somebody last took note of it."""

from pathlib import Path

from automations.migrations import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
