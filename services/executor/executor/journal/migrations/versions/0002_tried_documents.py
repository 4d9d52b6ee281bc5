"""When a document was seen, so that those that were only tried out can be forgotten."""

from pathlib import Path

from automations.migrations import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
