"""What a run repeats, cancellations, and skipped starts that are started later."""

from pathlib import Path

from automations.migrations import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
