"""The sample automations are documents that the product takes as they stand."""

from pathlib import Path

import pytest

from automations.definition import compile_trigger
from automations.definition.document import document_of
from automations.definition.reading import read_yaml
from automations.definition.validation import validate_document
from automations.paths import Scope

SAMPLES = sorted((Path(__file__).parents[2] / "examples" / "automations").glob("*.yaml"))


def test_there_are_samples() -> None:
    """The samples are where they are looked for."""
    assert len(SAMPLES) >= 3


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_is_valid_without_a_warning(sample: Path) -> None:
    """A newcomer's first documents give no problem to read about."""
    sample_fields = read_yaml(sample.read_bytes())
    assert isinstance(sample_fields, dict)
    validated = validate_document(document_of(sample_fields))
    assert validated.problems == []
    assert validated.warnings == []


def test_no_sample_acts_on_the_documented_example() -> None:
    """Who follows the documentation, or runs the demo, sees one automation at work: the one that was registered."""
    event = {"priority": "critical", "id": "5001"}
    for sample in SAMPLES:
        fields = read_yaml(sample.read_bytes())
        assert isinstance(fields, dict)
        matches = compile_trigger(fields).holds(Scope(record=event))
        assert not (matches and fields["trigger"]["event"] == "case.created"), sample.name
