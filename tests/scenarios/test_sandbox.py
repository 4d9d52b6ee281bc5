"""The sandbox: live events, real conditions, no effect on anybody."""

import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.support.counting_server import CountingServer
from tests.support.eventually import eventually
from tests.support.product import Product

ALL_EFFECTS: list[dict[str, Any]] = [
    {"type": "send_email", "params": {"to": "ines@example.com", "subject": "Dry {{ record.id }}", "body": "b"}},
    {"type": "update_field", "params": {"field": "stage", "value": "won"}},
    {"type": "create_task", "params": {"title": "Call {{ record.id }}"}},
    {"type": "assign_to_queue", "params": {"queue_id": "dry-queue"}},
    {"type": "notify_user", "params": {"user": "user-ines", "message": "m {{ record.id }}"}},
    {"type": "send_notification", "params": {"channel": "slack", "message": "m {{ record.id }}"}},
    {"type": "human_task", "params": {"title": "Approve"}},
]

LIVE_EFFECTS = {"webhooks and slack": 2, "mails": 1, "queue": 1, "tasks": 1, "inbox": 1, "open tasks": 0}
"""How many of them arrive where, of a live run without the human task."""


@pytest.fixture
async def sandbox(product: Product) -> AsyncIterator[None]:
    await product.call("PUT", "/sandbox", {"active": True})
    yield
    await product.call("PUT", "/sandbox", {"active": False})


def kind_of_event() -> str:
    return f"t{uuid.uuid4().hex[:10]}.created"


async def counterparts(product: Product, witness: CountingServer) -> dict[str, Any]:
    """What has arrived at every counterpart the product can reach."""
    return {
        "webhooks and slack": len(witness.received),
        "mails": (await product.demo("/sink/mails"))["total"],
        "queue": len((await product.demo("/queues/dry-queue/items"))["items"]) if await _queue(product) else 0,
        "tasks": len((await product.demo("/records/task?limit=1000"))["items"]),
        "inbox": len((await product.call("GET", "/notifications?user=user-ines&limit=500"))["items"]),
        "open tasks": len((await product.call("GET", "/tasks?limit=500"))["items"]),
    }


async def _queue(product: Product) -> bool:
    return any(queue["id"] == "dry-queue" for queue in (await product.demo("/queues"))["items"])


async def test_dry_run_reaches_nobody_and_shows_what_it_would_have_sent(
    product: Product, witness: CountingServer, sandbox: None
) -> None:
    """The same actions, dry, leave every counterpart untouched, and live, reach each of them."""
    kind = kind_of_event()
    hook = {"type": "call_webhook", "params": {"url": f"{witness.url}/dry", "headers": {"Authorization": "Bearer s"}}}
    actions = [*ALL_EFFECTS, hook]
    before = await counterparts(product, witness)
    dry = await product.create({"event": kind}, actions, environment="sandbox")
    await product.publish_case(kind)
    run = await product.until_run(dry["id"])
    assert run["dry_run"] is True
    assert [step["status"] for step in run["steps"]] == ["completed"] * 8
    requests = {step["type"]: step["request"] for step in run["steps"]}
    assert requests["send_email"]["to"] == ["ines@example.com"]
    assert requests["update_field"]["body"] == {"stage": "won"}
    assert requests["call_webhook"]["url"] == f"{witness.url}/dry"
    assert "Bearer s" not in str(requests["call_webhook"])
    assert await counterparts(product, witness) == before

    # The control: live, the same actions arrive, so that the zeros above mean something.
    live_kind = kind_of_event()
    live = await product.create({"event": live_kind}, [action for action in actions if action["type"] != "human_task"])
    await product.publish_case(live_kind)
    await product.until_run(live["id"])
    expected = {name: count + LIVE_EFFECTS[name] for name, count in before.items()}

    async def has_arrived() -> bool:
        # The inbox is filled beside the run. What a dry effect had done late would be one too many.
        assert await counterparts(product, witness) == expected
        return True

    await eventually(has_arrived)


async def test_live_and_sandbox_document_of_one_automation_give_two_runs(
    product: Product, witness: CountingServer, sandbox: None
) -> None:
    kind = kind_of_event()
    hook = {"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}"}}
    automation = await product.create({"event": kind}, [hook])
    changed = {"name": "test", "trigger": {"event": kind}, "actions": [hook, hook], "status": "active"}
    await product.call("PUT", f"/automations/{automation['id']}", {**changed, "environment": "sandbox"})
    await product.publish_case(kind)
    runs = await product.until_runs(automation["id"], 2)
    assert sorted((run["dry_run"], len(run["steps"])) for run in runs) == [(False, 1), (True, 2)]
    assert [request.path for request in witness.received].count(f"/{kind}") == 1


async def test_promoted_document_runs_live(product: Product, witness: CountingServer, sandbox: None) -> None:
    kind = kind_of_event()
    hook = {"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}"}}
    automation = await product.create({"event": kind}, [hook], environment="sandbox")
    await product.publish_case(kind)
    await product.until_run(automation["id"])
    promoted = await product.call("POST", f"/automations/{automation['id']}/promote")
    assert promoted["environments"]["sandbox"] is None
    await product.publish_case(kind)
    runs = await product.until_runs(automation["id"], 2)
    assert sorted(run["dry_run"] for run in runs) == [False, True]
    assert [request.path for request in witness.received].count(f"/{kind}") == 1


async def test_sandbox_document_is_silent_while_the_sandbox_is_off(product: Product, witness: CountingServer) -> None:
    kind = kind_of_event()
    hook = {"type": "call_webhook", "params": {"url": f"{witness.url}/{kind}"}}
    dry = await product.create({"event": kind}, [hook], environment="sandbox")
    live = await product.create({"event": kind}, [hook])
    await product.publish_case(kind)
    await product.until_run(live["id"])
    # A later event has been through every service as well: what the first one started would be seen by now.
    await product.publish_case(kind)
    await product.until_runs(live["id"], 2)
    assert await product.runs(dry["id"]) == []
