"""API keys: made of 256 random bits, shown once, kept as a digest.

The digest is plain SHA-256. Slow password hashes protect secrets that people choose and that can be guessed;
nobody guesses 256 random bits, and a fast digest can be looked up by index on every request.
"""

import hashlib
import secrets
from typing import NamedTuple

PREFIX = "ak_"
_HINT_CHARACTERS = 8


class NewKey(NamedTuple):
    """A key as it is shown, and what is kept of it."""

    key: str
    digest: bytes
    hint: str


def make_key() -> NewKey:
    """Return a new key."""
    key = PREFIX + secrets.token_urlsafe(32)
    return NewKey(key, digest_key(key), key[:_HINT_CHARACTERS])


def digest_key(key: str) -> bytes:
    """Return what a key is looked up by."""
    return hashlib.sha256(key.encode(errors="replace")).digest()


def read_key(authorization: str | None, api_key: str | None) -> str | None:
    """Return the key of a request's headers: `Authorization: Bearer …` or `X-API-Key`; None where there is none."""
    if authorization:
        scheme, _, key = authorization.partition(" ")
        if scheme.lower() == "bearer" and key.strip():
            return key.strip()
    return api_key.strip() if api_key and api_key.strip() else None
