"""DBOS Transact for Python doing three durable steps, in a process of its own, to compare the engine with.

`python -m benchmarks.dbos_runs URL WAY AT_ONCE RUNS` performs so many runs, at the word of who started it, and prints
the seconds they took. A step
is a plain function that returns a small mapping, so that nothing but durability is measured. The ways are those
that its documentation offers: calling workflows from threads, starting them in the background, starting
asynchronous ones on an event loop, and queueing either kind.
"""

import asyncio
import sys
import uuid
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, Final

from dbos import DBOS, DBOSConfig, SetWorkflowID

from benchmarks.together import wait_for_the_word

WARM_UP: Final = 50
CONNECTIONS: Final = 20
POLL_SECONDS: Final = 0.01


@DBOS.step()
def put(number: int, place: int) -> dict[str, Any]:
    return {"number": number, "place": place, "ok": True}


@DBOS.workflow()
def three_steps(number: int) -> int:
    return sum(put(number, place)["place"] for place in range(3))


@DBOS.step()
async def put_later(number: int, place: int) -> dict[str, Any]:
    return {"number": number, "place": place, "ok": True}


@DBOS.workflow()
async def three_steps_later(number: int) -> int:
    return sum([(await put_later(number, place))["place"] for place in range(3)])


def call_from_threads(at_once: int, runs: int) -> None:
    """Call the workflow as a function, from so many threads."""
    with ThreadPoolExecutor(at_once) as threads:
        assert all(total == 3 for total in threads.map(three_steps, range(runs)))


def start_in_background(at_once: int, runs: int) -> None:
    """Start workflows in its own threads, so many in flight."""

    def start(number: int) -> int:
        with SetWorkflowID(str(uuid.uuid4())):
            return DBOS.start_workflow(three_steps, number).get_result(polling_interval_sec=POLL_SECONDS)

    with ThreadPoolExecutor(at_once) as threads:
        assert all(total == 3 for total in threads.map(start, range(runs)))


def start_on_loop(at_once: int, runs: int) -> None:
    """Start asynchronous workflows on one event loop, so many in flight."""

    async def one(number: int) -> int:
        return await three_steps_later(number)

    asyncio.run(_in_flight(one, at_once, runs))


async def _in_flight(one: Callable[[int], Awaitable[int]], at_once: int, runs: int) -> None:
    room = asyncio.Semaphore(at_once)

    async def with_room(number: int) -> None:
        async with room:
            assert await one(number) == 3

    await asyncio.gather(*(with_room(number) for number in range(runs)))


def queue_sync(at_once: int, runs: int) -> None:
    """Queue workflows of its own threads; so many are performed at once."""
    _queue(three_steps, at_once, runs)


def queue_async(at_once: int, runs: int) -> None:
    """Queue asynchronous workflows; so many are performed at once."""
    _queue(three_steps_later, at_once, runs)


def _queue(workflow: Callable[[int], Any], at_once: int, runs: int) -> None:
    """Queueing is counted too: an engine has to take its runs in. Handles poll, so the last ones are waited for."""
    name = f"bench-{workflow.__name__}-{at_once}"
    DBOS.register_queue(name, worker_concurrency=at_once, polling_interval_sec=POLL_SECONDS)
    with ThreadPoolExecutor(8) as threads:
        handles = list(threads.map(lambda number: DBOS.enqueue_workflow(name, workflow, number), range(runs)))
    for handle in reversed(handles):
        assert handle.get_result(polling_interval_sec=POLL_SECONDS) == 3


WAYS: Final[dict[str, Callable[[int, int], None]]] = {
    "call": call_from_threads,
    "start": start_in_background,
    "async": start_on_loop,
    "queue": queue_sync,
    "queue-async": queue_async,
}


def main() -> int:
    url, way, at_once, runs = sys.argv[1], WAYS[sys.argv[2]], int(sys.argv[3]), int(sys.argv[4])
    config: DBOSConfig = {
        "name": "bench",
        "system_database_url": url,
        "sys_db_pool_size": CONNECTIONS,
        "max_executor_threads": max(64, at_once),
        "log_level": "ERROR",
        "executor_id": "bench",
        "application_version": "1",
        "use_listen_notify": True,
    }
    DBOS(config=config)
    DBOS.launch()
    try:
        way(at_once, WARM_UP)
        wait_for_the_word()
        started = perf_counter()
        way(at_once, runs)
        print(perf_counter() - started, flush=True)
    finally:
        DBOS.destroy()
    return 0


if __name__ == "__main__":
    sys.exit(main())
