"""The intent to send, noted before messages that are never to be sent twice."""

from pathlib import Path

from automations.migrations import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the columns."""
    run_script(Path(__file__).with_suffix(".sql"))
