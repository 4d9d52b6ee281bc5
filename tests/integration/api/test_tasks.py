"""Human tasks over REST: one judge for a task, the run."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec
import pytest

from api.tasks import completion
from automations.contracts.notifications import SendNotification
from automations.contracts.topics import NOTIFICATIONS
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from automations.messaging.publisher import Publisher, Record
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.running_api import FakeExecutor, FakeRun

DOCUMENT: dict[str, Any] = {
    "name": "Ask",
    "trigger": {"event": "case.created"},
    "actions": [{"type": "human_task", "params": {"title": "Approve"}}],
    "status": "active",
}
OUTPUT = {"output": {"approved": True, "notes": "Looks good"}}


@pytest.fixture
async def run(api: httpx.AsyncClient, executor: FakeExecutor) -> FakeRun:
    """A run whose task is open."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    run = FakeRun(automation)
    await executor.publish(run.start(), run.open_task())
    await eventually(lambda: is_open(api, run))
    return run


async def is_open(api: httpx.AsyncClient, run: FakeRun) -> bool:
    items = (await api.get("/tasks", params={"automation_id": run.automation_id})).json()["items"]
    return run.run_id in {item["run_id"] for item in items}


def path_of(run: FakeRun) -> str:
    return f"/automations/{run.automation_id}/runs/{run.run_id}/complete-task"


async def test_completion_is_answered_with_the_run(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """The answer comes with the run's verdict, and shows the output where the step's output belongs."""
    waiting = (await api.get(f"/runs/{run.run_id}")).json()["waiting"]
    assert (waiting["for"], waiting["task_id"]) == ("task", f"{run.run_id}:human_task")
    answering = asyncio.create_task(api.post(path_of(run), json=OUTPUT))
    control = await executor.next_control(run)
    assert control.output == OUTPUT["output"]
    assert control.submitted_by == "local"
    await executor.judge(run, control)
    answer = await answering
    assert answer.status_code == 200, answer.text
    assert (answer.json()["status"], answer.json()["waiting"]) == ("completed", None)
    assert answer.json()["steps"][0]["output"] == OUTPUT["output"]
    second = await api.post(path_of(run), json=OUTPUT)
    assert second.status_code == 409
    assert (second.json()["submitted_by"], second.json()["reason"]) == ("local", "already_completed")
    assert second.json()["submitted_at"]
    task = (await api.get(f"/tasks/{control.task_id}")).json()
    assert (task["status"], task["submitted"]["accepted"]) == ("completed", True)


async def test_two_completions_at_once_give_one_200_and_one_409(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    answering = [asyncio.create_task(api.post(path_of(run), json=OUTPUT)) for _ in range(2)]
    await executor.judge(run, await executor.next_control(run))
    answers = await asyncio.gather(*answering)
    assert sorted(answer.status_code for answer in answers) == [200, 409]


async def test_refused_submission_leaves_the_task_free(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """A refusal is a conflict with its reason; the next submission is judged anew."""
    answering = asyncio.create_task(api.post(f"/tasks/{run.run_id}:human_task/complete", json={}))
    control = await executor.next_control(run)
    assert control.output == {}
    await executor.judge(run, control, refusal="withdrawn")
    answer = await answering
    assert (answer.status_code, answer.json()["reason"]) == (409, "withdrawn")
    again = asyncio.create_task(api.post(path_of(run)))
    await executor.judge(run, await executor.next_control(run))
    assert (await again).status_code == 200


async def test_completion_without_a_verdict_is_accepted_for_later(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "VERDICT_SECONDS", 0.3)
    answer = await api.post(path_of(run), json=OUTPUT)
    assert answer.status_code == 202
    assert answer.json()["status"] == "running"
    second = await api.post(path_of(run), json=OUTPUT)
    assert (second.status_code, second.json()["reason"]) == (409, "already_submitted")


async def test_completion_waits_for_the_run_to_open_its_task(
    api: httpx.AsyncClient, executor: FakeExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that comes before the history knows the run waits for it, and for its task."""
    monkeypatch.setattr(completion, "OPENING_SECONDS", PATIENCE_SECONDS)
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    run = FakeRun(automation)
    answering = asyncio.create_task(api.post(path_of(run), json=OUTPUT))
    await executor.publish(run.start())
    await executor.publish(run.open_task())
    await executor.judge(run, await executor.next_control(run))
    assert (await answering).status_code == 200


async def test_run_without_an_open_task_is_a_conflict_and_an_unknown_one_not_found(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completion, "OPENING_SECONDS", 0.2)
    unknown = FakeRun(run.automation_id)
    assert (await api.post(path_of(unknown), json=OUTPUT)).status_code == 404
    assert (await api.post(path_of(FakeRun("other", run_id=run.run_id)), json=OUTPUT)).status_code == 404
    assert (await api.post("/tasks/unknown/complete", json=OUTPUT)).status_code == 404
    ended = FakeRun(run.automation_id)
    await executor.publish(ended.start(), ended.step("x", "completed"))

    async def look() -> bool:
        return (await api.post(path_of(ended), json=OUTPUT)).status_code == 409

    await eventually(look)


async def test_several_open_tasks_ask_for_a_name(api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun) -> None:
    await executor.publish(run.open_task("second"))

    async def is_listed() -> bool:
        items = (await api.get("/tasks", params={"automation_id": run.automation_id})).json()["items"]
        return len(items) == 2

    await eventually(is_listed)
    answer = await api.post(path_of(run), json=OUTPUT)
    assert answer.status_code == 409
    assert {task["step"] for task in answer.json()["tasks"]} == {"human_task", "second"}
    answering = asyncio.create_task(api.post(path_of(run), json={**OUTPUT, "step": "second"}))
    control = await executor.next_control(run)
    assert control.task_id.endswith(":second")
    await executor.judge(run, control)
    assert (await answering).status_code == 200


async def test_malformed_completion_has_every_problem_named(api: httpx.AsyncClient, run: FakeRun) -> None:
    answer = await api.post(path_of(run), json={"output": [], "step": 3, "approved": True})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/output", "/step", "/approved"}


async def test_output_that_is_larger_than_a_step_takes_is_refused(api: httpx.AsyncClient, run: FakeRun) -> None:
    answer = await api.post(path_of(run), json={"output": {"text": "x" * 262_144}})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/output", "too_large")
    assert "at most 262144" in error["message"]


async def test_output_that_does_not_fit_the_form_is_refused_and_leaves_the_task_free(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """Every field that does not fit is named; nothing is sent to the run."""
    form = {"type": "object", "properties": {"amount": {"type": "number"}}, "required": ["approved"]}
    await executor.publish(run.open_task("formal", form=form))

    async def is_open_too() -> bool:
        return (await api.get(f"/tasks/{run.run_id}:formal")).status_code == 200

    await eventually(is_open_too)
    path = f"/tasks/{run.run_id}:formal/complete"
    refused = await api.post(path, json={"output": {"amount": "much"}})
    assert refused.status_code == 422
    assert {error["pointer"] for error in refused.json()["errors"]} == {"/output/approved", "/output/amount"}
    answering = asyncio.create_task(api.post(path, json={"output": {"approved": True}}))
    control = await executor.next_control(run)
    assert control.output == {"approved": True}
    await executor.judge(run, control)
    assert (await answering).status_code == 200


async def test_task_whose_time_is_up_says_so(api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun) -> None:
    """Whether the run says so, or the history knows it already."""
    answering = asyncio.create_task(api.post(path_of(run), json=OUTPUT))
    await executor.judge(run, await executor.next_control(run), refusal="timed_out")
    assert ((await answering).status_code, (await answering).json()["reason"]) == (409, "timed_out")
    await executor.publish(run.time_out_task())

    async def is_closed() -> bool:
        return not await is_open(api, run)

    await eventually(is_closed)
    answer = await api.post(path_of(run), json=OUTPUT)
    assert (answer.status_code, answer.json()["reason"]) == (409, "timed_out")


async def test_inbox_holds_each_message_once(api: httpx.AsyncClient, kafka_settings: KafkaSettings) -> None:
    """Messages of the channel `inbox` reach the people named, once, and are read once."""
    message = SendNotification(
        tenant_id="default",
        run_id="r",
        path="notify",
        key="r:notify",
        automation_id="a",
        channel="inbox",
        to=("ada",),
        body="A critical case",
        requested_at=datetime.now(UTC),
    )
    # What lies behind both on the same partition is seen when both have been taken.
    marker = msgspec.structs.replace(message, key="r:marker", to=("bea",))
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    await publisher.publish_all([Record(NOTIFICATIONS.name, b"r", encode(one)) for one in (message, message, marker)])
    await publisher.stop()

    async def inbox(user: str) -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = (await api.get("/notifications", params={"user": user})).json()["items"]
        return items

    await eventually(lambda: inbox("bea"))
    items = await inbox("ada")
    assert [item["message"] for item in items] == ["A critical case"]
    read = await api.post(f"/notifications/{items[0]['id']}/read")
    assert read.json()["read_at"]
    unread = await api.get("/notifications", params={"user": "ada", "unread": "true"})
    assert unread.json()["items"] == []
    assert (await api.post("/notifications/999999/read")).status_code == 404
