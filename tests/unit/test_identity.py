"""Identities are written in one way, and a text that is written otherwise is none."""

import uuid

import pytest

from automations.contracts.identity import is_run_id, run_id


@pytest.mark.parametrize("cause", ["event:a:1", "é", ""])
def test_run_ids_are_uuids_of_their_cause(cause: str) -> None:
    own = run_id("t", "a", "live", cause)
    assert is_run_id(own)
    assert uuid.UUID(own).version == 5
    assert own == run_id("t", "a", "live", cause)
    assert own != run_id("t", "a", "sandbox", cause)


@pytest.mark.parametrize(
    "text",
    [
        "", "x", "0b0d8a6e6f0b5a579d3c0a4a3f1f7c11", "0B0D8A6E-6F0B-5A57-9D3C-0A4A3F1F7C11",
        "{0b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11}", "0b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11\n",
        "٠b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11",
    ],
)  # fmt: skip
def test_other_ways_to_write_one_are_refused(text: str) -> None:
    assert not is_run_id(text)
