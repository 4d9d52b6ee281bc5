"""Rows of the run history as values, in which a batch is saved."""

from pathlib import Path

from automations.migrations import run_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
