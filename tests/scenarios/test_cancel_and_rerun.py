"""What people do to runs: cancel one, run one again, start what a pause skipped."""

import uuid
from collections import Counter
from typing import Any

import pytest

from tests.support.counting_server import CountingServer, Received
from tests.support.eventually import eventually
from tests.support.product import Product


def hook(witness: CountingServer, mark: str, name: str, **more: Any) -> dict[str, Any]:
    """Return an action that leaves a trace at the witness."""
    body = {"step": name, "record": "{{ record.id }}", "vip": "{{ record.vip }}"}
    return {"id": name, "type": "call_webhook", "params": {"url": f"{witness.url}/{mark}/{name}", "body": body}, **more}


def traces(witness: CountingServer, mark: str) -> Counter[str]:
    """Return how often each step of a test reached the witness."""
    found = [request.path.split("/")[1:] for request in witness.received]
    return Counter(name for [where, *rest] in found if where == mark for name in rest)


async def test_cancelled_run_ends_for_good_and_withdraws_its_task(product: Product, witness: CountingServer) -> None:
    """The answer is the cancelled run; nothing behind its task is done, and the task cannot be completed any more."""
    mark = f"t{uuid.uuid4().hex[:10]}"
    ask = {"id": "ask", "type": "human_task", "params": {"title": "Approve", "priority": "high"}}
    automation = await product.create({"event": f"{mark}.created"}, [ask, hook(witness, mark, "after")])
    await product.publish_case(f"{mark}.created")
    run = await product.until_waiting(automation["id"])
    cancelled = await product.call("POST", f"/runs/{run['id']}/cancel", {"reason": "not needed"}, expect=200)
    assert (cancelled["status"], cancelled["waiting"]) == ("cancelled", None)
    assert "not needed" in cancelled["error"]["message"]
    assert {step["id"]: step["status"] for step in cancelled["steps"]}["ask"] == "cancelled"
    task = (await product.call("GET", f"/tasks/{run['waiting']['task_id']}"))["status"]
    assert task == "withdrawn"
    path = f"/automations/{automation['id']}/runs/{run['id']}/complete-task"
    assert (await product.call("POST", path, {"output": {}}, expect=409))["reason"] == "withdrawn"
    assert (await product.call("POST", f"/runs/{run['id']}/cancel", expect=200))["id"] == run["id"]
    assert traces(witness, mark) == {}


async def test_rerun_from_the_failed_step_repeats_no_completed_effect(
    product: Product, witness: CountingServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The steps before it are taken over as they were; the step itself and what follows are done, under new keys."""
    mark = f"t{uuid.uuid4().hex[:10]}"
    broken = True

    def answer(request: Received) -> tuple[int, Any]:
        return (400, {"error": "no"}) if broken and request.path == f"/{mark}/third" else (200, {"ok": True})

    monkeypatch.setattr(witness, "answer", answer)
    keep = {"id": "keep", "type": "set", "params": {"values": {"first": "{{ steps.first.status }}"}}}
    third = hook(witness, mark, "third", when={"vars.first": "completed"})
    actions = [hook(witness, mark, "first"), keep, hook(witness, mark, "second"), third, hook(witness, mark, "last")]
    automation = await product.create({"event": f"{mark}.created"}, actions)
    case = await product.publish_case(f"{mark}.created")
    failed = await product.until_run(automation["id"], status="failed")
    assert traces(witness, mark) == {"first": 1, "second": 1, "third": 1}
    broken = False
    again = await product.call("POST", f"/runs/{failed['id']}/rerun", {"from_step": "third"}, expect=201)
    done = await product.until_run(automation["id"])
    assert (done["id"], done["record"]["id"]) == (again["id"], case)
    assert traces(witness, mark) == {"first": 1, "second": 1, "third": 2, "last": 1}
    shown = await product.call("GET", f"/runs/{done['id']}")
    assert shown["rerun_of"] == failed["id"]
    assert {step["id"]: step["status"] for step in shown["steps"]} == dict.fromkeys(
        ("first", "keep", "second", "third", "last"), "completed"
    )
    taken_over = [step["id"] for step in shown["steps"] if f"taken over from the run {failed['id']}" in step["notes"]]
    assert taken_over == ["first", "keep", "second"]
    assert (await product.call("GET", f"/runs/{failed['id']}"))["reruns"] == [done["id"]]
    assert (await product.call("GET", f"/runs/{failed['id']}"))["status"] == "failed"


async def test_rerun_from_the_start_does_everything_anew_with_the_edited_event(
    product: Product, witness: CountingServer
) -> None:
    mark = f"t{uuid.uuid4().hex[:10]}"
    automation = await product.create({"event": f"{mark}.created"}, [hook(witness, mark, "only")])
    case = await product.publish_case(f"{mark}.created", vip="no")
    run = await product.until_run(automation["id"])
    edited = {"event": {"record": {"id": case, "vip": "yes"}}}
    await product.call("POST", f"/runs/{run['id']}/rerun", edited, expect=201)
    await product.until_runs(automation["id"], 2)
    assert traces(witness, mark) == {"only": 2}
    bodies = [request.body["vip"] for request in witness.received if request.path == f"/{mark}/only"]
    assert sorted(bodies) == ["no", "yes"]


async def test_pause_loses_nothing(product: Product, witness: CountingServer) -> None:
    """What was skipped meanwhile is started together afterwards, once each, however often it is asked for."""
    mark = f"t{uuid.uuid4().hex[:10]}"
    automation = await product.create({"event": f"{mark}.created"}, [hook(witness, mark, "only")])
    path = f"/automations/{automation['id']}"
    await product.call("PATCH", path, {"status": "paused"})
    cases = [await product.publish_case(f"{mark}.created") for _ in range(5)]

    async def all_skipped() -> bool:
        return len((await product.call("GET", f"{path}/skipped-starts?reason=paused"))["items"]) == 5

    await eventually(all_skipped)
    refused = await product.call("POST", f"{path}/skipped-starts/start", expect=409)
    assert refused["automation_status"] == "paused"
    await product.call("PATCH", path, {"status": "active"})
    assert await product.call("POST", f"{path}/skipped-starts/start") == {"started": 5, "left": 0}
    runs = await product.until_runs(automation["id"], 5)
    assert sorted(run["record"]["id"] for run in runs) == sorted(cases)
    assert await product.call("POST", f"{path}/skipped-starts/start") == {"started": 0, "left": 0}
    skipped = (await product.call("GET", f"{path}/skipped-starts"))["items"]
    assert {item["started_run_id"] for item in skipped} == {run["id"] for run in runs}
    assert traces(witness, mark) == {"only": 5}
