"""What a page can show: automations, runs and tasks of every kind, set up once and looked at in many ways."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.support.eventually import eventually
from tests.support.product import Product


@dataclass
class Places:
    """What was set up to look at, by id."""

    automation: str
    """Active, with a condition and three actions."""
    draft: str
    """With actions that lack something and one that is not connected."""
    changed: str
    """Live, and changed in the sandbox."""
    conditions: str
    """A draft with nested conditions, of whose events some were seen lately, and not all match."""
    graph: str
    """Active, with a branch, a join, a loop, a wait, and ways after a failure and after time is up."""
    skipped: str
    """Active, with starts that a pause skipped."""
    looping: str
    """Active, with starts that the loop guard refused."""
    runs: dict[str, str] = field(default_factory=dict)
    """By what became of them: waiting, completed, failed, tried (several times), dry, graph."""
    act: str = ""
    """An act on two runs, of which one could not be acted on."""
    tasks: dict[str, str] = field(default_factory=dict)
    """`open` and `completed`."""


async def set_up_places(product: Product, *, name: str = "") -> Places:
    """Create automations and runs of every kind; each name and text ends with `name`."""
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tail = f" {name}" if name else ""
    queue = {"type": "assign_to_queue", "params": {"queue_id": f"tier-2{tail}"}}
    form = {
        "type": "object",
        "required": ["decision"],
        "properties": {
            "decision": {"type": "string", "enum": ["approve", "reject", "ask back"]},
            "until": {"type": "string", "title": "Until when"},
            "credit": {"type": "number", "default": 100},
        },
    }
    params = {
        "title": f"Approve the credit{tail}",
        "instructions": f"Look at the case, and decide.{tail}",
        "form": form,
    }
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Done {{{{ record.id }}}}{tail}"}}
    actions = [queue, {"type": "human_task", "params": params}, tell]
    automation = await product.create(
        {"event": event, "conditions": {"priority": "critical", "region": "EMEA"}},
        actions,
        name=f"Approve credits{tail}",
        description=f"The second tier decides within the hour.{tail}",
    )
    for record in range(2):
        await product.publish(
            {
                "type": event,
                "event_id": uuid.uuid4().hex,
                "record": {
                    "id": f"C-10{record}{tail}",
                    "priority": "critical",
                    "region": "EMEA",
                    "subject": f"Cannot sign in{tail}",
                },
            }
        )
    drafts = await _set_up_draft(product, tail), await _set_up_conditions(product, tail)
    graph, graph_run = await _set_up_graph(product, tail)
    skipped, looping = await _set_up_skipped(product, tail), await _set_up_loop(product, tail)
    places = Places(automation["id"], drafts[0], "", drafts[1], graph, skipped, looping)
    places.runs["graph"] = graph_run
    [first, second] = await _until_waiting(product, automation["id"], 2)
    places.tasks = {"open": first["waiting"]["task_id"], "completed": second["waiting"]["task_id"]}
    places.runs["waiting"] = first["id"]
    await product.call(
        "POST",
        f"/automations/{automation['id']}/runs/{second['id']}/complete-task",
        {"output": {"decision": "approve"}},
    )
    places.runs["completed"] = second["id"]
    places.runs["failed"] = await _set_up_failed_run(product, tail)
    places.runs["tried"] = await _set_up_tried_run(product, tail)
    places.changed, places.runs["dry"] = await _set_up_dry_run(product, tail)
    named = [places.runs["failed"], places.runs["waiting"]]
    places.act = (await product.call("POST", "/mass-acts", {"act": "rerun", "runs": named}, expect=201))["id"]
    return places


async def _until_waiting(product: Product, automation_id: str, number: int) -> list[dict[str, Any]]:
    async def look() -> list[dict[str, Any]] | None:
        found = [run for run in await product.runs(automation_id) if run["waiting"]]
        return found if len(found) == number else None

    runs = await eventually(look)
    assert runs is not None
    return runs


async def _set_up_draft(product: Product, tail: str) -> str:
    created = await product.create({"event": "opportunity.stage_changed"}, [], name=f"Unfinished{tail}", status="draft")
    actions = [
        {"id": "mail", "type": "send_email", "params": {"subject": f"About you{tail}"}, "next": "task"},
        {"id": "task", "type": "create_task", "params": {"title": f"Call{tail}"}, "next": None},
        {"id": "lost", "type": "notify_user", "params": {"message": "{{ nobody }}"}},
    ]
    document = {"name": f"Unfinished{tail}", "trigger": {"event": "opportunity.stage_changed"}, "actions": actions}
    await product.call("PUT", f"/automations/{created['id']}/draft", document)
    return str(created["id"])


async def _set_up_conditions(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    conditions = {
        "priority": ["critical", f"high{tail}"],
        "amount": {"gte": 10000},
        "due": {"within_next": "30d"},
        "any": [
            {"source": f"web{tail}"},
            {"source": {"exists": False}},
            {"not": {"any": [{"tags": {"contains": "new"}}, {"name": {"starts_with": "A", "ignore_case": True}}]}},
        ],
    }
    actions = [
        {"type": "assign_to_queue", "params": {"queue_id": f"tier-2{tail}"}},
        {"type": "send_email", "params": {"to": "kim@example.com", "subject": f"News{tail}", "body": "Hello"}},
    ]
    trigger = {"event": [event, "never.*"], "conditions": conditions}
    created = await product.create(trigger, actions, name=f"Choose well{tail}", status="draft")
    for number, priority in enumerate(["critical", "low", f"high{tail}"]):
        fields = {"subject": f"Cannot sign in{tail}", "tags": ["new", f"vip{tail}"], "amount": 8000 * number}
        await product.publish_case(event, priority=priority, **fields)

    async def look() -> bool:
        return len((await product.call("GET", f"/event-types/{event}/samples"))["items"]) == 3

    await eventually(look)
    return str(created["id"])


async def _set_up_skipped(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Hello{tail}"}}
    automation = await product.create({"event": event}, [tell], name=f"Was paused{tail}")
    path = f"/automations/{automation['id']}"
    await product.call("PATCH", path, {"status": "paused"})
    for _ in range(3):
        await product.publish_case(event, subject=f"Cannot sign in{tail}")

    async def look() -> bool:
        return len((await product.call("GET", f"{path}/skipped-starts"))["items"]) == 3

    await eventually(look)
    await product.call("PATCH", path, {"status": "active"})
    return str(automation["id"])


async def _set_up_loop(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    note = {"id": "note", "type": "set", "params": {"values": {"noted": True}}}
    automation = await product.create({"event": event}, [note], name=f"Starts itself{tail}")
    for number in range(12):
        record = {"id": f"C-77{tail}", "number": number}
        await product.publish({"type": event, "event_id": uuid.uuid4().hex, "record": record}, key="C-77")

    async def look() -> bool:
        found = await product.call("GET", f"/automations/{automation['id']}")
        return found["loop_guard"] is not None and found["loop_guard"]["count"] == 2

    await eventually(look)
    return str(automation["id"])


async def _set_up_graph(product: Product, tail: str) -> tuple[str, str]:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Hello{tail}"}}
    ways = [
        {"name": f"Large{tail}", "when": {"amount": {"gte": 10000}}, "next": "approve"},
        {"when": {"region": f"EMEA{tail}"}, "next": "each"},
    ]
    inner = [
        {"id": "again", "type": "stop", "when": {"item": f"stop{tail}"}},
        {"id": "write", **tell, "params": {"channel": "slack", "message": f"Hello {{{{ item }}}}{tail}"}},
    ]
    actions = [
        {"id": "by_size", "type": "branch", "name": f"By size{tail}", "branches": ways, "otherwise": "join"},
        {
            "id": "approve",
            "type": "human_task",
            "params": {"title": f"Approve{tail}"},
            "timeout": "3d",
            "on_timeout": {"next": "late"},
            "next": ["join", "note"],
        },
        {"id": "late", **tell, "next": None},
        {"id": "each", "type": "for_each", "items": "record.contacts", "actions": inner, "next": "call"},
        {
            "id": "call",
            "type": "call_webhook",
            "params": {"url": "http://10.0.0.1/"},
            "retry": {"max_attempts": 2, "first_delay": 0},
            "on_error": {"next": ["note", "join"]},
            "next": "join",
        },
        {"id": "note", "type": "set", "params": {"values": {f"noted{tail.strip()[:20]}": True}}, "next": None},
        {"id": "join", **tell, "when": {"region": {"exists": True}}, "next": "wait"},
        {"id": "wait", "type": "delay", "params": {"for": "3d"}},
    ]
    automation = await product.create({"event": event}, actions, name=f"Approve by size{tail}")
    await product.publish_case(event, amount=10, region=f"EMEA{tail}", contacts=["ann", "bob"])
    run = await product.until_run(automation["id"], status="running")

    async def look() -> bool:
        found = await product.call("GET", f"/runs/{run['id']}")
        return {step["id"]: step["status"] for step in found["steps"]}.get("call") == "failed"

    await eventually(look)
    return str(automation["id"]), str(run["id"])


async def _set_up_failed_run(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    hook = {"type": "call_webhook", "params": {"url": f"http://10.0.0.1/{'x' * len(tail)}", "body": {"note": tail}}}
    automation = await product.create({"event": event}, [hook], name=f"Tell the partner{tail}")
    await product.publish_case(event, subject=f"Partner{tail}")
    return str((await product.until_run(automation["id"], status="failed"))["id"])


async def _set_up_tried_run(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    hook = {
        "type": "call_webhook",
        "name": f"Tell nobody{tail}",
        "params": {"url": "http://nowhere.invalid/"},
        "retry": {"max_attempts": 3, "first_delay": 1},
    }
    wait = {"type": "delay", "params": {"for": "1s"}}
    automation = await product.create({"event": event}, [wait, hook], name=f"Try again{tail}")
    await product.publish_case(event, subject=f"Nobody{tail}")
    return str((await product.until_run(automation["id"], status="failed"))["id"])


async def _set_up_dry_run(product: Product, tail: str) -> tuple[str, str]:
    event = f"p{uuid.uuid4().hex[:8]}.updated"
    mail = {"type": "send_email", "params": {"to": "kim@example.com", "subject": f"News{tail}", "body": "Hello"}}
    trigger = {"event": event, "conditions": {"priority": "critical"}}
    name = f"Greet the customer{tail}"
    automation = await product.create(trigger, [mail], name=name)
    changed = {"name": name, "trigger": {**trigger, "conditions": {"priority": "high"}}, "actions": [mail, mail]}
    path = f"/automations/{automation['id']}"
    await product.call("PUT", path, {**changed, "status": "active", "environment": "sandbox"})
    await product.call("PUT", "/sandbox", {"active": True})
    try:
        await product.publish_case(event, priority="high")
        run = await product.until_run(automation["id"])
    finally:
        await product.call("PUT", "/sandbox", {"active": False})
    return str(automation["id"]), str(run["id"])
