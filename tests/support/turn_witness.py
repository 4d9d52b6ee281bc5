"""An HTTP server that notes when each call began and ended, and judges by that alone whether turns were kept."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NamedTuple

from aiohttp import web

LONGEST_SECONDS = 0.01
"""How long a call takes at the most."""


class Noted(NamedTuple):
    """A call began, or ended."""

    record: str
    number: int
    """Of the event among those of its record."""
    step: int
    began: bool


class TurnWitness:
    """What was noted, in the order it happened."""

    def __init__(self) -> None:
        self.url = ""
        self.noted: list[Noted] = []
        self.calls: Counter[tuple[str, int, int]] = Counter()
        """How often each call came: record, number and step."""

    def note(self, noted: Noted) -> None:
        """Note what has just happened."""
        self.noted.append(noted)
        if noted.began:
            self.calls[noted[:3]] += 1


def find_breaches(noted: Sequence[Noted]) -> list[str]:
    """Return where calls for one record overlapped or came out of turn; the same call may come again at any time."""
    under_way: dict[str, Counter[tuple[int, int]]] = defaultdict(Counter)
    last: dict[str, tuple[int, int]] = {}
    breaches = []
    for record, number, step, began in noted:
        call, here = (number, step), under_way[record]
        if not began:
            here[call] -= 1
            continue
        others = [other for other, calls in here.items() if calls and other != call]
        if others:
            breaches.append(f"{record}: {call} began while {others} was under way")
        if call < last.get(record, call):
            breaches.append(f"{record}: {call} began after {last[record]}")
        here[call] += 1
        last[record] = call
    return breaches


@asynccontextmanager
async def turn_witness() -> AsyncIterator[TurnWitness]:
    """Yield a witness on a free loopback port. It is called at `/<record>/<number>/<step>`."""
    witness = TurnWitness()
    lengths = random.Random(10)

    async def handle(request: web.Request) -> web.Response:
        record, number, step = (request.match_info[name] for name in ("record", "number", "step"))
        noted = Noted(record, int(number), int(step), began=True)
        witness.note(noted)
        await asyncio.sleep(lengths.uniform(0, LONGEST_SECONDS))
        witness.note(noted._replace(began=False))
        return web.json_response({})

    app = web.Application()
    app.router.add_post("/{record}/{number}/{step}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    witness.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield witness
    finally:
        await runner.cleanup()
