"""How messages become bytes and bytes become messages."""

from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

_encoder = msgspec.json.Encoder()


class UnreadableMessage(ValueError):
    """A message on one of the product's own topics is not what its contract says."""


def encode(message: Any) -> bytes:
    """Return the message as JSON; defaults are left out where its type says so."""
    return _encoder.encode(message)


class Reader(Generic[T]):
    """Reads messages of one type, or of one union of types."""

    def __init__(self, message_type: Any) -> None:
        self._decoder: msgspec.json.Decoder[T] = msgspec.json.Decoder(message_type)

    def read(self, value: bytes | None) -> T:
        """Return the message.

        Raises:
            UnreadableMessage: the bytes are no JSON, or a field is missing or of another type.
        """
        if value is None:
            raise UnreadableMessage("the message has no value")
        try:
            return self._decoder.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise UnreadableMessage(str(error)) from error
