"""Acts on many runs at once, and the attempts of each step."""

from pathlib import Path

from automations.migrations import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
