"""Samples of events, the events' places on Kafka, and numbers for documents that are only tried out."""

from pathlib import Path

from automations.migrations import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_script(Path(__file__).with_suffix(".sql"))
