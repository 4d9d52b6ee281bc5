"""Who may call the api, and by which name."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.access.store import KeyStore
from api.app import SCHEMA
from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings, open_pool
from tests.support.running_api import running_api

DOCUMENT = {
    "name": "A",
    "trigger": {"event": "a.b"},
    "actions": [{"type": "assign_to_queue", "params": {"queue_id": "q"}}],
}


@pytest.fixture(scope="module")
async def closed(
    postgres_settings: PostgresSettings, kafka_settings: KafkaSettings
) -> AsyncIterator[httpx.AsyncClient]:
    async with running_api(postgres_settings, kafka_settings, auth="required") as client:
        yield client


@pytest.fixture(scope="module")
async def opened(
    postgres_settings: PostgresSettings, kafka_settings: KafkaSettings
) -> AsyncIterator[httpx.AsyncClient]:
    settings = {"allowed_hosts": "automations.test", "web_dist": Path("/nowhere")}
    async with running_api(postgres_settings, kafka_settings, **settings) as client:
        yield client


@pytest.fixture(scope="module")
async def admin_key(closed: httpx.AsyncClient, postgres_settings: PostgresSettings) -> str:
    async with open_pool(postgres_settings, SCHEMA, size=1) as pool:
        key, _ = await KeyStore(pool).create("default", "first", "admin", "test")
    return key


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


async def test_request_without_a_key_is_asked_for_one(closed: httpx.AsyncClient) -> None:
    """Without a key, with an unknown one, and even for what does not exist: 401."""
    for path in ("/automations", "/automations/nope", "/me", "/runs?limit=x"):
        answer = await closed.get(path)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert (await closed.get("/me", headers=bearer("ak_wrong"))).status_code == 401
    assert (await closed.post("/automations", json=DOCUMENT)).status_code == 401


async def test_key_is_shown_once_works_by_role_and_is_revoked(closed: httpx.AsyncClient, admin_key: str) -> None:
    """A viewer reads, may change nothing; a revoked key is refused from the next request on."""
    wrong = await closed.post("/api-keys", json={"role": "king"}, headers=bearer(admin_key))
    assert {error["pointer"] for error in wrong.json()["errors"]} == {"/name", "/role"}
    made = await closed.post("/api-keys", json={"name": "Board", "role": "viewer"}, headers=bearer(admin_key))
    assert made.status_code == 201
    viewer = bearer(made.json()["key"])
    assert (await closed.get("/automations", headers={"X-API-Key": made.json()["key"]})).status_code == 200
    assert (await closed.get("/me", headers=viewer)).json()["role"] == "viewer"
    assert (await closed.post("/automations", json=DOCUMENT, headers=viewer)).status_code == 403
    assert (await closed.get("/api-keys", headers=viewer)).status_code == 403
    listed = (await closed.get("/api-keys", headers=bearer(admin_key))).json()["items"]
    assert made.json()["id"] in {key["id"] for key in listed}
    assert made.json()["key"] not in str(listed)
    assert (await closed.delete(f"/api-keys/{made.json()['id']}", headers=bearer(admin_key))).status_code == 204
    assert (await closed.get("/me", headers=viewer)).status_code == 401


async def test_key_of_another_tenant_sees_nothing_of_ours(
    closed: httpx.AsyncClient, admin_key: str, postgres_settings: PostgresSettings
) -> None:
    made = await closed.post("/automations", json=DOCUMENT, headers=bearer(admin_key))
    async with open_pool(postgres_settings, SCHEMA, size=1) as pool:
        other, _ = await KeyStore(pool).create("other", "x", "admin", "test")
    assert (await closed.get(f"/automations/{made.json()['id']}", headers=bearer(other))).status_code == 404
    assert (await closed.get("/automations", headers=bearer(other))).json()["items"] == []


async def test_open_api_answers_to_known_names_alone(opened: httpx.AsyncClient) -> None:
    """A page that got here by a name of its own (DNS rebinding) is refused; so is one that changes things from afar."""
    me = await opened.get("/me")
    assert (me.json()["auth"], me.json()["role"]) == ("open", "admin")
    assert (await opened.get("/me", headers={"Host": "evil.test"})).status_code == 403
    assert (await opened.get("/me", headers={"Host": "automations.test:8080"})).status_code == 200
    assert (await opened.get("/me", headers={"Host": "[::1]:8080"})).status_code == 200
    for origin in ("https://evil.test", "null"):
        answer = await opened.post("/automations", json=DOCUMENT, headers={"Origin": origin})
        assert answer.status_code == 403
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await opened.post("/automations", json=DOCUMENT, headers={"Origin": "http://localhost:5173"})).is_success


async def test_health_metrics_and_description_are_served(opened: httpx.AsyncClient) -> None:
    root = str(opened.base_url).removesuffix("/api/v1/")
    for path in ("/livez", "/readyz", "/metrics", "/"):
        assert (await opened.get(root + path)).status_code == 200
    page = await opened.get(root + "/")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    assert (await opened.get(root + "/nowhere")).status_code == 404
    described = (await opened.get("/openapi.json")).json()
    assert "/api/v1/automations/{automation_id}/runs/{run_id}/complete-task" in described["paths"]
    example = described["paths"]["/api/v1/automations"]["post"]["requestBody"]["content"]["application/json"]["example"]
    assert (await opened.post("/automations", json=example)).status_code == 201


async def test_catalogue_names_actions_and_event_types(opened: httpx.AsyncClient) -> None:
    await opened.post("/automations", json={**DOCUMENT, "trigger": {"event": "parcel.lost"}})
    actions = {action["type"] for action in (await opened.get("/actions")).json()["items"]}
    assert {"send_email", "human_task", "call_webhook"} <= actions
    types = {item["type"]: item for item in (await opened.get("/event-types")).json()["items"]}
    unseen = {"seen": False, "sampled": 0, "last_at": None, "fields": []}
    assert types["parcel.lost"] == {"type": "parcel.lost", "used": True, **unseen}
    assert "case.created" in types
