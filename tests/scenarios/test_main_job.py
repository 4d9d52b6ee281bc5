"""The main job: an event on Kafka starts the automation that matches it, and its run is read over REST."""

import asyncio
import json
import uuid
from functools import partial
from typing import Any

import pytest

from tests.support import tools
from tests.support.counting_server import CountingServer
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.product import Product, gather_limited

EXAMPLE = """{"name": "Auto-assign high-priority cases",
 "trigger": {"event": "case.created", "conditions": {"priority": "critical"}},
 "actions": [{"type": "assign_to_queue", "params": {"queue_id": "..."}},
             {"type": "send_notification", "params": {"channel": "slack", "message": "Critical case created"}}],
 "status": "active"}"""


def event_type() -> str:
    """An event type of the test's own."""
    return f"t{uuid.uuid4().hex[:10]}.created"


def notify(message: str = "seen {{ record.id }}") -> dict[str, Any]:
    return {"type": "send_notification", "params": {"channel": "slack", "message": message}}


async def test_documented_calls_work_as_they_are_written(product: Product, witness: CountingServer) -> None:
    """The three calls of the documentation, byte for byte, on records and queues that nobody has seen."""
    headers = {"content-type": "application/json"}
    answer = await product.client.post("/api/v1/automations", content=EXAMPLE.encode(), headers=headers)
    assert answer.status_code == 201, answer.text
    created = answer.json()
    assert answer.headers["location"].endswith(created["id"])
    assert [action["id"] for action in created["actions"]] == ["assign_to_queue", "send_notification"]

    # One after the other under one key: when the critical case has run, the other one has been looked at.
    case = f"case-{uuid.uuid4().hex[:10]}"
    for record in ({"id": f"{case}-low", "priority": "low"}, {"id": case, "priority": "critical"}):
        await product.publish({"type": "case.created", "record": record}, key=case)
    run = await product.until_run(created["id"])
    assert await product.runs(created["id"]) == [run]
    assert [step["status"] for step in run["steps"]] == ["completed", "completed"]
    assert run["record"] == {"object": "case", "id": case}
    assert run["duration"] >= 0
    assert any(request.body.get("text") == "Critical case created" for request in witness.received)
    items = (await product.demo("/queues/.../items"))["items"]
    assert case in json.dumps(items)
    await product.call("PATCH", f"/automations/{created['id']}", {"status": "archived"})


LENIENT: dict[str, Any] = {
    "record": lambda t, r: {"type": t, "record": r},
    "data.record": lambda t, r: {"type": t, "data": {"record": r, "changes": {}}},
    "data": lambda t, r: {"event": t, "data": r},
    "payload": lambda t, r: {"event_type": t, "payload": r, "id": uuid.uuid4().hex},
    "flat": lambda t, r: {"type": t, **r},
    "with times": lambda t, r: {"type": t, "record": r, "timestamp": 1_790_000_000, "event_id": uuid.uuid4().hex},
    "structured": lambda t, r: {
        "specversion": "1.0",
        "type": t,
        "source": "/crm",
        "id": uuid.uuid4().hex,
        "data": {"record": r},
        "extra": 1,
    },
    "structured, data is the record": lambda t, r: {
        "specversion": "1.0",
        "type": t,
        "source": "/crm",
        "id": uuid.uuid4().hex,
        "data": r,
    },
}


@pytest.mark.parametrize("form", LENIENT)
async def test_every_form_of_an_event_fires(product: Product, form: str) -> None:
    kind = event_type()
    created = await product.create({"event": kind, "conditions": {"priority": "critical"}}, [notify()])
    await product.publish(LENIENT[form](kind, {"id": "r-1", "priority": "critical"}))
    run = await product.until_run(created["id"])
    assert run["record"]["id"] == "r-1"


async def test_cloud_event_in_binary_mode_fires(product: Product) -> None:
    kind = event_type()
    created = await product.create({"event": kind}, [notify()])
    headers = {"ce_specversion": "1.0", "ce_type": kind, "ce_source": "/crm", "ce_id": "e-1", "ce_vendorfield": "kept"}
    await product.publish({"record": {"id": "r-1"}}, headers={**headers, "content-type": "application/json"})
    run = await product.until_run(created["id"])
    assert run["trigger"]["event_id"] == "e-1"


async def test_foreign_client_fires_with_one_line(product: Product) -> None:
    """`kcat` produces a line of JSON, as any other client would."""
    kcat = tools.require("kcat")
    kind = event_type()
    created = await product.create({"event": kind}, [notify()])
    line = json.dumps({"type": kind, "record": {"id": "from-kcat"}})
    process = await asyncio.create_subprocess_exec(
        kcat, "-P", "-b", product.kafka_bootstrap_servers, "-t", "crm.events", stdin=asyncio.subprocess.PIPE
    )
    await process.communicate(f"{line}\n".encode())
    assert process.returncode == 0
    assert (await product.until_run(created["id"]))["record"]["id"] == "from-kcat"


async def test_event_posted_to_the_api_fires(product: Product) -> None:
    kind = event_type()
    created = await product.create({"event": kind}, [notify()])
    answer = await product.call("POST", "/events", [{"type": kind, "record": {"id": "posted"}}], expect=202)
    assert answer["accepted"] == 1
    assert (await product.until_run(created["id"]))["record"]["id"] == "posted"


async def test_same_events_published_twice_give_each_run_once(product: Product) -> None:
    """500 events, published twice: 500 runs; and one more for each record when another event of it comes."""
    kind = event_type()
    created = await product.create({"event": kind}, [{"type": "notify_user", "params": {"user": "i", "message": "m"}}])

    async def send(prefix: str) -> None:
        for n in range(500):
            event = {"type": kind, "event_id": f"{prefix}{n}", "record": {"id": f"r{n}"}}
            await product.producer.send("crm.events", json.dumps(event).encode(), key=f"r{n}".encode())

    # The other events lie behind the repeated ones of their records: when they have run, those have been taken.
    for prefix in ("e", "e", "other"):
        await send(prefix)
    await product.producer.flush()
    runs = await product.until_runs(created["id"], 1000, within_seconds=3 * PATIENCE_SECONDS)
    ids = [run["trigger"]["event_id"] for run in runs]
    assert sorted(ids) == sorted(f"{prefix}{n}" for prefix in ("e", "other") for n in range(500))


async def test_garbage_lies_in_the_dead_letters_and_stops_nothing(product: Product) -> None:
    """What cannot be read is kept with its reason; the event after it fires; extra fields are no garbage."""
    from aiokafka import AIOKafkaConsumer

    garbage: dict[str, bytes] = {
        "not_json": b"{oops",
        "not_an_object": b"[1, 2]",
        "no_type": b'{"record": {"id": 1}}',
        "conflicting_types": b'{"type": "a.b", "event": "c.d"}',
        "too_deep": b'{"type":"x.y","record":' + b'{"a":' * 120 + b"1" + b"}" * 121,
        "nul_character": b'{"type": "x.y", "record": {"id": "a\\u0000b"}}',
        "lone_surrogate": b'{"type": "x.y", "record": {"id": "\\ud800"}}',
        "number_too_large": b'{"type": "x.y", "record": {"id": 1e999}}',
    }
    consumer = AIOKafkaConsumer(
        "automations.dead-letters", bootstrap_servers=product.kafka_bootstrap_servers, auto_offset_reset="latest"
    )
    await consumer.start()
    try:
        for partition in consumer.assignment():
            await consumer.position(partition)
        kind = event_type()
        created = await product.create({"event": kind}, [notify()])
        for raw in garbage.values():
            await product.publish(raw, key="same-partition")
        await product.publish({"type": kind, "record": {"id": "ok"}, "unknown": {"kept": True}}, key="same-partition")
        await product.until_run(created["id"])
        letters: list[dict[str, Any]] = []

        async def look() -> bool:
            for batch in (await consumer.getmany(timeout_ms=50)).values():
                letters.extend(json.loads(record.value) for record in batch)
            return {letter["code"] for letter in letters} >= set(garbage)

        await eventually(look)
        assert all(letter["reason"] and letter["topic"] == "crm.events" for letter in letters)
    finally:
        await consumer.stop()


async def test_change_that_was_answered_holds_for_the_next_event(product: Product) -> None:
    """1,000 × (activate, publish at once) = 1,000 runs; 1,000 × (pause, publish at once) = 1,000 skips and no run."""
    kind = event_type()
    step = {"type": "notify_user", "params": {"user": "i", "message": "m"}}

    async def create(n: str, status: str) -> dict[str, Any]:
        return await product.create({"event": kind, "conditions": {"n": n}}, [step], status=status)

    on = await gather_limited(16, [partial(create, f"on{n}", "draft") for n in range(1000)])
    off = await gather_limited(16, [partial(create, f"off{n}", "active") for n in range(1000)])

    async def change_and_publish(automation: dict[str, Any], status: str) -> None:
        answer = await product.call("PATCH", f"/automations/{automation['id']}", {"status": status})
        assert "activation" not in answer
        n = automation["trigger"]["conditions"]["n"]
        await product.publish({"type": kind, "record": {"id": f"r-{n}", "n": n}}, key=n)

    changes = [partial(change_and_publish, a, "active") for a in on] + [
        partial(change_and_publish, a, "paused") for a in off
    ]
    await gather_limited(8, changes)
    ids_on, ids_off = {a["id"] for a in on}, {a["id"] for a in off}
    seen: dict[str, int] = {}

    async def all_on() -> bool:
        seen.clear()
        cursor = None
        while True:
            query: dict[str, Any] = {"limit": 500} | ({"cursor": cursor} if cursor else {})
            page = (await product.client.get("/api/v1/runs", params=query)).json()
            for run in page["items"]:
                if run["trigger"]["type"] == kind and run["status"] == "completed":
                    seen[run["automation_id"]] = seen.get(run["automation_id"], 0) + 1
            cursor = page["next_cursor"]
            if cursor is None or not page["items"] or page["items"][-1]["trigger"]["type"] != kind:
                break
        return len(seen) >= 1000

    await eventually(all_on, within_seconds=3 * PATIENCE_SECONDS)

    async def reasons_of_skips(automation: dict[str, Any]) -> list[str]:
        async def look() -> list[str]:
            skips = (await product.call("GET", f"/automations/{automation['id']}/skipped-starts"))["items"]
            return [skip["reason"] for skip in skips]

        return await eventually(look)

    # Each event that found its automation paused has been decided on: from here on no run of it can come.
    assert await gather_limited(8, [partial(reasons_of_skips, a) for a in off]) == [["paused"]] * 1000
    await all_on()
    assert seen == dict.fromkeys(ids_on, 1)
    assert not ids_off & set(seen)
    await gather_limited(16, [partial(product.call, "DELETE", f"/automations/{a['id']}") for a in [*on, *off]])


async def test_event_of_a_paused_automation_is_a_skipped_start(product: Product) -> None:
    kind = event_type()
    created = await product.create({"event": kind}, [notify()])
    await product.call("PATCH", f"/automations/{created['id']}", {"status": "paused"})
    case = await product.publish_case(kind)

    async def look() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await product.call("GET", f"/automations/{created['id']}/skipped-starts"))[
            "items"
        ]
        return found

    [skipped] = await eventually(look)
    assert (skipped["reason"], skipped["record"]["id"]) == ("paused", case)
    assert await product.runs(created["id"]) == []
