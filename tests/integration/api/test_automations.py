"""Automations over REST, and what the definitions topic holds of them."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from automations.contracts.definitions import AutomationDefined, Definition, SandboxSwitched
from automations.messaging.connection import KafkaSettings
from automations.messaging.definitions import DefinitionsFollower
from automations.postgres import PostgresSettings
from tests.support.running_api import running_api

DOCUMENT: dict[str, Any] = {
    "name": "Auto-assign high-priority cases",
    "trigger": {"event": "case.created", "conditions": {"priority": "critical"}},
    "actions": [
        {"type": "assign_to_queue", "params": {"queue_id": "..."}},
        {"type": "send_notification", "params": {"channel": "slack", "message": "Critical case created"}},
    ],
}


class Topic:
    """What the definitions topic says at present."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self.held: dict[str | None, Definition | None] = {}
        self._follower = DefinitionsFollower(kafka, "test", self._take)

    def _take(self, _tenant: str, automation_id: str | None, definition: Definition | None) -> None:
        self.held[automation_id] = definition

    async def start(self) -> None:
        await self._follower.start()

    async def stop(self) -> None:
        await self._follower.stop()

    async def of(self, automation_id: str) -> AutomationDefined:
        await self._follower.catch_up()
        found = self.held[automation_id]
        assert isinstance(found, AutomationDefined)
        return found

    async def switch(self) -> SandboxSwitched:
        await self._follower.catch_up()
        found = self.held[None]
        assert isinstance(found, SandboxSwitched)
        return found


@pytest.fixture(scope="module")
async def topic(kafka_settings: KafkaSettings, api: httpx.AsyncClient) -> AsyncIterator[Topic]:
    topic = Topic(kafka_settings)
    await topic.start()
    yield topic
    await topic.stop()


async def created(api: httpx.AsyncClient, **more: Any) -> dict[str, Any]:
    answer = await api.post("/automations", json={**DOCUMENT, **more})
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def test_automation_created_is_answered_as_written_and_stands_on_the_topic(
    api: httpx.AsyncClient, topic: Topic
) -> None:
    """A new automation is answered with its ids once Kafka has its definition."""
    answer = await api.post("/automations", json={**DOCUMENT, "status": "active"})
    assert answer.status_code == 201
    body = answer.json()
    assert answer.headers["location"] == f"/api/v1/automations/{body['id']}"
    assert answer.headers["etag"] == '"1"'
    assert body["trigger"] == DOCUMENT["trigger"]
    assert [action["id"] for action in body["actions"]] == ["assign_to_queue", "send_notification"]
    assert (body["version"], body["status"], body["environment"]) == (1, "active", "live")
    assert "activation" not in body
    defined = await topic.of(body["id"])
    assert defined.status == "active"
    assert defined.active_since is not None
    assert defined.live is not None
    assert defined.live.document["actions"][0]["params"] == {"queue_id": "..."}


async def test_automation_without_status_is_a_draft(api: httpx.AsyncClient, topic: Topic) -> None:
    body = await created(api)
    assert body["status"] == "draft"
    assert (await topic.of(body["id"])).active_since is None


async def test_malformed_automation_has_every_problem_named(api: httpx.AsyncClient) -> None:
    """All wrong fields of one request are named at once, with pointers, and nothing is created."""
    wrong = {
        "name": "",
        "status": "running",
        "environment": "moon",
        "trigger": {},
        "actions": [{"type": "send_emial", "params": {}}, {"type": "notify_user", "params": {"user": "a"}}],
    }
    answer = await api.post("/automations", json=wrong)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == 422
    pointers = {error["pointer"] for error in body["errors"]}
    assert {"/status", "/environment", "/actions/0/type"} <= pointers
    assert any(pointer.startswith("/trigger") for pointer in pointers)
    assert any(pointer.startswith("/actions/1/params") for pointer in pointers)


@pytest.mark.parametrize(
    ("content", "media", "status", "code"),
    [
        (b'{"name": "a",\n "name": "b"}', "application/json", 422, "duplicate_key"),
        (b'{"name": \n nope}', "application/json", 422, "syntax"),
        (b"name: a\nname: b\n", "application/yaml", 422, "duplicate_key"),
        (b'{"name": "a\\u0000b"}', "application/json", 422, "nul_character"),
        (b'{"name": "a\\ud800b"}', "application/json", 422, "lone_surrogate"),
        (b"[1]", "application/json", 422, "not_an_object"),
        (b"\xff\xfe", "application/json", 422, "syntax"),
        (b"", "application/json", 422, "syntax"),
        (b"<a/>", "application/xml", 415, None),
        (b'{"name": "' + b"x" * 1_100_000 + b'"}', "application/json", 413, None),
    ],
)
async def test_unreadable_body_is_refused_with_a_problem(
    api: httpx.AsyncClient, content: bytes, media: str, status: int, code: str | None
) -> None:
    answer = await api.post("/automations", content=content, headers={"content-type": media})
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert body["status"] == status
    assert code is None or [error["code"] for error in body["errors"]] == [code]


async def test_broken_json_is_placed_by_line_and_column(api: httpx.AsyncClient) -> None:
    answer = await api.post("/automations", content=b'{"name":\n nope}', headers={"content-type": "application/json"})
    assert "line 2, column 2" in answer.json()["errors"][0]["message"]


async def test_yaml_body_gives_the_same_document(api: httpx.AsyncClient) -> None:
    text = (
        "name: From YAML\ntrigger: {event: case.created}\nactions:\n- {type: assign_to_queue, params: {queue_id: q}}\n"
    )
    answer = await api.post("/automations", content=text, headers={"content-type": "application/yaml"})
    assert answer.status_code == 201, answer.text
    assert answer.json()["actions"][0]["id"] == "assign_to_queue"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/automations/nope", 404),
        ("GET", "/automations/a%00b", 404),
        ("GET", "/nowhere", 404),
        ("PATCH", "/automations", 405),
        ("GET", "/automations?limit=0", 422),
        ("GET", "/automations?limit=many&status=nope", 422),
        ("GET", "/automations?cursor=!!", 422),
        ("GET", "/automations?q=%00", 422),
        ("GET", "/runs/not-a-uuid", 404),
        ("GET", "/runs?since=yesterday", 422),
        ("GET", "/automations/nope/runs", 404),
        ("GET", "/tasks/nope", 404),
        ("DELETE", "/automations/nope", 404),
    ],
)
async def test_every_error_is_a_problem(api: httpx.AsyncClient, method: str, path: str, status: int) -> None:
    answer = await api.request(method, path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["status"] == status
    assert status != 422 or answer.json()["errors"][0]["pointer"].startswith("/query/")


async def test_status_follows_its_transitions(api: httpx.AsyncClient, topic: Topic) -> None:
    """A status that cannot follow is a conflict; activating again begins a new active_since."""
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    first = (await topic.of(made["id"])).active_since
    assert (await api.patch(path, json={"status": "draft"})).status_code == 409
    assert (await api.patch(path, json={"status": "paused"})).json()["status"] == "paused"
    assert (await topic.of(made["id"])).status == "paused"
    assert (await api.patch(path, json={"status": "active"})).status_code == 200
    again = (await topic.of(made["id"])).active_since
    assert first is not None
    assert again is not None
    assert again > first
    assert (await api.patch(path, json={"status": "archived"})).status_code == 200
    assert (await api.patch(path, json={"status": "active"})).status_code == 409
    assert (await api.patch(path, json={"status": "draft"})).status_code == 200


async def test_unknown_field_of_a_patch_is_refused(api: httpx.AsyncClient) -> None:
    made = await created(api)
    answer = await api.patch(f"/automations/{made['id']}", json={"name": "x"})
    assert {error["pointer"] for error in answer.json()["errors"]} == {"/status", "/name"}


async def test_put_publishes_a_version_and_the_same_document_none(api: httpx.AsyncClient, topic: Topic) -> None:
    """What was read can be sent back and changes nothing; another document is the next version, live at once."""
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    since = (await topic.of(made["id"])).active_since
    same = await api.put(path, json=(await api.get(path)).json())
    assert same.status_code == 200, same.text
    assert same.json()["version"] == 1
    changed = await api.put(path, json={**DOCUMENT, "name": "Other"})
    assert changed.json()["version"] == 2
    defined = await topic.of(made["id"])
    assert defined.live is not None
    assert (defined.live.version, defined.active_since) == (2, since)
    versions = (await api.get(f"{path}/versions")).json()["items"]
    assert [(version["version"], version["is_live"]) for version in versions] == [(2, True), (1, False)]
    assert (await api.get(f"{path}?version=1")).json()["name"] == DOCUMENT["name"]
    assert (await api.get(f"{path}?version=3")).status_code == 404


async def test_if_match_is_honoured(api: httpx.AsyncClient) -> None:
    made = await created(api)
    path = f"/automations/{made['id']}"
    etag = (await api.get(path)).headers["etag"]
    assert (await api.put(path, json={**DOCUMENT, "name": "b"}, headers={"If-Match": etag})).status_code == 200
    stale = await api.put(path, json={**DOCUMENT, "name": "c"}, headers={"If-Match": etag})
    assert stale.status_code == 412
    assert (await api.delete(path, headers={"If-Match": etag})).status_code == 412


async def test_repeated_request_gets_the_same_answer(api: httpx.AsyncClient) -> None:
    """The same key and body make one automation; the same key with another body is refused."""
    headers = {"Idempotency-Key": "key-1"}
    first = await api.post("/automations", json=DOCUMENT, headers=headers)
    second = await api.post("/automations", json=DOCUMENT, headers=headers)
    assert second.status_code == 201
    assert second.json() == first.json()
    assert second.headers["location"] == first.headers["location"]
    other = await api.post("/automations", json={**DOCUMENT, "name": "other"}, headers=headers)
    assert other.status_code == 422


async def test_repeated_requests_at_once_make_one_automation(api: httpx.AsyncClient) -> None:
    headers = {"Idempotency-Key": "key-2"}
    document = {**DOCUMENT, "tags": ["at-once"]}
    answers = await asyncio.gather(*(api.post("/automations", json=document, headers=headers) for _ in range(8)))
    assert {answer.status_code for answer in answers} <= {201, 409}
    listed = (await api.get("/automations", params={"tag": "at-once"})).json()["items"]
    assert len(listed) == 1


async def test_draft_is_saved_as_it_is_and_published_when_right(api: httpx.AsyncClient, topic: Topic) -> None:
    """An unfinished draft is kept with its problems named, is no version, and is published once it is whole."""
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    saved = await api.put(f"{path}/draft", json={"name": "Half", "actions": [{"type": "notify_user"}]})
    assert saved.status_code == 200, saved.text
    assert saved.json()["problems"]
    assert (await api.get(f"{path}/draft")).json()["name"] == "Half"
    assert (await api.get(path)).json()["version"] == 1
    assert (await api.post(f"{path}/publish")).status_code == 422
    await api.put(f"{path}/draft", json={**DOCUMENT, "name": "Whole"})
    published = await api.post(f"{path}/publish")
    assert (published.json()["version"], published.json()["name"]) == (2, "Whole")
    assert (await api.get(f"{path}/draft")).status_code == 404
    assert (await api.post(f"{path}/publish")).status_code == 409
    defined = await topic.of(made["id"])
    assert defined.live is not None
    assert defined.live.version == 2


async def test_sandbox_document_is_promoted_in_one_record(api: httpx.AsyncClient, topic: Topic) -> None:
    """Live and sandbox share one counter; promoting moves the sandbox document and leaves the status alone."""
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    written = await api.put(path, json={**DOCUMENT, "name": "New", "environment": "sandbox", "status": "active"})
    assert (written.json()["environment"], written.json()["version"]) == ("sandbox", 2)
    both = await topic.of(made["id"])
    assert both.live is not None
    assert both.sandbox is not None
    assert (both.live.version, both.sandbox.version, both.sandbox.status) == (1, 2, "active")
    assert (await api.get(path)).json()["name"] == DOCUMENT["name"]
    assert (await api.get(f"{path}?environment=sandbox")).json()["name"] == "New"
    promoted = await api.post(f"{path}/promote")
    assert (promoted.json()["version"], promoted.json()["status"]) == (2, "active")
    after = await topic.of(made["id"])
    assert after.live is not None
    assert (after.revision, after.live.version, after.sandbox) == (both.revision + 1, 2, None)
    assert after.active_since == both.active_since
    assert (await api.post(f"{path}/promote")).status_code == 409


async def test_sandbox_automation_takes_its_status_along(api: httpx.AsyncClient, topic: Topic) -> None:
    made = await created(api, environment="sandbox", status="active")
    assert (made["environment"], made["status"]) == ("sandbox", "active")
    defined = await topic.of(made["id"])
    assert (defined.status, defined.live) == ("draft", None)
    promoted = await api.post(f"/automations/{made['id']}/promote")
    assert (promoted.json()["status"], promoted.json()["environment"]) == ("active", "live")
    assert (await topic.of(made["id"])).active_since is not None


async def test_sandbox_document_is_discarded(api: httpx.AsyncClient, topic: Topic) -> None:
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    await api.put(path, json={**DOCUMENT, "name": "New", "environment": "sandbox"})
    assert (await api.delete(f"{path}/sandbox")).status_code == 204
    assert (await topic.of(made["id"])).sandbox is None
    assert (await api.delete(f"{path}/sandbox")).status_code == 409


async def test_sandbox_switch_reaches_the_topic_and_lists_documents(api: httpx.AsyncClient, topic: Topic) -> None:
    made = await created(api, environment="sandbox", name="Tried out")
    assert (await api.put("/sandbox", json={"active": "yes"})).status_code == 422
    answer = await api.put("/sandbox", json={"active": True, "name": "Autumn"})
    assert (answer.json()["active"], answer.json()["name"]) == (True, "Autumn")
    assert made["id"] in {automation["id"] for automation in answer.json()["automations"]}
    assert (await topic.switch()).active
    await api.put("/sandbox", json={"active": False})
    assert not (await topic.switch()).active
    assert (await api.get("/sandbox")).json()["name"] == "Autumn"


async def test_deleted_automation_is_gone_and_buried_on_the_topic(api: httpx.AsyncClient, topic: Topic) -> None:
    made = await created(api, status="active")
    path = f"/automations/{made['id']}"
    await topic.of(made["id"])
    assert (await api.delete(path)).status_code == 204
    assert (await api.get(path)).status_code == 404
    assert (await api.delete(path)).status_code == 404
    with pytest.raises(AssertionError):
        await topic.of(made["id"])


async def test_list_is_paged_newest_first(api: httpx.AsyncClient) -> None:
    made = [await created(api, tags=["paged"], name=f"Paged {number}") for number in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        parameters = {"tag": "paged", "limit": "2"} | ({"cursor": cursor} if cursor else {})
        page = (await api.get("/automations", params=parameters)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [item["id"] for item in reversed(made)]
    found = (await api.get("/automations", params={"q": "PAGED 3"})).json()["items"]
    assert [item["name"] for item in found] == ["Paged 3"]
    assert (found[0]["last_run"], found[0]["runs_7_days"], found[0]["success_rate"]) == (None, 0, None)


async def test_topic_that_lost_a_definition_gets_it_back_at_start(
    postgres_settings: PostgresSettings, kafka_settings: KafkaSettings, api: httpx.AsyncClient, topic: Topic
) -> None:
    """At start, what the topic lacks is sent again, and what the table does not know is buried."""
    from automations.contracts.definitions import definition_key
    from automations.contracts.topics import DEFINITIONS
    from automations.contracts.wire import encode
    from automations.messaging.publisher import Publisher, Record
    from tests.support.eventually import eventually

    made = await created(api, status="active")
    unknown = AutomationDefined(tenant_id="default", automation_id="unknown", revision=3, status="active")
    publisher = Publisher(kafka_settings, "test")
    await publisher.start()
    await publisher.publish_all(
        [
            Record(DEFINITIONS.name, definition_key("default", made["id"]), None),
            Record(DEFINITIONS.name, definition_key("default", "unknown"), encode(unknown)),
        ]
    )
    await publisher.stop()
    async with running_api(postgres_settings, kafka_settings):

        async def is_mended() -> bool:
            return (await topic.of(made["id"])).status == "active" and topic.held["unknown"] is None

        async def look() -> bool:
            try:
                return await is_mended()
            except (AssertionError, KeyError):
                return False

        await eventually(look)
