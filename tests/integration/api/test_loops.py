"""Warnings about automations that would start themselves, over REST."""

import uuid
from typing import Any

import httpx


def document(event: Any, field: str, name: str = "n", **more: Any) -> dict[str, Any]:
    action = {"type": "update_field", "params": {"field": field, "value": "{{ record.x }}"}}
    return {"name": name, "trigger": {"event": event}, "actions": [action], **more}


def loops(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [warning for warning in body["warnings"] if warning["code"] == "loop"]


async def call(api: httpx.AsyncClient, method: str, path: str, body: Any = None) -> dict[str, Any]:
    answer = await api.request(method, path, json=body)
    assert answer.is_success, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_every_way_to_put_a_document_in_force_warns(api: httpx.AsyncClient) -> None:
    """Create, put, publish, promote and activate; the document is stored all the same."""
    kind = f"t{uuid.uuid4().hex[:8]}"
    looping, calm = document(f"{kind}.updated", "a"), document(f"{kind}.created", "a")
    made = await call(api, "POST", "/automations", looping)
    [warning] = loops(made)
    assert warning["pointer"] == "/actions/0"
    assert warning["chain"] == [
        {
            "automation_id": made["id"],
            "name": "n",
            "action": "update_field",
            "event": f"{kind}.updated",
            "says": "writes a",
        }
    ]
    path = f"/automations/{made['id']}"
    assert len(loops(await call(api, "PATCH", path, {"status": "active"}))) == 1
    assert loops(await call(api, "PATCH", path, {"status": "paused"})) == []
    assert loops(await call(api, "PUT", path, {**calm, "status": "active"})) == []
    assert len(loops(await call(api, "PUT", path, looping))) == 1
    await call(api, "PUT", f"{path}/draft", {**looping, "name": "other"})
    assert len(loops(await call(api, "POST", f"{path}/publish"))) == 1
    await call(api, "PUT", path, {**looping, "name": "third", "environment": "sandbox"})
    assert len(loops(await call(api, "POST", f"{path}/promote"))) == 1


async def test_warning_knows_the_other_active_automations(api: httpx.AsyncClient) -> None:
    """A chain through another automation is told while that one is active, and only then."""
    kind = f"t{uuid.uuid4().hex[:8]}"
    other = await call(
        api, "POST", "/automations", document([f"{kind}.status_changed", "x.y"], "stage", "other", status="active")
    )
    asked = document(f"{kind}.stage_changed", "status", "asked")
    [warning] = loops(await call(api, "POST", "/automations", asked))
    assert [(link["name"], link["event"]) for link in warning["chain"]] == [
        ("asked", f"{kind}.status_changed"),
        ("other", f"{kind}.stage_changed"),
    ]
    assert warning["chain"][1]["automation_id"] == other["id"]
    assert '"other" listens to that' in warning["message"]
    await call(api, "PATCH", f"/automations/{other['id']}", {"status": "paused"})
    assert loops(await call(api, "POST", "/automations", asked)) == []
