"""Trying an automation out over REST: an event in, a dry run of the real executor out."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from tests.support.counting_server import CountingServer, counting_server
from tests.support.eventually import eventually
from tests.support.running_api import FakeRun, fake_executor
from tests.support.service_process import ServiceProcess, running_service
from tests.support.stream_writer import StreamWriter, stream_writer

EVENT = {"type": "case.created", "event_id": "e-1", "record": {"id": "5001", "priority": "high"}}


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[CountingServer]:
    async with counting_server() as server:
        yield server


@pytest.fixture(scope="module")
def environment(
    kafka_settings: KafkaSettings, postgres_settings: PostgresSettings, server: CountingServer
) -> dict[str, str]:
    return {
        "KAFKA_BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "DATABASE_URL": postgres_settings.database_url.get_secret_value(),
        "CRM_URL": server.url,
        "WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{server.port}",
    }


@pytest.fixture(scope="module")
async def executor(environment: dict[str, str], api: httpx.AsyncClient) -> AsyncIterator[ServiceProcess]:
    async with running_service("executor", environment) as process:
        yield process


@pytest.fixture(scope="module")
async def writer(kafka_settings: KafkaSettings) -> AsyncIterator[StreamWriter]:
    async with stream_writer(kafka_settings) as writer:
        yield writer


def hook(server: CountingServer, path: str = "/hook") -> dict[str, Any]:
    return {"type": "call_webhook", "params": {"url": f"{server.url}{path}?case={{{{ record.id }}}}"}}


def document(*actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": "n", "trigger": {"event": "case.created", "conditions": {"priority": "critical"}}, **more} | {
        "actions": list(actions)
    }


async def created(api: httpx.AsyncClient, body: dict[str, Any]) -> str:
    answer = await api.post("/automations", json=body)
    assert answer.status_code == 201, answer.text
    automation_id: str = answer.json()["id"]
    return automation_id


async def tried(api: httpx.AsyncClient, automation_id: str, **body: Any) -> dict[str, Any]:
    answer = await api.post(f"/automations/{automation_id}/test", json={"event": EVENT, **body})
    assert answer.status_code == 200, answer.text
    run: dict[str, Any] = answer.json()
    return run


@pytest.mark.parametrize("status", ["draft", "active", "paused", "archived"])
async def test_test_runs_whatever_the_status_and_the_conditions(
    api: httpx.AsyncClient, executor: ServiceProcess, server: CountingServer, status: str
) -> None:
    """The run is dry, shows what it would have sent, and is the executor's own."""
    first = "active" if status == "paused" else "draft"
    automation_id = await created(api, document(hook(server), status=first))
    if status != first:
        await api.patch(f"/automations/{automation_id}", json={"status": status})
    before = len(server.received)
    run = await tried(api, automation_id)
    assert (run["status"], run["mode"], run["dry_run"], run["version"]) == ("completed", "test", True, 1)
    [step] = run["steps"]
    assert step["status"] == "completed"
    assert step["request"]["url"] == f"{server.url}/hook?case=5001"
    assert run["event"]["record"] == {"id": "5001", "priority": "high"}
    assert len(server.received) == before


async def test_unsaved_document_is_tried_out_and_saved_nowhere(
    api: httpx.AsyncClient, executor: ServiceProcess, server: CountingServer
) -> None:
    automation_id = await created(api, document(hook(server), status="active"))
    unsaved = document(hook(server, "/unsaved"), {"type": "human_task", "params": {"title": "Approve"}}, name="other")
    run = await tried(api, automation_id, document=unsaved)
    assert run["version"] is None
    assert [step["type"] for step in run["steps"]] == ["call_webhook", "human_task"]
    assert run["steps"][0]["request"]["url"].startswith(f"{server.url}/unsaved")
    assert run["steps"][1]["output"] == {"approved": True}
    kept = (await api.get(f"/automations/{automation_id}")).json()
    assert (kept["name"], kept["version"], len(kept["actions"])) == ("n", 1, 1)
    assert [
        version["version"] for version in (await api.get(f"/automations/{automation_id}/versions")).json()["items"]
    ] == [1]


async def test_draft_and_sandbox_document_are_tried_out_by_name(
    api: httpx.AsyncClient, executor: ServiceProcess, server: CountingServer
) -> None:
    automation_id = await created(api, document(hook(server, "/live"), status="active"))
    answer = await api.put(
        f"/automations/{automation_id}", json=document(hook(server, "/sandbox"), environment="sandbox")
    )
    assert answer.status_code == 200, answer.text
    await api.put(f"/automations/{automation_id}/draft", json=document(hook(server, "/draft")))
    for environment, version in (("live", 1), ("sandbox", 2), ("draft", None)):
        run = await tried(api, automation_id, environment=environment)
        assert f"/{environment}?" in run["steps"][0]["request"]["url"]
        assert run["version"] == version


async def test_two_tests_of_one_event_are_two_runs(api: httpx.AsyncClient, executor: ServiceProcess) -> None:
    automation_id = await created(api, document({"type": "create_task", "params": {"title": "t"}}))
    one, other = await tried(api, automation_id), await tried(api, automation_id)
    assert one["id"] != other["id"]


async def test_repeated_request_with_a_key_is_one_test(api: httpx.AsyncClient, executor: ServiceProcess) -> None:
    automation_id = await created(api, document({"type": "create_task", "params": {"title": "t"}}))
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    path = f"/automations/{automation_id}/test"
    one, other = [(await api.post(path, json={"event": EVENT}, headers=headers)).json() for _ in range(2)]
    assert one["id"] == other["id"]


async def test_tests_stand_apart_from_the_history(api: httpx.AsyncClient, executor: ServiceProcess) -> None:
    """Neither lists nor figures count them; who asks for tests gets them."""
    automation_id = await created(api, document({"type": "create_task", "params": {"title": "t"}}, status="active"))
    run = await tried(api, automation_id)
    path = f"/automations/{automation_id}/runs"
    assert (await api.get(path)).json()["items"] == []
    assert run["id"] not in [item["id"] for item in (await api.get("/runs")).json()["items"]]
    assert [item["id"] for item in (await api.get(path, params={"mode": "test"})).json()["items"]] == [run["id"]]
    assert (await api.get(path, params={"dry_run": "true"})).json()["items"] == []
    assert (await api.get(f"/runs/{run['id']}")).json()["mode"] == "test"
    [listed] = [item for item in (await api.get("/automations")).json()["items"] if item["id"] == automation_id]
    assert (listed["last_run"], listed["runs_7_days"], listed["success_rate"]) == (None, 0, None)


async def test_event_on_kafka_is_tried_out_with_its_place(
    api: httpx.AsyncClient, executor: ServiceProcess, writer: StreamWriter
) -> None:
    automation_id = await created(api, document({"type": "create_task", "params": {"title": "t {{ record.id }}"}}))
    partition, offset = await writer.publish({**EVENT, "record": {"id": "77"}})
    place = {"topic": "crm.events", "partition": partition, "offset": offset}
    answer = await api.post(f"/automations/{automation_id}/test", json=place)
    assert answer.status_code == 200, answer.text
    run = answer.json()
    assert run["position"] == place
    assert run["record"]["id"] == "77"
    assert run["steps"][0]["input"] == {"title": "t 77"}


async def test_failing_step_of_a_test_is_shown(api: httpx.AsyncClient, executor: ServiceProcess) -> None:
    """An update of a record that the event does not name cannot be made, dry or not."""
    automation_id = await created(api, document({"type": "update_field", "params": {"field": "a", "value": 1}}))
    run = await tried(api, automation_id, event={"type": "case.created", "record": {"name": "no id"}})
    assert run["status"] == "failed"
    assert "names no record" in run["steps"][0]["error"]["message"]


async def test_live_stream_leaves_tests_out_unless_it_is_about_one(
    api: httpx.AsyncClient, executor: ServiceProcess, kafka_settings: KafkaSettings
) -> None:
    automation_id = await created(api, document({"type": "create_task", "params": {"title": "t"}}))
    async with api.stream("GET", "/stream", params={"automation_id": automation_id}) as heard:
        lines = heard.aiter_lines()
        vector = (await anext(lines)).removeprefix("id: ")

    async def first_told(params: dict[str, str]) -> str:
        async with api.stream("GET", "/stream", params=params, headers={"Last-Event-ID": vector}) as heard:
            return await anext(line async for line in heard.aiter_lines() if line.startswith("data:"))

    run = await tried(api, automation_id)
    assert run["id"] in await asyncio.wait_for(first_told({"run_id": run["id"]}), 20)
    later = FakeRun(automation_id)
    async with fake_executor(kafka_settings) as fake:
        await fake.publish(later.start(), later.fact("completed"))
    assert later.run_id in await asyncio.wait_for(first_told({"automation_id": automation_id}), 20)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/event"),
        ({"event": 5}, "/event"),
        ({"event": {"record": {}}}, "/event"),
        ({"event": EVENT, "offset": 1}, "/topic"),
        ({"event": EVENT, "environment": "moon"}, "/environment"),
        ({"event": EVENT, "document": {"name": "n"}}, "/document/trigger"),
        ({"event": EVENT, "wrong": 1}, "/wrong"),
        ({"event": EVENT, "environment": "live", "document": {}}, "/environment"),
    ],
)
async def test_malformed_test_is_refused_by_name(api: httpx.AsyncClient, body: dict[str, Any], pointer: str) -> None:
    automation_id = await created(api, document())
    answer = await api.post(f"/automations/{automation_id}/test", json=body)
    assert answer.status_code == 422, answer.text
    assert pointer in [error["pointer"] for error in answer.json()["errors"]]


async def test_document_that_is_not_there_is_not_found(api: httpx.AsyncClient) -> None:
    automation_id = await created(api, document())
    for environment in ("draft", "sandbox"):
        answer = await api.post(f"/automations/{automation_id}/test", json={"event": EVENT, "environment": environment})
        assert answer.status_code == 404
    assert (await api.post("/automations/nobody/test", json={"event": EVENT})).status_code == 404


async def test_test_of_a_dead_process_is_finished_by_the_next(
    api: httpx.AsyncClient, environment: dict[str, str], executor: ServiceProcess, server: CountingServer
) -> None:
    """A test that comes while no executor is there is answered as begun, and ends when one is."""
    automation_id = await created(api, document(hook(server)))
    await executor.stop()
    answer = await api.post(
        f"/automations/{automation_id}/test", json={"event": EVENT, "document": document(hook(server, "/later"))}
    )
    assert answer.status_code == 202, answer.text
    begun = answer.json()
    assert (begun["status"], begun["mode"]) == ("running", "test")
    async with running_service("executor", environment):

        async def look() -> bool:
            found = await api.get(f"/runs/{begun['id']}")
            return found.status_code == 200 and found.json()["status"] == "completed"

        assert await eventually(look, within_seconds=30)
