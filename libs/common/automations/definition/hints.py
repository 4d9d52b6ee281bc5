"""The nearest right word for a misspelt one, as often as the validation of one document can afford.

To compare one word with two hundred takes milliseconds. A document can name thousands that are unknown; then
the later ones are told without a suggestion.
"""

from collections.abc import Collection
from typing import Final

from automations.problems import nearest_word

HINTS_LIMIT: Final = 50


class Hints:
    """The suggestions of one validation."""

    def __init__(self) -> None:
        self._left = HINTS_LIMIT

    def nearest(self, word: str, known: Collection[str]) -> str | None:
        """Return the known word that was probably meant, or `None`."""
        if self._left == 0:
            return None
        self._left -= 1
        return nearest_word(word[:100], known)
