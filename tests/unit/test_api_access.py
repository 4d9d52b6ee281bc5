"""Keys, names and the refusal to be open to a network."""

import pytest

from api.access.guard import host_name, origin_name
from api.access.keys import digest_key, make_key, read_key
from api.settings import Settings


def test_key_is_found_again_by_its_digest_alone() -> None:
    made = make_key()
    assert made.digest == digest_key(made.key)
    assert made.key.startswith(made.hint)
    assert made.key != make_key().key


@pytest.mark.parametrize(
    ("authorization", "api_key", "expected"),
    [
        ("Bearer abc", None, "abc"),
        ("bearer  abc ", None, "abc"),
        ("Basic abc", "def", "def"),
        (None, " def ", "def"),
        ("Bearer ", None, None),
        (None, "", None),
        (None, None, None),
    ],
)
def test_key_is_read_from_either_header(authorization: str | None, api_key: str | None, expected: str | None) -> None:
    assert read_key(authorization, api_key) == expected


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("LOCALHOST:8080", "localhost"),
        ("[::1]:80", "::1"),
        ("a.test", "a.test"),
        ("", ""),
        ("[::1", ""),
        ("a:b:c", "a"),
    ],
)
def test_host_header_gives_a_name(host: str, name: str) -> None:
    assert host_name(host) == name


def test_origin_without_a_host_gives_no_name() -> None:
    assert origin_name("null") == ""
    assert origin_name("http://Localhost:5173") == "localhost"


def test_open_access_is_refused_outside_loopback() -> None:
    """An open api on a network address does not start, unless its port is said to be published on loopback alone."""
    with pytest.raises(ValueError, match="AUTH=required"):
        Settings(host="0.0.0.0").refuse_open_network()
    Settings(host="127.0.0.1").refuse_open_network()
    Settings(host="0.0.0.0", auth="required").refuse_open_network()
    Settings(host="0.0.0.0", open_behind_loopback=True).refuse_open_network()
