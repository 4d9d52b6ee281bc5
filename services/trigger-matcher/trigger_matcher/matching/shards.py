"""A mapping that is never changed: an edit gives another one, and copies only the few entries around what it touches.

A dictionary of 100,000 entries takes milliseconds to copy. Here it is cut into shards of some thousands, so that an
edit costs some tens of microseconds at any size, and a look-up little more than that of a dictionary.
"""

from collections.abc import Hashable, Iterator, Mapping
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_SHARD_ENTRIES: Final = 2_048
"""Entries of a shard, on average, when the number of shards is chosen; at four times as many it is chosen anew."""


class Shards(Generic[K, V]):
    """An immutable mapping with cheap edits; its look-up is `get`."""

    __slots__ = ("_count", "shards")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        entries = entries or {}
        shards = 1
        while shards * _SHARD_ENTRIES < len(entries):
            shards *= 2
        cut: tuple[dict[K, V], ...] = tuple({} for _ in range(shards))
        for key, value in entries.items():
            cut[hash(key) & (shards - 1)][key] = value
        self._set(cut, len(entries))

    def _set(self, shards: tuple[dict[K, V], ...], count: int) -> None:
        self.shards = shards
        self._count = count

    def get(self, key: K) -> V | None:
        """Return the value of a key; None where it has none."""
        return self.shards[hash(key) & (len(self.shards) - 1)].get(key)

    def edited(self, edits: Mapping[K, V | None]) -> "Shards[K, V]":
        """Return the mapping in which these keys have these values, and those with None are gone."""
        shards = list(self.shards)
        count, fresh = self._count, set[int]()
        for key, value in edits.items():
            place = hash(key) & (len(shards) - 1)
            if place not in fresh:
                fresh.add(place)
                shards[place] = shards[place].copy()
            shard = shards[place]
            count -= len(shard)
            if value is None:
                shard.pop(key, None)
            else:
                shard[key] = value
            count += len(shard)
        if 4 * _SHARD_ENTRIES * len(shards) < count or (len(shards) > 1 and 8 * count < _SHARD_ENTRIES * len(shards)):
            return Shards({key: value for shard in shards for key, value in shard.items()})
        edited: Shards[K, V] = Shards.__new__(Shards)
        edited._set(tuple(shards), count)
        return edited

    def items(self) -> Iterator[tuple[K, V]]:
        """Yield every entry."""
        for shard in self.shards:
            yield from shard.items()

    def values(self) -> Iterator[V]:
        """Yield every value."""
        for shard in self.shards:
            yield from shard.values()

    def __len__(self) -> int:
        return self._count
