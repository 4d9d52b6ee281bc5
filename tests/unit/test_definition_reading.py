"""Reading documents from JSON and YAML."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from automations.definition import ReadError, read_json, read_yaml

DOCUMENT = """
name: Escalate
trigger: {event: case.created, conditions: {priority: critical, country: no, opened: 2026-01-01, code: 007}}
actions:
  - type: notify_user
    params: {user: ada, message: "{{ record.name }}", on: true, amount: 1.5, none: ~, hex: 0x1f}
"""


def test_yaml_gives_what_json_gives() -> None:
    """Only what JSON calls true, null or a number is one; dates and the word no are text."""
    assert read_yaml(DOCUMENT) == {
        "name": "Escalate",
        "trigger": {
            "event": "case.created",
            "conditions": {"priority": "critical", "country": "no", "opened": "2026-01-01", "code": "007"},
        },
        "actions": [
            {
                "type": "notify_user",
                "params": {
                    "user": "ada",
                    "message": "{{ record.name }}",
                    "on": True,
                    "amount": 1.5,
                    "none": None,
                    "hex": "0x1f",
                },
            }
        ],
    }


@pytest.mark.parametrize(
    ("read", "text"),
    [
        (read_json, '{"a": {"priority": 1, "priority": 2}}'),
        (read_yaml, "a:\n  priority: 1\n  priority: 2"),
        (read_yaml, '{"priority": 1, priority: 2}'),
    ],
)
def test_duplicate_key_is_an_error_that_names_it(read: object, text: str) -> None:
    """Nobody knows which of the two was meant."""
    assert callable(read)
    with pytest.raises(ReadError) as refused:
        read(text)
    assert refused.value.problem.code == "duplicate_key"
    assert "priority" in refused.value.problem.message


@pytest.mark.parametrize("text", [b"", b"[", b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}', b"\xff", b"[" * 100_000])
def test_json_that_is_none_is_refused(text: bytes) -> None:
    """The reason is a problem with words, whatever is wrong."""
    with pytest.raises(ReadError) as refused:
        read_json(text)
    assert refused.value.problem.message


@pytest.mark.parametrize(
    "text",
    [
        "a: [",
        "a: &x [1]\nb: *x",
        "? [a]\n: 1",
        "!!python/object:os.system {}",
        "a: !!binary aGk=",
        "a: !!timestamp 2026-01-01",
        "a: 1\n---\nb: 2",
        "a: \x01",
        "[" * 5_000,
    ],
)
def test_yaml_that_json_cannot_say_is_refused(text: str) -> None:
    """Tags, aliases and several documents are refused with words."""
    with pytest.raises(ReadError) as refused:
        read_yaml(text)
    assert refused.value.problem.message


def test_text_that_is_too_long_is_refused_unread() -> None:
    """A mebibyte is the limit for both."""
    for read in (read_json, read_yaml):
        with pytest.raises(ReadError) as refused:
            read(" " * 1_048_577)
        assert refused.value.problem.code == "too_large"


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.sampled_from([0.5, 1e300, -2.25])
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]), max_size=8)
    | st.sampled_from(["no", "yes", "on", "~", "null", "1", "1.0", "2026-01-01", "0x1f", "=", "<<", "1_000", ".inf"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "no", "1", "true"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(value=VALUES)
def test_json_text_is_yaml_text(value: object) -> None:
    """What JSON writes, both read as the same value."""
    text = json.dumps(value)
    assert read_json(text) == value
    assert read_yaml(text) == value


@given(value=VALUES)
def test_yaml_written_by_others_is_read_as_it_was_meant(value: object) -> None:
    """A common YAML writer quotes what could be misread; reading it gives its value."""
    assert read_yaml(yaml.safe_dump(value, allow_unicode=True)) == value
