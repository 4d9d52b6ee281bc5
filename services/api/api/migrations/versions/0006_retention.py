"""What finding old rows needs."""

from pathlib import Path

from automations.migrations import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
