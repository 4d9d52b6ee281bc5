"""Acts on many runs at once: counted truly, performed once each, and told run by run where they fail."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.controls import CancelRun, control_reader
from automations.contracts.results import StartSkipped
from automations.contracts.topics import RUN_CONTROLS, record_key
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.eventually import eventually
from tests.support.running_api import FakeExecutor, FakeRun, running_api
from tests.support.stream import TopicTail, tail

DOCUMENT: dict[str, Any] = {
    "name": "Many runs",
    "trigger": {"event": "case.created"},
    "actions": [{"id": "tell", "type": "notify_user", "params": {"user": "ada", "message": "hello"}}],
    "status": "active",
}


@pytest.fixture
async def controls(kafka_settings: KafkaSettings) -> AsyncIterator[TopicTail]:
    async with tail(kafka_settings, RUN_CONTROLS) as opened:
        yield opened


async def cancellations(controls: TopicTail, *runs: FakeRun) -> list[CancelRun]:
    """Return the cancellations of these runs once each of them has one."""
    wanted = {run.run_id for run in runs}

    def find(records: list[Any]) -> list[CancelRun] | None:
        read = [control_reader.read(record.value) for record in records]
        own = [each for each in read if isinstance(each, CancelRun) and each.run_id in wanted]
        return own if {each.run_id for each in own} == wanted else None

    found: list[CancelRun] = await controls.until(find)
    return found


async def begin_runs(api: httpx.AsyncClient, executor: FakeExecutor, number: int, status: Any) -> list[FakeRun]:
    """Have so many runs of an automation of their own in the history, with that status."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    runs = [FakeRun(automation) for _ in range(number)]
    for place, run in enumerate(runs):
        await executor.publish(run.start({"id": "7", "place": place}))
        if status != "running":
            await executor.publish(run.step("tell", status))

    async def look() -> bool:
        counts = (await api.get("/runs/counts", params={"automation_id": automation})).json()
        return bool(counts == {"total": number, "by_status": {status: number}})

    await eventually(look)
    return runs


async def begin_act(api: httpx.AsyncClient, body: dict[str, Any], **headers: str) -> dict[str, Any]:
    answer = await api.post("/mass-acts", json=body, headers=headers)
    assert answer.status_code == 201, answer.text
    act: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"/api/v1/mass-acts/{act['id']}"
    return act


async def ended(api: httpx.AsyncClient, act: dict[str, Any]) -> dict[str, Any]:
    """Return the act once it has ended."""

    async def look() -> dict[str, Any] | None:
        present: dict[str, Any] = (await api.get(f"/mass-acts/{act['id']}")).json()
        assert present["done"] + present["failed"] <= present["total"] == act["total"]
        return present if present["status"] == "ended" else None

    found = await eventually(look)
    assert found is not None
    return found


async def test_runs_that_match_are_cancelled_and_those_that_ended_meanwhile_are_told(
    api: httpx.AsyncClient, executor: FakeExecutor, controls: TopicTail
) -> None:
    """The total is that of the moment of asking; a run that ends by itself is a failure with its reason."""
    first, second, third = await begin_runs(api, executor, 3, "running")
    automation = first.automation_id
    act = await begin_act(api, {"act": "cancel", "filter": {"automation_id": automation}, "reason": "Wrong list"})
    assert (act["total"], act["done"], act["status"]) == (3, 0, "under_way")
    sent = await cancellations(controls, first, second, third)
    assert [control.reason for control in sent] == ["Wrong list"] * 3
    await executor.publish(first.fact("cancelled"), second.fact("completed"))

    async def look() -> bool:
        present = (await api.get(f"/mass-acts/{act['id']}")).json()
        return bool((present["done"], present["failed"], present["status"]) == (1, 1, "under_way"))

    await eventually(look)
    await executor.publish(third.fact("cancelled"))
    told = await ended(api, act)
    assert (told["done"], told["failed"]) == (2, 1)
    assert told["errors"] == [{"run_id": second.run_id, "detail": "It ended by itself before: completed."}]


async def test_runs_are_run_again_once_each_the_oldest_first(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """More than one transaction's worth; a rerun is done when its run has begun, and failed when it was skipped."""
    runs = await begin_runs(api, executor, 120, "failed")
    automation = runs[0].automation_id
    key = uuid.uuid4().hex
    body = {"act": "rerun", "filter": {"automation_id": automation, "status": "failed"}}
    acts = [await begin_act(api, body, **{"Idempotency-Key": key}) for _ in range(2)]
    assert acts[0] == acts[1]
    assert acts[0]["total"] == 120

    def find(records: list[Any]) -> list[StartRun] | None:
        own = [
            each for each in map(start_run_reader.read, (r.value for r in records)) if each.automation_id == automation
        ]
        return own if len(own) >= 120 else None

    starts: list[StartRun] = await commands.until(find)
    repeated = [start.rerun.run_id for start in starts if start.rerun is not None]
    assert repeated == [run.run_id for run in sorted(runs, key=lambda run: run.started_at)]
    for start in starts[1:]:
        await executor.publish(FakeRun(automation, run_id=start.run_id).start(cause=start.cause))
    refused = StartSkipped(
        tenant_id="default", run_id=starts[0].run_id, automation_id=automation, version=1, lane="live",
        reason="paused", event=starts[0].event, at=starts[0].decided_at,
    )  # fmt: skip
    await executor.publish_bytes(encode(refused), record_key("default", automation, "case/7"))
    told = await ended(api, acts[0])
    assert (told["done"], told["failed"]) == (119, 1)
    assert told["errors"] == [{"run_id": repeated[0], "detail": "The automation was paused."}]


async def test_act_that_a_process_leaves_is_gone_on_with_by_another(
    api: httpx.AsyncClient,
    executor: FakeExecutor,
    commands: TopicTail,
    postgres_settings: PostgresSettings,
    kafka_settings: KafkaSettings,
) -> None:
    """The one that took the request ends at once; every run is begun again all the same, as one new run."""
    runs = await begin_runs(api, executor, 120, "completed")
    automation = runs[0].automation_id
    async with running_api(postgres_settings, kafka_settings) as other:
        act = await begin_act(other, {"act": "rerun", "filter": {"automation_id": automation}})

    def find(records: list[Any]) -> list[StartRun] | None:
        read = [start_run_reader.read(record.value) for record in records]
        own = {each.run_id: each for each in read if each.automation_id == automation}
        return list(own.values()) if len(own) >= 120 else None

    starts: list[StartRun] = await commands.until(find)
    assert {start.rerun.run_id for start in starts if start.rerun} == {run.run_id for run in runs}
    assert len(starts) == 120
    for start in starts:
        await executor.publish(FakeRun(automation, run_id=start.run_id).start(cause=start.cause))
    told = await ended(api, act)
    assert (told["done"], told["failed"]) == (120, 0)


async def test_named_runs_alone_are_acted_on(
    api: httpx.AsyncClient, executor: FakeExecutor, controls: TopicTail
) -> None:
    """A named run that cannot be cancelled any more fails at once, and nothing is sent for it."""
    running, other = await begin_runs(api, executor, 2, "running")
    [over] = await begin_runs(api, executor, 1, "completed")
    act = await begin_act(api, {"act": "cancel", "runs": [running.run_id, over.run_id, running.run_id]})
    assert act["total"] == 2
    await cancellations(controls, running)
    await executor.publish(running.fact("cancelled"))
    told = await ended(api, act)
    assert (told["done"], told["failed"]) == (1, 1)
    assert told["errors"] == [{"run_id": over.run_id, "detail": "It had ended: completed."}]
    assert (await api.get(f"/runs/{other.run_id}")).json()["status"] == "running"


async def test_run_that_somebody_else_has_cancelled_is_where_the_act_wants_it(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    """It may have been cancelled between the request and the moment the act comes to it."""
    [run] = await begin_runs(api, executor, 1, "cancelled")
    told = await ended(api, await begin_act(api, {"act": "cancel", "runs": [run.run_id]}))
    assert (told["done"], told["failed"], told["errors"]) == (1, 0, [])


async def test_reruns_of_a_paused_automation_fail_with_the_reason(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    runs = await begin_runs(api, executor, 2, "completed")
    await api.patch(f"/automations/{runs[0].automation_id}", json={"status": "paused"})
    told = await ended(api, await begin_act(api, {"act": "rerun", "runs": [run.run_id for run in runs]}))
    assert (told["done"], told["failed"]) == (0, 2)
    assert {error["detail"] for error in told["errors"]} == {"The automation is paused; make it active first."}


async def test_act_on_nothing_ends_at_once(api: httpx.AsyncClient) -> None:
    nothing = {"act": "cancel", "filter": {"automation_id": "none"}}
    told = await ended(api, await begin_act(api, nothing))
    assert (told["total"], told["done"], told["errors"]) == (0, 0, [])


async def test_what_is_wrong_with_a_request_is_named(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    """All at once, by pointer; and nothing is written down."""
    [run] = await begin_runs(api, executor, 1, "running")

    async def wrong(body: dict[str, Any]) -> set[str]:
        answer = await api.post("/mass-acts", json=body)
        assert answer.status_code == 422, answer.text
        return {error["pointer"] for error in answer.json()["errors"]}

    assert await wrong({}) == {"/act", "/runs"}
    assert await wrong({"act": "stop", "runs": ["x"], "more": 1}) == {"/act", "/runs/0", "/more"}
    assert await wrong({"act": "cancel", "runs": [run.run_id, str(uuid.uuid4())]}) == {"/runs/1"}
    assert await wrong({"act": "rerun", "runs": [run.run_id], "reason": "why"}) == {"/reason"}
    assert await wrong({"act": "cancel", "runs": [run.run_id], "filter": {}}) == {"/runs"}
    filters = {"status": "late", "mode": "test", "record": 7, "waiting": "yes", "since": "soon", "stage": "won"}
    assert await wrong({"act": "cancel", "filter": filters}) == {f"/filter/{name}" for name in filters}
    assert (await api.get(f"/mass-acts/{uuid.uuid4()}")).status_code == 404
    assert (await api.get(f"/runs/{run.run_id}")).json()["status"] == "running"


async def test_two_acts_on_the_same_runs_send_one_cancellation_each(
    api: httpx.AsyncClient, executor: FakeExecutor, controls: TopicTail
) -> None:
    """Both acts tell the same end."""
    runs = await begin_runs(api, executor, 2, "running")
    body = {"act": "cancel", "filter": {"automation_id": runs[0].automation_id}}
    acts = await asyncio.gather(*(begin_act(api, body) for _ in range(2)))
    await cancellations(controls, *runs)
    await executor.publish(*(run.fact("cancelled") for run in runs))
    for act in acts:
        told = await ended(api, act)
        assert (told["done"], told["failed"]) == (2, 0)
    assert len(await cancellations(controls, *runs)) == 2
