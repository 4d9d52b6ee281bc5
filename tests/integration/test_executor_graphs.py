"""Graphs as the executor performs them: side by side, by time, again and not any more."""

import asyncio
import uuid
from collections import Counter
from typing import Any

import asyncpg
import pytest

from automations.contracts.results import RunAdvanced
from automations.postgres import PostgresSettings
from tests.support.commander import Commander, webhook
from tests.support.counting_server import CountingServer, Received
from tests.support.eventually import eventually
from tests.support.service_process import ServiceProcess
from tests.support.stream import ResultsTail


def named(own: str, server: CountingServer, **fields: Any) -> dict[str, Any]:
    """Return a webhook action that calls `/<own>`."""
    return {**webhook(server, f"/{own}"), "id": own, **fields}


def paths_of(server: CountingServer, run_id: str) -> list[str]:
    return [request.path for request in server.received if request.headers.get("automations-run") == run_id]


def statuses(facts: list[RunAdvanced]) -> dict[str, str]:
    return {step.path: step.status for fact in facts for step in fact.steps}


async def test_parallel_paths_are_performed_side_by_side_and_joined(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Both paths are in flight at one time, and the join begins after both, once."""
    both = asyncio.Event()
    arrived: list[str] = []

    def answer(request: Received) -> tuple[int, Any]:
        arrived.append(request.path)
        if {"/left", "/right"} <= set(arrived):
            both.set()
        return 200, {}

    automation, offset = await commander.define(
        [
            named("first", server, next=["left", "right"]),
            named("left", server, next="join"),
            named("right", server, next="join"),
            named("join", server),
        ]
    )
    command = commander.command(automation, offset)
    server.answer, server.delay_seconds = answer, 0.2
    try:
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer, server.delay_seconds = (lambda _request: (200, {"ok": True})), 0.0
    assert both.is_set()
    begun = {step.path: fact.at for fact in reversed(facts) for step in fact.steps if step.status == "running"}
    assert begun["left"] == begun["right"]
    assert facts[-1].status == "completed"
    assert sorted(paths_of(server, command.run_id)) == ["/first", "/join", "/left", "/right"]
    assert paths_of(server, command.run_id)[-1] == "/join"


async def test_branch_takes_one_way_and_says_which(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define(
        [
            {
                "id": "way",
                "type": "branch",
                "branches": [{"when": {"priority": "low"}, "next": "low"}],
                "otherwise": "high",
            },
            named("low", server, next="after"),
            named("high", server, next="after"),
            named("after", server),
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    facts = await results.until_ended(command.run_id)
    assert statuses(facts) == {"way": "completed", "low": "skipped", "high": "completed", "after": "completed"}
    assert paths_of(server, command.run_id) == ["/high", "/after"]


async def test_delayed_run_holds_nothing_and_goes_on_in_time_through_a_crash(
    commander: Commander,
    results: ResultsTail,
    server: CountingServer,
    executor: ServiceProcess,
    postgres_settings: PostgresSettings,
) -> None:
    """A parked run is rows, one for its time; who is alive when the time comes takes it up."""
    automation, offset = await commander.define(
        [{"id": "wait", "type": "delay", "params": {"for": "15s"}}, named("late", server)]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    parked = await results.until_waiting(command.run_id)
    assert parked.waiting is not None
    assert parked.waiting.for_ == "time"
    connection = await asyncpg.connect(postgres_settings.database_url.get_secret_value())
    try:

        async def is_given_up() -> bool:
            query = "SELECT process IS NULL FROM executor.runs WHERE run_id = $1"
            return bool(await connection.fetchval(query, command.run_id))

        await eventually(is_given_up)
        keys = await connection.fetch("SELECT key FROM executor.timers WHERE run_id = $1", command.run_id)
        assert [row["key"] for row in keys] == ["delay:wait"]
        await executor.kill()
        await executor.start()
        facts = await results.until_ended(command.run_id)
        assert not await connection.fetch("SELECT key FROM executor.timers WHERE run_id = $1", command.run_id)
    finally:
        await connection.close()
    assert facts[-1].status == "completed"
    assert parked.waiting.due_at is not None
    assert facts[-1].at >= parked.waiting.due_at
    assert paths_of(server, command.run_id) == ["/late"]


@pytest.mark.parametrize("done", [30, 130])
async def test_crash_repeats_nothing_of_a_long_run(
    commander: Commander, results: ResultsTail, server: CountingServer, executor: ServiceProcess, done: int
) -> None:
    """What was journaled since the run's state was last written is replayed; only what was in flight is asked again.

    A state is written every hundred facts: the first crash comes before that, the second after it.
    """
    call = named("call", server, params={"url": f"{server.url}/long-{done}/{{{{ item }}}}"})
    each = {"id": "each", "type": "for_each", "items": list(range(140)), "actions": [call]}
    automation, offset = await commander.define([each, named("after", server)])
    command = commander.command(automation, offset)
    in_flight = f"/long-{done}/{done}"
    with server.holding(in_flight):
        await commander.start(command)
        await eventually(lambda: in_flight in paths_of(server, command.run_id))
        await executor.kill()
    await executor.start()
    facts = await results.until_ended(command.run_id)
    assert facts[-1].status == "completed"
    asked = Counter(paths_of(server, command.run_id))
    assert asked.pop(in_flight) == 2
    assert asked == {"/after": 1, **{f"/long-{done}/{n}": 1 for n in range(140) if n != done}}
    numbers = [fact.seq for fact in facts]
    assert sorted(set(numbers)) == list(range(1, max(numbers) + 1))


@pytest.mark.parametrize(("asks", "reason"), [(True, "already_completed"), (False, "unknown_task")])
async def test_late_inputs_find_a_run_as_it_ended(
    commander: Commander,
    results: ResultsTail,
    server: CountingServer,
    executor: ServiceProcess,
    asks: bool,
    reason: str,
) -> None:
    """The state of a run that has ended is what replaying its journal gives; nothing of it is told or done again."""
    questions: list[dict[str, Any]] = [{"type": "human_task"}] if asks else []
    automation, offset = await commander.define([named("a", server), *questions, named("b", server)])
    command = commander.command(automation, offset)
    await commander.start(command)
    task: str | None = str(uuid.uuid4())
    if asks:
        parked = await results.until_waiting(command.run_id)
        assert parked.waiting is not None
        task = parked.waiting.task_id
    assert task is not None
    if asks:
        await commander.complete(command.run_id, task, {"approved": True})
    ended = await results.until_ended(command.run_id)
    await commander.cancel(command.run_id)
    late = [await commander.complete(command.run_id, task, {"approved": False})]

    async def judged() -> list[Any]:
        told = [fact for fact in await results.of_run(command.run_id) if fact.seq > ended[-1].seq]
        return told if {fact.verdict.submission_id for fact in told if fact.verdict is not None} == set(late) else []

    await eventually(judged)
    await executor.kill()
    await executor.start()
    late.append(await commander.complete(command.run_id, task, {"approved": False}))
    told = await eventually(judged)
    assert {fact.verdict.reason for fact in told if fact.verdict is not None} == {reason}
    assert {fact.status for fact in told} == {"completed"}
    assert not any(fact.steps for fact in told)
    assert Counter(paths_of(server, command.run_id)) == {"/a": 1, "/b": 1}


async def test_task_out_of_time_leads_on_without_anybody(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    automation, offset = await commander.define(
        [
            {"id": "ask", "type": "human_task", "timeout": "3s", "on_timeout": {"next": "remind"}, "next": None},
            named("remind", server),
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    facts = await results.until_ended(command.run_id)
    assert statuses(facts) == {"ask": "failed", "remind": "completed"}
    assert [task.status for fact in facts for task in fact.tasks] == ["open", "withdrawn"]
    assert facts[-1].status == "completed"


async def test_effect_is_tried_again_with_the_same_key_until_it_succeeds(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    left = {"/flaky": 2}

    def answer(request: Received) -> tuple[int, Any]:
        if left.get(request.path, 0):
            left[request.path] -= 1
            return 503, {"error": "busy"}
        return 200, {}

    server.answer = answer
    try:
        automation, offset = await commander.define([named("flaky", server, retry={"first_delay": 0.1})])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    assert facts[-1].status == "completed"
    assert facts[-1].steps[-1].attempts == 3
    assert server.keys().count(f"{command.run_id}:flaky") == 3


async def test_effect_that_is_sent_at_most_once_is_not_sent_again(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """What was answered badly is not tried again, though another attempt might mend it."""
    server.answer = lambda _request: (503, {"error": "busy"})
    try:
        automation, offset = await commander.define([named("once", server, at_most_once=True)])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.answer = lambda _request: (200, {"ok": True})
    assert facts[-1].status == "failed"
    assert server.keys().count(f"{command.run_id}:once") == 1


async def test_step_out_of_time_fails_while_its_call_is_still_on_its_way(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    server.delay_seconds = 15.0
    try:
        automation, offset = await commander.define([named("slow", server, timeout="1s")])
        command = commander.command(automation, offset)
        await commander.start(command)
        facts = await results.until_ended(command.run_id)
    finally:
        server.delay_seconds = 0.0
    assert facts[-1].error is not None
    assert facts[-1].error.kind == "timeout"


async def test_cancelled_run_ends_when_what_is_in_flight_has_been_answered(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """The call that was sent is recorded, the open task is withdrawn, and nothing more begins."""
    automation, offset = await commander.define(
        [
            named("first", server, next=["slow", "ask"]),
            named("slow", server, next="never"),
            {"id": "ask", "type": "human_task", "next": "never"},
            named("never", server),
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)

    async def is_asked() -> bool:
        server.delay_seconds = 1.0
        return "/slow" in paths_of(server, command.run_id)

    try:
        await eventually(is_asked)
        await commander.cancel(command.run_id)
        facts = await results.until_ended(command.run_id)
    finally:
        server.delay_seconds = 0.0
    assert facts[-1].status == "cancelled"
    assert statuses(facts)["ask"] == "cancelled"
    assert "never" not in statuses(facts)
    assert [task.status for fact in facts for task in fact.tasks] == ["open", "withdrawn"]
    assert "/never" not in paths_of(server, command.run_id)


async def test_cancelled_run_that_was_parked_ends_at_once(commander: Commander, results: ResultsTail) -> None:
    automation, offset = await commander.define([{"id": "wait", "type": "delay", "params": {"for": "3d"}}])
    command = commander.command(automation, offset)
    await commander.start(command)
    await results.until_waiting(command.run_id)
    await commander.cancel(command.run_id)
    facts = await results.until_ended(command.run_id)
    assert facts[-1].status == "cancelled"
    assert facts[-1].error is not None
    assert "ines@example.com" in facts[-1].error.message


async def test_loop_performs_its_items_so_many_at_once(
    commander: Commander, results: ResultsTail, server: CountingServer
) -> None:
    """Each item is called once, with a key of its own; never more at a time than the loop says."""
    automation, offset = await commander.define(
        [
            {
                "id": "each",
                "type": "for_each",
                "items": [1, 2, 3, 4, 5, 6],
                "at_once": 3,
                "actions": [named("call", server, params={"url": f"{server.url}/item/{{{{ item }}}}"})],
            },
            named("after", server),
        ]
    )
    command = commander.command(automation, offset)
    await commander.start(command)
    facts = await results.until_ended(command.run_id)
    assert facts[-1].status == "completed"
    keys = server.keys()
    mine = [key for key in keys if key.startswith(command.run_id)]
    assert sorted(mine) == sorted([f"{command.run_id}:each[{n}].call" for n in range(6)] + [f"{command.run_id}:after"])
    under_way: set[str] = set()
    for fact in facts:
        for step in fact.steps:
            if step.path.startswith("each["):
                (under_way.add if step.status == "running" else under_way.discard)(step.path)
        assert len(under_way) <= 3
    [output] = [step.output for fact in facts for step in fact.steps if step.path == "each" and step.output]
    assert [item["status"] for item in output["items"]] == ["completed"] * 6
