"""Automations that set themselves going are stopped, and say so."""

import uuid
from typing import Any

from tests.support.eventually import eventually
from tests.support.product import Product


async def until_flagged(product: Product, automation: str, count: int) -> dict[str, Any]:
    """Return what the loop guard says of the automation once it has refused so many starts."""

    async def look() -> dict[str, Any] | None:
        flag: dict[str, Any] | None = (await product.call("GET", f"/automations/{automation}"))["loop_guard"]
        return flag if flag is not None and flag["count"] >= count else None

    flag = await eventually(look)
    assert flag is not None
    assert flag["count"] == count
    return flag


async def skips_of(product: Product, automation: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await product.call("GET", f"/automations/{automation}/skipped-starts"))["items"]
    return found


async def test_automation_that_writes_what_it_listens_to_runs_once(product: Product) -> None:
    """Its own write comes back as an event and is refused; the next change by a person starts it again."""
    record = f"case-{uuid.uuid4().hex[:10]}"
    automation = await product.create(
        {"event": "case.updated", "conditions": {"loops": record}},
        [{"type": "update_field", "params": {"field": "seen", "value": "{{ event.id }}"}}],
    )

    async def change(name: str) -> None:
        answer = await product.client.patch(
            f"{product.demo_crm_url}/records/case/{record}", json={"loops": record, "name": name}
        )
        assert answer.is_success, answer.text

    await change("one")
    flag = await until_flagged(product, automation["id"], 1)
    [run] = await product.runs(automation["id"])
    assert flag["chain"] == [{"run_id": run["id"], "automation_id": automation["id"], "name": "test", "depth": 0}]
    assert run["id"] in flag["detail"]
    [skipped] = await skips_of(product, automation["id"])
    assert (skipped["reason"], skipped["record"]["id"]) == ("loop_guard", record)

    await product.call("DELETE", f"/automations/{automation['id']}/loop-guard")
    assert (await product.call("GET", f"/automations/{automation['id']}"))["loop_guard"] is None
    await change("two")
    await product.until_runs(automation["id"], 2)
    await until_flagged(product, automation["id"], 1)
    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "archived"})


async def test_chain_of_new_records_ends_after_nine_runs(product: Product) -> None:
    """Each run makes another record, so no record comes twice: the length of the chain ends it."""
    title = f"again {uuid.uuid4().hex[:10]}"
    automation = await product.create(
        {"event": "task.created", "conditions": {"title": title}},
        [{"type": "create_task", "params": {"title": title}}],
    )
    answer = await product.client.post(f"{product.demo_crm_url}/tasks", json={"title": title})
    assert answer.is_success, answer.text
    flag = await until_flagged(product, automation["id"], 1)
    assert flag["detail"].startswith("9 runs led to this event")
    assert [link["depth"] for link in flag["chain"]] == list(range(9))
    await product.until_runs(automation["id"], 9)
    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "archived"})


async def test_eleventh_event_of_a_record_within_a_minute_starts_nothing(product: Product) -> None:
    """Whatever the events say of their causes: ten runs, and the rest are skipped starts."""
    kind = f"t{uuid.uuid4().hex[:10]}.created"
    automation = await product.create(
        {"event": kind}, [{"type": "notify_user", "params": {"user": "user-ines", "message": "m"}}]
    )
    for _ in range(14):
        await product.publish({"type": kind, "event_id": uuid.uuid4().hex, "record": {"id": "7"}}, key="7")
    await product.until_runs(automation["id"], 10)
    flag = await until_flagged(product, automation["id"], 4)
    assert flag["chain"] == []
    assert {skip["reason"] for skip in await skips_of(product, automation["id"])} == {"loop_guard"}
    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "paused"})
    resumed = await product.call("PATCH", f"/automations/{automation['id']}", {"status": "active"})
    assert resumed["loop_guard"] is None
