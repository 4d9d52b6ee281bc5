"""Many runs share one transaction: what is asked for while one is written goes into the next."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Generic, TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

MAX_ITEMS: Final = 1_000
WRITERS: Final = 2


class GroupCommit(Generic[Item, Outcome]):
    """Collects items and writes them in as few transactions as their arrival allows.

    `write` gets at most `MAX_ITEMS` items and returns one outcome each, in order; what it raises, everybody
    in the group gets. Up to `WRITERS` groups are written at a time. `observe` is told how many items each holds.
    """

    def __init__(
        self, write: Callable[[Sequence[Item]], Awaitable[Sequence[Outcome]]], observe: Callable[[float], None]
    ) -> None:
        self._write = write
        self._observe = observe
        self._waiting: deque[tuple[Item, asyncio.Future[Outcome]]] = deque()
        self._arrived = asyncio.Event()

    def submit(self, item: Item) -> "asyncio.Future[Outcome]":
        """Return what gives the item's outcome once its transaction is durable."""
        future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        self._arrived.set()
        return future

    async def run(self) -> None:
        """Write groups until cancelled."""
        async with asyncio.TaskGroup() as writers:
            for _ in range(WRITERS):
                writers.create_task(self._write_groups())

    async def _write_groups(self) -> None:
        while True:
            while not self._waiting:
                self._arrived.clear()
                await self._arrived.wait()
            await self._write_group(self._next_group())

    def _next_group(self) -> Sequence[tuple[Item, asyncio.Future[Outcome]]]:
        """Return what waits, for one transaction; a writer that waits for more must not keep it in memory."""
        return [self._waiting.popleft() for _ in range(min(len(self._waiting), MAX_ITEMS))]

    async def _write_group(self, group: Sequence[tuple[Item, asyncio.Future[Outcome]]]) -> None:
        self._observe(len(group))
        try:
            outcomes = await self._write([item for item, _ in group])
        except BaseException as error:
            for _, future in group:
                if not future.done():
                    future.set_exception(error)
            raise
        for (_, future), outcome in zip(group, outcomes, strict=True):
            if not future.done():
                future.set_result(outcome)
