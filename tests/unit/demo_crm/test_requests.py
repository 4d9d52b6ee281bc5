"""What the demo CRM takes from its callers, and what it refuses with which reason."""

import pytest

from demo_crm.requests import (
    Refused,
    TaskBody,
    digest_request,
    validate_body,
    validate_cause,
    validate_fields,
    validate_limit,
)


@pytest.mark.parametrize(
    ("body", "status", "named"),
    [
        (b"", 400, "not JSON"),
        (b"[1]", 400, "not a JSON object"),
        (b'{"a": "\\u0000"}', 400, "a: holds the character NUL"),
        (b'{"a": {"b": ["x", "\\u0000"]}}', 400, "a.b[1]: holds the character NUL"),
        (b'{"a": "\\ud800"}', 400, "not JSON"),
        (b'{"a": ' + b"[" * 60 + b"]" * 60 + b"}", 400, "nests deeper"),
        (b'{"a": 1' + b"0" * 400 + b"}", 400, "a: is beyond the range"),
        (b'{"a": "' + b"x" * 1_048_576 + b'"}', 413, "1048576"),
        (b'{"updated_at": "x"}', 400, "updated_at: is set by the CRM"),
    ],
)
def test_fields_that_could_not_travel_are_refused(body: bytes, status: int, named: str) -> None:
    """What no event could carry is refused before it is kept, and the reason names the field."""
    with pytest.raises(Refused) as refusal:
        validate_fields(body)
    assert refusal.value.status == status
    assert named in refusal.value.reason


def test_task_names_every_wrong_field() -> None:
    """A refusal names all that is wrong, not the first of it."""
    with pytest.raises(Refused) as refusal:
        validate_body(TaskBody, b'{"title": "", "due_at": "soon", "record": {"type": "case", "id": 7}}')
    assert all(name in refusal.value.reason for name in ("title", "due_at", "record.id"))


def test_effect_names_its_cause() -> None:
    """An effect's headers become the cause; its actor is the run. Without them another system writes."""
    cause = validate_cause({"automations-run": "r", "automations-chain": "c", "automations-depth": "3"})
    assert (cause.actor_type, cause.actor_id) == ("automation", "r")
    assert cause.attributes() == {"causerun": "r", "causechain": "c", "causedepth": "3"}
    assert validate_cause({}).attributes() == {}


@pytest.mark.parametrize("depth", ["", "-1", "two", "1.5", "٣"])
def test_depth_that_is_no_decimal_integer_is_refused(depth: str) -> None:
    """A depth that could not be compared is refused."""
    with pytest.raises(Refused, match="Automations-Depth"):
        validate_cause({"automations-depth": depth})


@pytest.mark.parametrize(("text", "limit"), [(None, 100), ("1", 1), ("1000", 1000)])
def test_limit_is_read(text: str | None, limit: int) -> None:
    """A limit is 1 to 1000, and 100 where none is asked for."""
    assert validate_limit(text) == limit


def test_digest_tells_requests_apart() -> None:
    """Method, path and body all count, and none can be shifted into another."""
    digests = {
        digest_request("POST", "/a", b"b"),
        digest_request("PATCH", "/a", b"b"),
        digest_request("POST", "/ab", b""),
        digest_request("POST", "/a", b"c"),
    }
    assert len(digests) == 4
