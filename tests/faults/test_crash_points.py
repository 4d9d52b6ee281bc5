"""A process may end between any two durable writes: each point between them has a name, and is crashed at here."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import ExitStack
from functools import partial
from typing import Any, Literal, NamedTuple

import asyncpg
import httpx
import pytest

from automations.durable_points import POINTS, DurablePoint
from tests.support.counting_server import CountingServer, Received
from tests.support.crashable import CrashableService, Crashing
from tests.support.eventually import eventually
from tests.support.journal_reading import JournalReading, load_journal
from tests.support.product import Product, gather_limited

RUNS = 20
STEPS = ("first", "pause", "second", "approve", "last")
CALLS = ("first", "second", "last")


class Crash(NamedTuple):
    """Which process ends, and where in the life of the runs."""

    service: Crashing
    point: DurablePoint
    armed: Literal["before the events", "during the first call", "with the tasks open"] = "before the events"
    pause: str = "0.1s"
    """How long the runs' delay is; for a long one they are given up."""
    records: int = RUNS
    """For how many records the runs are; those for one take turns."""


CRASHES = (
    Crash("executor", "accepted"),
    Crash("executor", "offset committed"),
    Crash("executor", "effect done"),
    Crash("executor", "result journaled"),
    Crash("executor", "published"),
    Crash("executor", "lease renewed", "during the first call"),
    Crash("executor", "timer claimed", pause="4s"),
    Crash("executor", "turn handed on", records=RUNS // 2),
    Crash("executor", "offset committed", "with the tasks open"),
    Crash("executor", "result journaled", "with the tasks open"),
    Crash("api", "submission stored", "with the tasks open"),
    Crash("api", "control sent", "with the tasks open"),
)


class AtCrash(NamedTuple):
    """How things stand after the crash, and before the process is started again."""

    journal: JournalReading
    calls: frozenset[str]
    """The idempotency keys that had arrived at the other side."""
    held: int
    """Runs that name a process."""
    timers: int
    handed_on: int
    """Runs that have been given their turn, and have not begun."""
    unsent: int
    """Controls in api's outbox."""

    def completed(self, path: str) -> int:
        return sum(completed == path for _, completed in self.journal.completions())


EVIDENCE: Mapping[DurablePoint, Callable[[AtCrash], bool]] = {
    "accepted": lambda at: at.held > 0 and not at.calls,
    "offset committed": lambda at: len(at.journal.facts) > 0,
    "effect done": lambda at: at.calls > {f"{run}:{path}" for run, path in at.journal.completions()},
    "result journaled": lambda at: at.completed("first") > 0,
    "published": lambda at: len(at.journal.facts) > 0,
    "lease renewed": lambda at: at.held == RUNS and at.completed("first") == 0,
    "timer claimed": lambda at: at.held > 0 and at.timers < RUNS and at.completed("pause") < RUNS,
    "turn handed on": lambda at: at.handed_on > 0 and at.completed("second") > 0,
    "submission stored": lambda at: at.unsent == 1 and at.completed("approve") == 0,
    "control sent": lambda at: at.unsent == 1,
}
"""What shows that the process had got this far, and no further."""


@pytest.fixture(scope="module")
async def services(
    product: Product, witness: CountingServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Mapping[Crashing, CrashableService]]:
    env = {"KAFKA_PARTITIONS": "6", "WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{witness.port}"}
    names: tuple[Crashing, ...] = ("executor", "api")
    services = {name: CrashableService(name, product, tmp_path_factory.mktemp(name), env) for name in names}
    for service in services.values():
        await service.take_its_place()
    yield services
    for service in services.values():
        await service.give_its_place_back()


def test_every_point_is_crashed_at() -> None:
    assert {crash.point for crash in CRASHES} == set(POINTS) == set(EVIDENCE)


@pytest.mark.parametrize("crash", CRASHES, ids=lambda crash: f"{crash.service}-{crash.point}-{crash.armed}")
async def test_runs_reach_their_end_through_a_crash(
    product: Product, witness: CountingServer, services: Mapping[Crashing, CrashableService], crash: Crash
) -> None:
    """Calls, a delay and a task; of each run the call in flight is repeated at the most, and no completed step."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    automation = await product.create({"event": kind}, _actions(f"{witness.url}/{kind}", crash.pause))
    service = services[crash.service]
    completing: list[asyncio.Task[None]] = []
    with ExitStack() as during:
        if crash.armed == "before the events":
            service.arm(crash.point)
        if crash.armed == "during the first call":
            during.enter_context(witness.holding(f"/{kind}/first"))
        for number in range(RUNS):
            record = f"r{number % crash.records}"
            await product.publish({"type": kind, "event_id": str(number), "record": {"id": record}}, key=record)
        if crash.armed == "during the first call":
            await eventually(lambda: len(_calls(witness, kind)) == RUNS)
            service.arm(crash.point)
        if crash.armed == "with the tasks open":
            [task, *_] = await _open_tasks(product, automation["id"], RUNS)
            service.arm(crash.point)
            completing.append(asyncio.create_task(_complete_one(product, task, api_ends=crash.service == "api")))
        await service.until_crashed(crash.point)
    at_crash = await _look(product, witness, kind, automation["id"])
    assert EVIDENCE[crash.point](at_crash), at_crash
    await service.come_back()
    await asyncio.gather(*completing)

    left_over = RUNS - 1 if crash.armed == "with the tasks open" else RUNS
    tasks = await _open_tasks(product, automation["id"], left_over)
    await gather_limited(10, [partial(_complete_one, product, task) for task in tasks])
    runs = await product.until_runs(automation["id"], RUNS)
    assert {run["record"]["id"] for run in runs} == {f"r{number}" for number in range(crash.records)}
    (await load_journal(product.stack.addresses.database_url, automation["id"])).check(RUNS, len(STEPS))
    _check_calls(_calls(witness, kind), at_crash.journal)


def _actions(url: str, pause: str) -> list[dict[str, Any]]:
    def call(step: str, said: str) -> dict[str, Any]:
        return {"id": step, "type": "call_webhook", "params": {"url": f"{url}/{step}", "body": {"said": said}}}

    return [
        call("first", "{{ record.id }}"),
        {"id": "pause", "type": "delay", "params": {"for": pause}},
        call("second", "{{ record.id }}"),
        {"id": "approve", "type": "human_task", "params": {"title": "Approve"}},
        call("last", "{{ steps.approve.output.said }}"),
    ]


async def _open_tasks(product: Product, automation_id: str, number: int) -> list[dict[str, Any]]:
    """Return the tasks that nobody has completed, once they are so many."""

    async def look() -> list[dict[str, Any]]:
        found = await product.call("GET", f"/tasks?automation_id={automation_id}&limit=500")
        tasks = [task for task in found["items"] if task["submitted"] is None]
        assert len(tasks) == number, f"{len(tasks)} tasks are open, wanted {number}"
        return tasks

    return await eventually(look)


async def _complete_one(product: Product, task: dict[str, Any], *, api_ends: bool = False) -> None:
    completing = product.call("POST", f"/tasks/{task['id']}/complete", {"output": {"said": task["run_id"]}})
    if api_ends:
        with pytest.raises(httpx.TransportError):
            await completing
    else:
        await completing


async def _look(product: Product, witness: CountingServer, kind: str, automation_id: str) -> AtCrash:
    database_url = product.stack.addresses.database_url
    connection = await asyncpg.connect(database_url)
    try:
        held, timers, handed_on, unsent = await connection.fetchrow(
            """
            SELECT (SELECT count(*) FROM executor.runs WHERE automation_id = $1 AND process IS NOT NULL),
                   (SELECT count(*) FROM executor.timers JOIN executor.runs USING (run_id) WHERE automation_id = $1),
                   (SELECT count(*) FROM executor.runs WHERE automation_id = $1 AND turn = 'held'
                    AND (SELECT array_agg(convert_from(input, 'UTF8')::json ->> 'turn_free') FROM executor.journal
                         WHERE journal.run_id = runs.run_id) = ARRAY['false']),
                   (SELECT count(*) FROM api.outbox WHERE topic = 'automations.run-controls')
            """,
            automation_id,
        )
    finally:
        await connection.close()
    calls = frozenset(call.headers["idempotency-key"] for call in _calls(witness, kind))
    return AtCrash(await load_journal(database_url, automation_id), calls, held, timers, handed_on, unsent)


def _calls(witness: CountingServer, kind: str) -> list[Received]:
    return [request for request in witness.received if request.path.startswith(f"/{kind}/")]


def _check_calls(calls: list[Received], at_crash: JournalReading) -> None:
    """Assert that each effect arrived, and of each run none again but the one that was in flight, as it was before."""
    by_key: dict[str, list[Received]] = defaultdict(list)
    for call in calls:
        by_key[call.headers["idempotency-key"]].append(call)
    assert len(by_key) == RUNS * len(CALLS)
    completed = {f"{run_id}:{path}" for run_id, path in at_crash.completions()}
    repeated = [key for key, same in by_key.items() if len(same) > 1]
    assert not completed & set(repeated), "a completed step is never performed again"
    assert len({key.partition(":")[0] for key in repeated}) == len(repeated), "one call was in flight of each run"
    for key, same in by_key.items():
        assert len(same) <= 2, key
        assert len({(call.method, call.path, call.raw) for call in same}) == 1, key
