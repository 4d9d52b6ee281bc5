"""The run history over REST, projected from facts on real Kafka."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import msgspec
import pytest
from aiokafka import AIOKafkaConsumer

from automations.contracts.dead_letters import DeadLetter, dead_letter_reader
from automations.contracts.results import StartSkipped
from automations.contracts.step_errors import StepError
from automations.contracts.topics import DEAD_LETTERS, STEP_RESULTS, record_key
from automations.contracts.wire import encode
from automations.messaging.connection import KafkaSettings
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.running_api import FakeExecutor, FakeRun, fake_executor

DOCUMENT: dict[str, Any] = {
    "name": "Two steps",
    "trigger": {"event": "case.created"},
    "actions": [
        {"id": "one", "type": "assign_to_queue", "params": {"queue_id": "q"}},
        {"id": "two", "type": "assign_to_queue", "name": "Second", "params": {"queue_id": "q"}},
    ],
    "status": "active",
}


@pytest.fixture(scope="module")
async def executor(kafka_settings: KafkaSettings) -> AsyncIterator[FakeExecutor]:
    async with fake_executor(kafka_settings) as executor:
        yield executor


async def new_automation(api: httpx.AsyncClient) -> str:
    answer = await api.post("/automations", json=DOCUMENT)
    assert answer.status_code == 201, answer.text
    found: str = answer.json()["id"]
    return found


async def seen_run(api: httpx.AsyncClient, run: FakeRun, status: str) -> dict[str, Any]:
    """Return the run once the history shows it in that status, with all facts so far."""

    async def look() -> dict[str, Any] | None:
        answer = await api.get(f"/automations/{run.automation_id}/runs/{run.run_id}")
        body: dict[str, Any] = answer.json()
        return body if answer.status_code == 200 and body["status"] == status else None

    found = await eventually(look)
    assert found is not None
    return found


async def test_run_is_shown_with_every_step_of_its_life(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    """A running run shows its next steps as pending; an ended one each step's result and its duration."""
    run = FakeRun(await new_automation(api))
    await executor.publish(run.start({"id": "77", "priority": "critical"}), run.step("one", output={"record_id": "77"}))

    async def first_step() -> dict[str, Any] | None:
        answer = await api.get(f"/runs/{run.run_id}")
        body: dict[str, Any] = answer.json()
        return body if answer.status_code == 200 and body["steps"][0]["status"] == "completed" else None

    body = await eventually(first_step)
    assert body is not None
    assert [(step["id"], step["status"]) for step in body["steps"]] == [("one", "completed"), ("two", "pending")]
    assert body["steps"][1]["name"] == "Second"
    assert body["duration"] >= 0
    await executor.publish(run.step("two", "completed", output={"n": 1}))
    done = await seen_run(api, run, "completed")
    expected = {
        "id", "automation_id", "version", "status", "dry_run", "mode", "trigger", "record", "started_at", "ended_at",
        "duration", "waiting", "error", "steps",
    }  # fmt: skip
    listed = (await api.get(f"/automations/{run.automation_id}/runs")).json()["items"][0]
    assert set(listed) == expected
    assert set(done) >= expected
    assert (done["dry_run"], done["mode"], done["version"]) == (False, "live", 1)
    assert done["trigger"] == {"event_id": f"e-{run.run_id[:8]}", "type": "case.created"}
    assert done["record"] == {"object": "case", "id": "77"}
    assert done["event"]["record"] == {"id": "77", "priority": "critical"}
    assert [step["output"] for step in done["steps"]] == [{"record_id": "77"}, {"n": 1}]
    assert {"id", "path", "type", "name", "status", "attempts", "input", "output", "error", "started_at", "ended_at",
            "duration"} <= set(done["steps"][0])  # fmt: skip


async def test_facts_delivered_again_and_late_change_nothing(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = FakeRun(await new_automation(api))
    facts = [run.start(), run.step("one"), run.step("two", "completed")]
    await executor.publish(*facts)
    done = await seen_run(api, run, "completed")
    after = FakeRun(run.automation_id)
    await executor.publish(*facts, facts[0], facts[1])
    await executor.publish(after.start(), after.step("one", "completed"), after=run)
    await seen_run(api, after, "completed")
    assert await seen_run(api, run, "completed") == done


async def test_runs_are_filtered_and_paged(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    automation = await new_automation(api)
    other = FakeRun(await new_automation(api))
    began = datetime.now(UTC) - timedelta(minutes=1)
    runs = [
        FakeRun(automation, lane="sandbox" if number == 3 else "live", started_at=began + timedelta(seconds=number))
        for number in range(4)
    ]
    for number, run in enumerate(runs):
        await executor.publish(
            run.start({"id": f"r{number}"}), run.step("one", "failed" if number == 2 else "completed")
        )
    await executor.publish(other.start(), other.step("one", "completed"))
    for number, run in enumerate(runs):
        await seen_run(api, run, "failed" if number == 2 else "completed")
    await seen_run(api, other, "completed")

    async def ids(path: str, **parameters: str) -> list[str]:
        answer = await api.get(path, params=parameters)
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    path = f"/automations/{automation}/runs"
    newest_first = [run.run_id for run in reversed(runs)]
    assert await ids(path) == newest_first
    assert await ids(path, status="failed") == [runs[2].run_id]
    assert await ids(path, dry_run="true") == [runs[3].run_id]
    assert await ids(path, mode="live", record="case/r1") == [runs[1].run_id]
    assert await ids(path, since=runs[2].started_at.isoformat()) == newest_first[:2]
    assert await ids(path, until=runs[1].started_at.isoformat()) == newest_first[3:]
    assert other.run_id in await ids("/runs")
    first = (await api.get(path, params={"limit": "3"})).json()
    rest = (await api.get(path, params={"limit": "3", "cursor": first["next_cursor"]})).json()
    assert [item["id"] for item in first["items"] + rest["items"]] == newest_first
    assert rest["next_cursor"] is None
    assert first["items"][0]["dry_run"]
    assert (await api.get(f"/automations/{automation}/runs/{other.run_id}")).status_code == 404
    listed = next(item for item in (await api.get("/automations")).json()["items"] if item["id"] == automation)
    assert listed["last_run"]["id"] == runs[3].run_id
    assert (listed["runs_7_days"], listed["success_rate"]) == (3, 0.6667)


async def test_failed_run_shows_its_error(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = FakeRun(await new_automation(api))
    error = StepError(kind="refused", message="the queue is closed")
    await executor.publish(run.start(), run.fact("failed", error=error))
    body = await seen_run(api, run, "failed")
    assert body["error"]["message"] == "the queue is closed"
    assert body["steps"] == []


async def test_skipped_start_is_listed_apart(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = FakeRun(await new_automation(api))
    start = run.start().start
    assert start is not None
    skipped = StartSkipped(
        tenant_id="default",
        run_id=run.run_id,
        automation_id=run.automation_id,
        version=1,
        lane="live",
        reason="paused",
        event=start.event,
        at=run.started_at,
    )
    key = record_key("default", run.automation_id, "1")
    marker = msgspec.structs.replace(skipped, run_id=FakeRun(run.automation_id).run_id)
    for fact in (skipped, skipped, marker):
        await executor.publish_bytes(encode(fact), key)

    async def listed() -> list[tuple[str, str]]:
        items = (await api.get(f"/automations/{run.automation_id}/skipped-starts")).json()["items"]
        return [(item["run_id"], item["reason"]) for item in items]

    async def marker_is_listed() -> bool:
        return (marker.run_id, "paused") in await listed()

    await eventually(marker_is_listed)
    assert sorted(await listed()) == sorted([(run.run_id, "paused"), (marker.run_id, "paused")])
    assert (await api.get(f"/runs/{run.run_id}")).status_code == 404


async def test_bad_facts_go_to_the_dead_letters_and_stop_nothing(
    api: httpx.AsyncClient, executor: FakeExecutor, kafka_settings: KafkaSettings
) -> None:
    """Among good facts, what cannot be read or stored is set aside with its reason; the good ones are applied."""
    automation = await new_automation(api)
    good = [FakeRun(automation) for _ in range(4)]
    refused = msgspec.structs.replace(FakeRun(automation).start(), run_id="no-uuid")
    await executor.publish(good[0].start(), good[1].start())
    key = record_key("default", automation, good[2].run_id)
    for value in (b"nonsense", encode(refused)):
        await executor.publish_bytes(value, key)
    await executor.publish(*(run.start() if run.seq == 0 else run.step("one", "completed") for run in good))
    await executor.publish(*(run.step("two", "completed") for run in good))
    for run in good:
        await seen_run(api, run, "completed")

    async def codes() -> set[str] | None:
        letters = [letter for letter in await dead_letters(kafka_settings) if letter.topic == STEP_RESULTS.name]
        found = {letter.code for letter in letters if letter.reader == "api"}
        return found if {"unreadable", "refused_by_history"} <= found else None

    assert await eventually(codes)


async def dead_letters(kafka: KafkaSettings) -> list[DeadLetter]:
    consumer = AIOKafkaConsumer(DEAD_LETTERS.name, **kafka.client_arguments(), group_id=None)
    await consumer.start()
    try:
        places = list(consumer.assignment())
        ends = await consumer.end_offsets(places)
        await consumer.seek_to_beginning(*places)
        letters = []
        while any([await consumer.position(place) < ends[place] for place in places]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                letters += [dead_letter_reader.read(record.value) for record in records]
        return letters
    finally:
        await consumer.stop()


async def test_run_of_another_month_finds_its_partition(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    run = FakeRun(await new_automation(api), started_at=datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC))
    await executor.publish(run.start(), run.step("one", "completed"))
    body = await seen_run(api, run, "completed")
    assert body["started_at"] == "2024-02-29T23:59:59Z"


async def test_stream_shows_changes_and_resumes(api: httpx.AsyncClient, executor: FakeExecutor) -> None:
    """A stream shows the runs that it is asked for; one that resumes misses nothing in between."""
    run, other = FakeRun(await new_automation(api)), FakeRun("other")
    opened = asyncio.Event()

    async def read(number: int, last_id: str | None = None) -> tuple[list[dict[str, Any]], str]:
        headers = {"Last-Event-ID": last_id} if last_id else {}
        events: list[dict[str, Any]] = []
        event_id = ""
        parameters = {"automation_id": run.automation_id}
        async with api.stream("GET", "/stream", params=parameters, headers=headers) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            async for line in answer.aiter_lines():
                if line.startswith("id: "):
                    event_id = line[4:]
                    opened.set()
                if line.startswith("data: "):
                    events.append(msgspec.json.decode(line[6:]))
                    if len(events) == number:
                        break
        return events, event_id

    reading = asyncio.create_task(read(1))
    await asyncio.wait_for(opened.wait(), PATIENCE_SECONDS)
    await executor.publish(other.start(), run.start())
    events, event_id = await asyncio.wait_for(reading, PATIENCE_SECONDS)
    assert [(event["run_id"], event["status"]) for event in events] == [(run.run_id, "running")]
    await executor.publish(run.step("one"), run.step("two", "completed"))
    resumed, _ = await asyncio.wait_for(read(2, event_id), PATIENCE_SECONDS)
    assert [event["seq"] for event in resumed] == [2, 3]
    assert (await api.get("/stream", headers={"Last-Event-ID": "x"})).status_code == 422
