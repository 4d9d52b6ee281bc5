"""Cancelling a run and running it again over REST: what executor is asked for, and what is answered."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from api.interventions import cancelling
from automations.contracts.commands import StartRun, start_run_reader
from automations.contracts.results import OMITTED, RunAdvanced, RunStatus, StepView
from automations.contracts.step_errors import StepError
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.running_api import FakeExecutor, FakeRun
from tests.support.stream import TopicTail

DOCUMENT: dict[str, Any] = {
    "name": "Ask",
    "trigger": {"event": "case.created"},
    "actions": [{"type": "human_task", "params": {"title": "Approve"}}],
    "status": "active",
}


@pytest.fixture
async def run(api: httpx.AsyncClient, executor: FakeExecutor) -> FakeRun:
    """A run whose task is open."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    run = FakeRun(automation)
    await executor.publish(run.start(), run.open_task())
    await until_shown(api, run)
    return run


async def until_shown(api: httpx.AsyncClient, run: FakeRun) -> dict[str, Any]:
    """Return the run from the history once that has all of its facts."""

    async def look() -> dict[str, Any] | None:
        items = (await api.get(f"/automations/{run.automation_id}/runs")).json()["items"]
        found: list[dict[str, Any]] = [item for item in items if item["id"] == run.run_id]
        return found[0] if found and (found[0]["waiting"] or found[0]["status"] != "running") else None

    shown = await eventually(look)
    assert shown is not None
    return shown


async def test_cancellation_is_answered_with_the_cancelled_run(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """The answer comes with the run's end; to ask again is answered in the same way and asks executor nothing."""
    answering = asyncio.create_task(api.post(f"/runs/{run.run_id}/cancel", json={"reason": "a mistake"}))
    control = await executor.next_cancellation(run)
    assert (control.requested_by, control.reason) == ("local", "a mistake")
    await executor.publish(run.fact("cancelled"))
    answer = await answering
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled"), answer.text
    again = await api.post(f"/runs/{run.run_id}/cancel")
    assert (again.status_code, again.json()["id"]) == (200, run.run_id)


async def test_cancellation_that_takes_longer_is_accepted_for_later(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A step in flight is waited for; whoever asks twice meanwhile has asked once."""
    monkeypatch.setattr(cancelling, "END_SECONDS", 0.3)
    first = await api.post(f"/runs/{run.run_id}/cancel", json={"reason": "first"})
    assert (first.status_code, first.json()["status"]) == (202, "running")
    second = await api.post(f"/runs/{run.run_id}/cancel", json={"reason": "second"})
    assert second.status_code == 202
    assert (await executor.next_cancellation(run)).reason == "first"
    monkeypatch.setattr(cancelling, "END_SECONDS", PATIENCE_SECONDS)
    answering = asyncio.create_task(api.post(f"/runs/{run.run_id}/cancel"))
    await executor.publish(run.fact("cancelled"))
    assert (await answering).status_code == 200


async def test_run_that_ends_by_itself_is_not_cancelled(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """The run is the judge: an end of its own, before the request or while it is under way, is a conflict."""
    answering = asyncio.create_task(api.post(f"/runs/{run.run_id}/cancel"))
    await executor.next_cancellation(run)
    await executor.publish(run.fact("failed"))
    for answer in (await answering, await api.post(f"/runs/{run.run_id}/cancel")):
        assert answer.status_code == 409
        assert (answer.json()["reason"], answer.json()["run_status"]) == ("run_ended", "failed")


async def test_malformed_cancellation_names_each_field(api: httpx.AsyncClient, run: FakeRun) -> None:
    answer = await api.post(f"/runs/{run.run_id}/cancel", json={"reason": 3, "why": "x"})
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/reason", "/why"}
    for unknown in ("nonsense", FakeRun("a").run_id):
        assert (await api.post(f"/runs/{unknown}/cancel")).status_code == 404


HOOK: dict[str, Any] = {"type": "call_webhook", "params": {"url": "https://example.com"}}
GRAPH: dict[str, Any] = {
    "name": "Run me again",
    "trigger": {"event": "case.created"},
    "actions": [
        {"id": "one", **HOOK, "next": ["two", "beside"]},
        {"id": "two", **HOOK, "on_error": "continue", "next": "choose"},
        {"id": "beside", **HOOK, "next": None},
        {"id": "choose", "type": "branch", "branches": [{"when": {"a": 1}, "next": "each"}], "otherwise": "other"},
        {"id": "each", "type": "for_each", "items": [1], "actions": [{"id": "inner", **HOOK}], "next": "last"},
        {"id": "other", **HOOK, "next": None},
        {"id": "last", **HOOK},
    ],
    "status": "active",
}
BROKEN = StepError(kind="refused", message="no")


async def command_of(commands: TopicTail, run_id: str) -> StartRun:
    """Return the start of a run."""

    def find(records: list[Any]) -> list[StartRun] | None:
        read = [start_run_reader.read(record.value) for record in records]
        return [start for start in read if start.run_id == run_id] or None

    found: list[StartRun] = await commands.until(find)
    return found[0]


def ended(run: FakeRun, status: RunStatus = "failed") -> RunAdvanced:
    """Return the end of a run of GRAPH, in which the last step failed, and one beside it."""

    def view(path: str, state: Any, **more: Any) -> StepView:
        now = datetime.now(UTC)
        return StepView(path=path, id=path.rpartition(".")[2], type="call_webhook", status=state, ended_at=now, **more)

    steps = (
        view("one", "completed", output={"n": 1}),
        view("two", "failed", error=BROKEN),
        view("beside", "failed", error=BROKEN),
        view("choose", "completed", output={"entry": 1, "next": "each"}),
        view("other", "skipped", reason="path_not_taken"),
        view("each[0].inner", "completed", output={}),
        view("each", "completed", output={"items": []}),
        view("last", "failed", error=BROKEN),
    )
    return run.fact(status, steps=steps)


async def ended_run(api: httpx.AsyncClient, executor: FakeExecutor, **more: Any) -> FakeRun:
    automation = (await api.post("/automations", json=GRAPH)).json()["id"]
    run = FakeRun(automation, **more)
    await executor.publish(run.start({"id": "5001", "priority": "low"}), ended(run))
    await until_shown(api, run)
    return run


async def test_rerun_from_a_step_takes_over_what_can_be_gone_on_from(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """Completed steps before it, and failures that the document leads on from; nothing of loops' insides."""
    run = await ended_run(api, executor)
    answer = await api.post(f"/runs/{run.run_id}/rerun", json={"from_step": "last"})
    assert answer.status_code == 201, answer.text
    again = answer.json()["id"]
    assert (answer.headers["location"], answer.json()["rerun_of"]) == (f"/api/v1/runs/{again}", run.run_id)
    start = await command_of(commands, again)
    assert (start.version, start.lane, start.order_key) == (1, "live", f"{run.automation_id}|case/5001")
    assert start.cause.startswith("rerun:")
    assert start.cause.endswith(f":{run.run_id}")
    assert start.definitions_offset > 0
    assert start.event.record == {"id": "5001", "priority": "low"}
    assert start.rerun is not None
    assert (start.rerun.run_id, start.rerun.step) == (run.run_id, "last")
    copied = {step.id: (step.status, step.output) for step in start.rerun.steps}
    assert copied == {
        "one": ("completed", {"n": 1}),
        "two": ("failed", None),
        "choose": ("completed", {"entry": 1, "next": "each"}),
        "each": ("completed", {"items": []}),
    }


async def test_rerun_is_another_run_each_time_and_both_know_each_other(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """From the start nothing is taken over; the event may be edited. A repeated request is one rerun."""
    run = await ended_run(api, executor)
    edited = {"event": {"record": {"id": "5001", "priority": "high"}, "changes": None}}
    headers = {"Idempotency-Key": f"again-{run.run_id}"}
    first = (await api.post(f"/runs/{run.run_id}/rerun", json=edited, headers=headers)).json()
    assert (await api.post(f"/runs/{run.run_id}/rerun", json=edited, headers=headers)).json()["id"] == first["id"]
    second = (await api.post(f"/runs/{run.run_id}/rerun")).json()
    assert len({run.run_id, first["id"], second["id"]}) == 3
    start = await command_of(commands, first["id"])
    assert start.event.record == {"id": "5001", "priority": "high"}
    assert start.rerun is not None
    assert (start.rerun.step, start.rerun.steps) == (None, ())
    fake = FakeRun(run.automation_id, run_id=first["id"])
    await executor.publish(fake.start(cause=start.cause), fake.fact("completed"))
    await until_shown(api, fake)
    assert (await api.get(f"/runs/{first['id']}")).json()["rerun_of"] == run.run_id
    assert (await api.get(f"/runs/{run.run_id}")).json()["reruns"] == [first["id"]]


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        ("lst", "unknown_step", 'Did you mean "last"?'),
        ("each[0].inner", "inside_loop", 'begin at "each"'),
        ("inner", "inside_loop", 'begin at "each"'),
        ("other", "not_reached", "no way led"),
    ],
)
async def test_step_that_a_run_cannot_begin_at_is_named_with_those_that_exist(
    api: httpx.AsyncClient, executor: FakeExecutor, step: str, code: str, words: str
) -> None:
    run = await ended_run(api, executor)
    answer = await api.post(f"/runs/{run.run_id}/rerun", json={"from_step": step})
    assert answer.status_code == 422
    [error] = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/from_step", code)
    assert words in error["message"]
    assert answer.json()["steps"] == ["one", "two", "beside", "choose", "each", "other", "last"]


async def test_malformed_rerun_names_each_field(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = await ended_run(api, executor)
    body = {"from_step": 3, "event": {"record": [], "type": "x"}, "step": "last"}
    answer = await api.post(f"/runs/{run.run_id}/rerun", json=body)
    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json()["errors"]} == {
        "/from_step", "/event/record", "/event/type", "/step"
    }  # fmt: skip
    assert (await api.post("/runs/nonsense/rerun")).status_code == 404


async def test_results_that_are_not_kept_cannot_be_taken_over(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = await ended_run(api, executor)
    lost = FakeRun(run.automation_id)
    step = StepView(path="one", id="one", type="call_webhook", status="completed", output=OMITTED)
    await executor.publish(lost.start(), lost.fact("failed", steps=(step,)))
    await until_shown(api, lost)
    answer = await api.post(f"/runs/{lost.run_id}/rerun", json={"from_step": "last"})
    assert (answer.status_code, answer.json()["reason"], answer.json()["steps"]) == (409, "results_not_kept", ["one"])
    assert (await api.post(f"/runs/{lost.run_id}/rerun")).status_code == 201


async def test_what_cannot_be_started_is_a_conflict(
    api: httpx.AsyncClient, executor: FakeExecutor, run: FakeRun
) -> None:
    """A run under way, one of a paused or deleted automation, a dry one without the sandbox, and a test."""
    under_way = await api.post(f"/runs/{run.run_id}/rerun")
    assert (under_way.status_code, under_way.json()["reason"]) == (409, "still_running")
    done, dry = await ended_run(api, executor), await ended_run(api, executor, lane="sandbox")
    await api.patch(f"/automations/{done.automation_id}", json={"status": "paused"})
    paused = await api.post(f"/runs/{done.run_id}/rerun")
    assert (paused.status_code, paused.json()["automation_status"]) == (409, "paused")
    assert (await api.post(f"/runs/{dry.run_id}/rerun")).json()["reason"] == "sandbox_off"
    await api.patch(f"/automations/{done.automation_id}", json={"status": "archived"})
    await api.delete(f"/automations/{done.automation_id}")
    assert (await api.post(f"/runs/{done.run_id}/rerun")).json()["reason"] == "deleted"
    test = FakeRun(dry.automation_id, lane="sandbox")
    await executor.publish(test.start(mode="test"), test.fact("completed"))

    async def look() -> bool:
        return (await api.post(f"/runs/{test.run_id}/rerun")).status_code != 404

    await eventually(look)
    assert (await api.post(f"/runs/{test.run_id}/rerun")).json()["reason"] == "test_run"


async def test_dry_run_is_run_again_in_the_sandbox(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """It reaches nobody the second time either."""
    dry = await ended_run(api, executor, lane="sandbox")
    await api.put("/sandbox", json={"active": True})
    answer = await api.post(f"/runs/{dry.run_id}/rerun")
    await api.put("/sandbox", json={"active": False})
    assert (answer.status_code, answer.json()["dry_run"]) == (201, True), answer.text
    start = await command_of(commands, answer.json()["id"])
    assert (start.lane, start.test) == ("sandbox", None)
