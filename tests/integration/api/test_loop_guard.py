"""What the loop guard refused flags the automation, until somebody has dealt with it or taken note of it."""

import uuid
from datetime import datetime
from typing import Any

import httpx
import msgspec
import pytest

from automations.clock import utc_now
from automations.contracts.commands import TriggerEvent
from automations.contracts.identity import Lane
from automations.contracts.results import StartSkipped
from automations.contracts.topics import record_key
from automations.contracts.wire import encode
from tests.support.eventually import eventually
from tests.support.running_api import FakeExecutor, FakeRun

DOCUMENT: dict[str, Any] = {
    "name": "Round and round",
    "trigger": {"event": "case.updated"},
    "actions": [{"type": "update_field", "params": {"field": "seen", "value": "yes"}}],
    "status": "active",
}


async def created(api: httpx.AsyncClient, **changes: Any) -> dict[str, Any]:
    answer = await api.post("/automations", json=DOCUMENT | changes)
    assert answer.status_code == 201, answer.text
    automation: dict[str, Any] = answer.json()
    assert automation["loop_guard"] is None
    return automation


def refused(
    automation: str, detail: str = "once too often", *, chain: str | None = None, lane: Lane = "live"
) -> StartSkipped:
    now = utc_now()
    event = TriggerEvent(id="e", type="case.updated", time=now, object="case", record_id="7")
    return StartSkipped(
        tenant_id="default",
        run_id=str(uuid.uuid4()),
        automation_id=automation,
        version=1,
        lane=lane,
        reason="loop_guard",
        event=event,
        at=now,
        detail=detail,
        chain_id=chain,
    )


async def tell(executor: FakeExecutor, *facts: StartSkipped) -> None:
    for fact in facts:
        await executor.publish_bytes(encode(fact), record_key("default", fact.automation_id, "case/7"))


async def until_flagged(api: httpx.AsyncClient, automation: str, count: int) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        flag: dict[str, Any] | None = (await api.get(f"/automations/{automation}")).json()["loop_guard"]
        return flag if flag is not None and flag["count"] == count else None

    flag = await eventually(look)
    assert flag is not None
    return flag


async def test_refused_starts_flag_their_automation_and_are_listed(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    """However often a fact comes it counts once; the flag tells the latest, and stands in the list as well."""
    automation = (await created(api))["id"]
    first, second = refused(automation, "first"), refused(automation, "second")
    await tell(executor, first, second, first, second)
    flag = await until_flagged(api, automation, 2)
    assert (flag["detail"], flag["chain"]) == ("second", [])
    assert datetime.fromisoformat(flag["since"]) == first.at
    assert datetime.fromisoformat(flag["last_at"]) == second.at
    [listed] = [item for item in (await api.get("/automations")).json()["items"] if item["id"] == automation]
    assert listed["loop_guard"] == flag
    skipped = (await api.get(f"/automations/{automation}/skipped-starts", params={"reason": "loop_guard"})).json()
    assert [(item["run_id"], item["detail"]) for item in skipped["items"]] == [
        (second.run_id, "second"),
        (first.run_id, "first"),
    ]
    assert "loop" in skipped["items"][0]["sentence"]


async def test_flag_names_the_runs_that_led_to_it(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    """The runs of the chain stand in their order, with the names of their automations."""
    one, other = await created(api), await created(api, name="And back")
    first, second = FakeRun(one["id"]), FakeRun(other["id"])
    start = second.start()
    assert start.start is not None
    later = msgspec.structs.replace(start.start, chain_id=first.run_id, depth=1)
    await executor.publish(first.start(), msgspec.structs.replace(start, start=later), after=first)
    await tell(executor, refused(one["id"], chain=first.run_id))
    flag = await until_flagged(api, one["id"], 1)

    async def is_whole() -> bool:
        nonlocal flag
        flag = (await api.get(f"/automations/{one['id']}")).json()["loop_guard"]
        return len(flag["chain"]) == 2

    await eventually(is_whole)
    assert flag["chain"] == [
        {"run_id": first.run_id, "automation_id": one["id"], "name": "Round and round", "depth": 0},
        {"run_id": second.run_id, "automation_id": other["id"], "name": "And back", "depth": 1},
    ]


async def test_chain_that_a_person_began_names_the_run_of_the_task(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    automation = (await created(api))["id"]
    run = FakeRun(automation)
    await executor.publish(run.start(), run.open_task())
    await tell(executor, refused(automation, chain=f"{run.run_id}:human_task"))
    await until_flagged(api, automation, 1)

    async def names_the_run() -> bool:
        flag = (await api.get(f"/automations/{automation}")).json()["loop_guard"]
        return [link["run_id"] for link in flag["chain"]] == [run.run_id]

    await eventually(names_the_run)


@pytest.mark.parametrize("act", ["publish", "resume", "dismiss", "promote"])
async def test_flag_is_cleared_when_somebody_deals_with_it(
    api: httpx.AsyncClient, executor: FakeExecutor, act: str
) -> None:
    """A new live version, a resumption and a dismissal clear it; what is refused after that flags anew."""
    automation = (await created(api))["id"]
    path = f"/automations/{automation}"
    await tell(executor, refused(automation))
    await until_flagged(api, automation, 1)
    etag = (await api.get(path)).headers["etag"]
    if act == "publish":
        answer = await api.put(path, json=DOCUMENT | {"trigger": {"event": "case.created"}})
    elif act == "resume":
        paused = await api.patch(path, json={"status": "paused"})
        assert paused.json()["loop_guard"]["count"] == 1
        answer = await api.patch(path, json={"status": "active"})
    elif act == "promote":
        made = await api.put(path, json=DOCUMENT | {"environment": "sandbox", "name": "Mended", "status": "draft"})
        assert made.is_success, made.text
        answer = await api.post(f"{path}/promote")
    else:
        answer = await api.delete(f"{path}/loop-guard")
        assert answer.status_code == 204
        assert (await api.delete(f"{path}/loop-guard")).status_code == 204
    assert answer.is_success, answer.text
    shown = await api.get(path)
    assert shown.json()["loop_guard"] is None
    assert (shown.headers["etag"] == etag) == (act == "dismiss")
    await tell(executor, refused(automation, "again"))
    assert (await until_flagged(api, automation, 1))["detail"] == "again"


async def test_what_changes_nothing_leaves_the_flag(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    """An answer that is sent back as it came is taken, and is no new version."""
    automation = (await created(api))["id"]
    await tell(executor, refused(automation))
    await until_flagged(api, automation, 1)
    shown = (await api.get(f"/automations/{automation}")).json()
    answer = await api.put(f"/automations/{automation}", json=shown)
    assert answer.is_success, answer.text
    assert (answer.json()["version"], answer.json()["loop_guard"]["count"]) == (1, 1)


async def test_refused_dry_starts_flag_nothing(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    automation = (await created(api))["id"]
    await tell(executor, refused(automation, lane="sandbox"), refused(automation, "live"))
    assert (await until_flagged(api, automation, 1))["detail"] == "live"


async def test_flag_of_an_unknown_automation_cannot_be_dismissed(api: httpx.AsyncClient) -> None:
    assert (await api.delete(f"/automations/{uuid.uuid4()}/loop-guard")).status_code == 404
