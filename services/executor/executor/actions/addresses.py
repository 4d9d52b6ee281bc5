"""Reads addresses from parameters: one text, several separated by commas, or a list."""

from collections.abc import Sequence


def read_addresses(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return the addresses without surrounding space; empty ones are left out."""
    if given is None:
        return ()
    texts = given.split(",") if isinstance(given, str) else given
    return tuple(address.strip() for address in texts if address.strip())
