"""What explain says is what happens, and a test reaches nobody."""

import uuid
from typing import Any

from tests.scenarios.test_sandbox import ALL_EFFECTS, counterparts, kind_of_event
from tests.support.counting_server import CountingServer
from tests.support.eventually import eventually
from tests.support.product import Product

TELL = {"type": "notify_user", "params": {"user": "user-ines", "message": "seen {{ record.id }}"}}


async def published(product: Product, kind: str, **fields: Any) -> dict[str, Any]:
    """Publish a CloudEvent; return where it lies."""
    value = {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "/test",
        "type": kind,
        "data": {"record": {"id": uuid.uuid4().hex[:8], **fields}},
    }
    answer = await product.call("POST", "/events", value)
    [place] = answer["events"]
    return {name: place[name] for name in ("topic", "partition", "offset")}


async def told(product: Product, automation: dict[str, Any], place: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = await product.call("POST", f"/automations/{automation['id']}/explain", place)
    return answer


async def test_explanation_is_what_the_matcher_did(product: Product) -> None:
    """Matching and not matching, before the activation, active, and paused: run, skip and explanation agree."""
    kind = kind_of_event()
    # An event of another automation that has run shows that the matcher has read what came before it.
    witness = await product.create({"event": kind}, [TELL])
    early = await published(product, kind, priority="critical")
    conditions = {"priority": ["critical", "high"], "amount": {"gte": 10}}
    automation = await product.create({"event": kind, "conditions": conditions}, [TELL], status="draft")
    draft = await told(product, automation, early)
    assert (draft["verdict"], draft["starts"]) == ("not_active", False)
    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "active"})

    starts = await published(product, kind, priority="high", amount="10.5")
    false = await published(product, kind, priority="low", amount=50)
    other = await published(product, f"{kind}.more", priority="high", amount=50)
    await product.until_runs(witness["id"], 3)
    run = await product.until_run(automation["id"])
    assert (await product.call("GET", f"/runs/{run['id']}"))["position"] == starts
    found = await told(product, automation, starts)
    assert (found["verdict"], found["run"]) == ("starts", {"id": run["id"], "status": "completed"})
    for place, verdict in ((false, "conditions_false"), (other, "other_event")):
        found = await told(product, automation, place)
        assert (found["verdict"], found["starts"], found["run"], found["skipped"]) == (verdict, False, None, None)

    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "paused"})
    paused = await published(product, kind, priority="high", amount=10)

    async def is_skipped() -> dict[str, Any] | None:
        found = await told(product, automation, paused)
        return found if found["skipped"] else None

    skipped = await eventually(is_skipped, within_seconds=30)
    assert skipped is not None
    assert (skipped["verdict"], skipped["run"], skipped["skipped"]["reason"]) == ("paused", None, "paused")
    assert [run["id"] for run in await product.runs(automation["id"])] == [run["id"]]


async def test_test_of_an_unsaved_draft_reaches_nobody(product: Product, witness: CountingServer) -> None:
    """Every kind of effect is shown as it would have been, though the sandbox is off and the automation paused."""
    kind = kind_of_event()
    automation = await product.create({"event": kind}, [TELL])
    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "paused"})
    hook = {"type": "call_webhook", "params": {"url": f"{witness.url}/tested", "headers": {"Authorization": "secret"}}}
    document = {"name": "unsaved", "trigger": {"event": kind}, "actions": [*ALL_EFFECTS, hook]}
    before = await counterparts(product, witness)
    event = {"type": kind, "event_id": "e", "record": {"id": "77", "object": "case"}}
    run = await product.call("POST", f"/automations/{automation['id']}/test", {"event": event, "document": document})
    assert (run["status"], run["mode"], run["dry_run"]) == ("completed", "test", True)
    assert [step["status"] for step in run["steps"]] == ["completed"] * 8
    requests = {step["type"]: step["request"] for step in run["steps"]}
    assert requests["send_email"]["subject"] == "Dry 77"
    assert requests["call_webhook"]["url"] == f"{witness.url}/tested"
    assert "secret" not in str(requests["call_webhook"])
    assert await counterparts(product, witness) == before
    assert await product.runs(automation["id"]) == []
    [listed] = await product.runs(automation["id"], mode="test")
    assert listed["id"] == run["id"]
