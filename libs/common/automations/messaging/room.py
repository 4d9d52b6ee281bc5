"""Room for what readers hand on: while there is none, they pause their partitions and stay in their group.

Room ends when `at_most` is reached, and is there again only when a quarter of it has gone, so that readers do
not pause and resume for every single one. A batch that was fetched before is still handed on: what is held
may pass `at_most` by one batch of each reader.
"""

import asyncio
from collections.abc import Callable
from typing import Final

_LEFT_FOR_MORE: Final = 0.75
"""The share of `at_most` at which there is room again."""


class Room:
    """Says whether more may come; who holds things says how many they are."""

    def __init__(self, at_most: int) -> None:
        self._full_at = at_most
        self._free_at = int(at_most * _LEFT_FOR_MORE)
        self._open = asyncio.Event()
        self._open.set()
        self._shut = False
        self._told: list[Callable[[], None]] = []

    @property
    def is_open(self) -> bool:
        """Whether more may come."""
        return self._open.is_set()

    async def until_open(self) -> None:
        """Return when more may come."""
        await self._open.wait()

    def tell(self, changed: Callable[[], None]) -> None:
        """Have `changed` called whenever room ends or begins."""
        self._told.append(changed)

    def hold(self, number: int) -> None:
        """Note how many are held now."""
        if self.is_open and number >= self._full_at:
            self._set_open(False)
        elif not self.is_open and number <= self._free_at and not self._shut:
            self._set_open(True)

    def shut(self) -> None:
        """Let nothing more come, for good."""
        self._shut = True
        if self.is_open:
            self._set_open(False)

    def _set_open(self, is_open: bool) -> None:
        if is_open:
            self._open.set()
        else:
            self._open.clear()
        for changed in self._told:
            changed()
