"""Starting what a pause skipped: each once, in order, and counted truly."""

import asyncio
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from automations.contracts.commands import StartRun, TriggerEvent, start_run_reader
from automations.contracts.results import SkipReason, StartSkipped
from automations.contracts.topics import record_key
from automations.contracts.wire import encode
from tests.support.eventually import eventually
from tests.support.running_api import FakeExecutor
from tests.support.stream import TopicTail

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DOCUMENT: dict[str, Any] = {
    "name": "Paused for a while",
    "trigger": {"event": "case.created"},
    "actions": [{"type": "notify_user", "params": {"user": "ada", "message": "hello"}}],
    "status": "active",
}


async def skip(
    api: httpx.AsyncClient, executor: FakeExecutor, automation: str, number: int, reason: SkipReason = "paused"
) -> list[str]:
    """Have starts about one record skipped at the same moment, and return the runs that would have been."""
    skipped = []
    for place in range(number):
        event = TriggerEvent(
            id=f"e{place}", type="case.created", time=NOW, object="case", record_id="7", record={"place": place}
        )
        fact = StartSkipped(
            tenant_id="default",
            run_id=str(uuid.uuid4()),
            automation_id=automation,
            version=1,
            lane="live",
            reason=reason,
            event=event,
            at=NOW + timedelta(seconds=place // 3),
        )
        skipped.append(fact.run_id)
        await executor.publish_bytes(encode(fact), record_key("default", automation, "case/7"))

    async def look() -> bool:
        return {item["run_id"] for item in await listed(api, automation)} >= set(skipped)

    await eventually(look)
    return skipped


async def listed(api: httpx.AsyncClient, automation: str, **wanted: Any) -> list[dict[str, Any]]:
    answer = await api.get(f"/automations/{automation}/skipped-starts", params={"limit": 500, **wanted})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def starts_of(commands: TopicTail, automation: str, number: int) -> list[StartRun]:
    """Return the automation's starts in the order of the topic, once there are so many."""

    def find(records: list[Any]) -> list[StartRun] | None:
        read = [start_run_reader.read(record.value) for record in records]
        own = [start for start in read if start.automation_id == automation]
        return own if len(own) >= number else None

    found: list[StartRun] = await commands.until(find)
    return found


async def test_skipped_starts_are_started_once_each_in_their_order(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """Two requests at once share the starts; a third finds none left. Each is marked with its run."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    skipped = await skip(api, executor, automation, 250)
    await skip(api, executor, automation, 3, "late")
    path = f"/automations/{automation}/skipped-starts/start"
    answers = await asyncio.gather(api.post(path, json={"ids": "all"}), api.post(path))
    assert [answer.status_code for answer in answers] == [200, 200], answers[0].text
    assert sum(answer.json()["started"] for answer in answers) == 250
    assert (await api.post(path)).json() == {"started": 0, "left": 0}
    starts = await starts_of(commands, automation, 250)
    assert len({start.run_id for start in starts}) == 250
    assert not {start.run_id for start in starts} & set(skipped)
    assert [start.event.record["place"] for start in starts] == list(range(250))
    assert {start.order_key for start in starts} == {f"{automation}|case/7"}
    assert [start.cause for start in starts] == [f"manual:skipped:{each}" for each in skipped]
    marked = {item["run_id"]: item["started_run_id"] for item in await listed(api, automation, started="true")}
    assert marked == {each: start.run_id for each, start in zip(skipped, starts, strict=True)}
    assert {item["reason"] for item in await listed(api, automation, started="false")} == {"late"}


async def test_some_are_started_at_a_time_and_the_rest_is_counted(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    """The oldest first; the counts tell what was skipped for which reason, and what can still be started."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    skipped = await skip(api, executor, automation, 5)
    await skip(api, executor, automation, 2, "late")
    path = f"/automations/{automation}/skipped-starts"
    counts = (await api.get(f"{path}/counts")).json()["items"]
    assert counts == [
        {"reason": "late", "number": 2, "startable": 0},
        {"reason": "paused", "number": 5, "startable": 5},
    ]
    assert (await api.post(f"{path}/start", json={"most": 2})).json() == {"started": 2, "left": 3}
    started = [item["run_id"] for item in await listed(api, automation, started="true")]
    assert set(started) == set(skipped[:2])
    assert (await api.get(f"{path}/counts")).json()["items"][1] == {"reason": "paused", "number": 5, "startable": 3}
    assert (await api.post(f"{path}/start", json={"ids": "all", "most": 0})).status_code == 422
    assert (await api.get("/automations/none/skipped-starts/counts")).status_code == 404


async def test_named_starts_alone_are_started(
    api: httpx.AsyncClient, executor: FakeExecutor, commands: TopicTail
) -> None:
    """The others are left, and counted; what was started before is not started again."""
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    skipped = await skip(api, executor, automation, 4)
    path = f"/automations/{automation}/skipped-starts/start"
    assert (await api.post(path, json={"ids": [skipped[2], skipped[0]]})).json() == {"started": 2, "left": 2}
    assert (await api.post(path, json={"ids": skipped[:2]})).json() == {"started": 1, "left": 1}
    starts = await starts_of(commands, automation, 3)
    assert [start.event.record["place"] for start in starts] == [0, 2, 1]


async def test_nothing_is_started_while_the_automation_is_paused(
    api: httpx.AsyncClient, executor: FakeExecutor
) -> None:
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    await skip(api, executor, automation, 1)
    path = f"/automations/{automation}/skipped-starts/start"
    await api.patch(f"/automations/{automation}", json={"status": "paused"})
    answer = await api.post(path)
    assert (answer.status_code, answer.json()["automation_status"]) == (409, "paused")
    await api.patch(f"/automations/{automation}", json={"status": "active"})
    assert (await api.post(path)).json() == {"started": 1, "left": 0}


async def test_what_is_no_skipped_start_is_named(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    automation = (await api.post("/automations", json=DOCUMENT)).json()["id"]
    late = await skip(api, executor, automation, 1, "late")
    own = await skip(api, executor, automation, 1)
    path = f"/automations/{automation}/skipped-starts/start"

    async def wrong(body: Any) -> set[str]:
        answer = await api.post(path, json=body)
        assert answer.status_code == 422
        return {error["pointer"] for error in answer.json()["errors"]}

    assert await wrong({"ids": [own[0], late[0], str(uuid.uuid4())]}) == {"/ids/1", "/ids/2"}
    assert await wrong({"ids": ["x"], "all": True}) == {"/ids/0", "/all"}
    assert await wrong({"ids": []}) == {"/ids"}
    assert (await api.post("/automations/none/skipped-starts/start")).status_code == 404
    assert (await api.post(path)).json() == {"started": 1, "left": 0}
