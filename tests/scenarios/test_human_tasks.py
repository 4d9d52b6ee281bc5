"""A human task pauses a run; its completion resumes it, and the run alone judges who was first."""

import asyncio
import uuid
from typing import Any

from tests.support.counting_server import CountingServer
from tests.support.product import Product


def approval(witness: CountingServer) -> list[dict[str, Any]]:
    hook = {"url": f"{witness.url}/approved", "body": {"output": "{{ steps.approve.output.notes }}"}}
    return [
        {"id": "approve", "type": "human_task", "params": {"title": "Approve {{ record.name }}"}},
        {"type": "call_webhook", "params": hook},
    ]


async def waiting_run(product: Product, witness: CountingServer) -> tuple[dict[str, Any], dict[str, Any]]:
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    automation = await product.create({"event": kind}, approval(witness))
    await product.publish_case(kind, name="the discount")
    return automation, await product.until_waiting(automation["id"])


async def test_documented_completion_resumes_the_run(product: Product, witness: CountingServer) -> None:
    automation, run = await waiting_run(product, witness)
    assert run["status"] == "running"
    assert run["waiting"]["for"] == "task"
    tasks = (await product.call("GET", "/tasks"))["items"]
    [task] = [task for task in tasks if task["run_id"] == run["id"]]
    assert task["title"] == "Approve the discount"
    path = f"/automations/{automation['id']}/runs/{run['id']}/complete-task"
    answered = await product.call("POST", path, {"output": {"approved": True, "notes": "Looks good"}}, expect=200)
    assert answered["id"] == run["id"]
    done = await product.until_run(automation["id"])
    assert done["steps"][0]["output"] == {"approved": True, "notes": "Looks good"}
    assert {"output": "Looks good"} in [request.body for request in witness.received]


async def test_two_completions_at_once_are_one_yes_and_one_conflict(product: Product, witness: CountingServer) -> None:
    """Whoever was second learns who was first, and when."""
    automation, run = await waiting_run(product, witness)
    path = f"/api/v1/automations/{automation['id']}/runs/{run['id']}/complete-task"
    answers = await asyncio.gather(*(product.client.post(path, json={"output": {"n": n}}) for n in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    [conflict] = [answer.json() for answer in answers if answer.status_code == 409]
    assert conflict["submitted_by"]
    assert conflict["submitted_at"]
    await product.until_run(automation["id"])


async def test_completion_of_a_task_that_is_not_open_is_a_conflict(product: Product, witness: CountingServer) -> None:
    automation, run = await waiting_run(product, witness)
    path = f"/automations/{automation['id']}/runs/{run['id']}/complete-task"
    await product.call("POST", path, expect=200)
    await product.until_run(automation["id"])
    again = await product.call("POST", path, {"output": {}}, expect=409)
    assert again["detail"]


async def test_completion_waits_for_the_run_to_open_its_task(product: Product, witness: CountingServer) -> None:
    """Whoever completes before the task is open is not turned away at once."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    slow = {"id": "slow", "type": "call_webhook", "params": {"url": f"{witness.url}/{kind}"}}
    automation = await product.create({"event": kind}, [slow, *approval(witness)])
    with witness.holding(f"/{kind}"):
        await product.publish_case(kind)
        run = await product.until_run(automation["id"], status="running")
        assert not run["waiting"]
        path = f"/automations/{automation['id']}/runs/{run['id']}/complete-task"
        early = asyncio.create_task(product.call("POST", path, {"output": {"early": True}}, expect=200))
        # Requests that are made after it are answered; it is not.
        assert not (await product.call("GET", f"/runs/{run['id']}"))["waiting"]
        assert not early.done()
    await early
    await product.until_run(automation["id"])


async def test_completion_of_an_unknown_run_is_not_found(product: Product, witness: CountingServer) -> None:
    automation, run = await waiting_run(product, witness)
    await product.call("POST", f"/automations/{automation['id']}/runs/{uuid.uuid4()}/complete-task", {}, expect=404)
    other = await product.create({"event": f"t{uuid.uuid4().hex[:8]}.x"}, approval(witness))
    await product.call("POST", f"/automations/{other['id']}/runs/{run['id']}/complete-task", {}, expect=404)
