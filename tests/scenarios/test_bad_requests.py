"""A malformed request gets a problem body that names every wrong field."""

from typing import Any

import pytest

from tests.support.product import Product

GOOD_ACTION = {"type": "assign_to_queue", "params": {"queue_id": "q"}}
GOOD_TRIGGER = {"event": "case.created"}
NOT_JSON = b'{"name": "x",'

MALFORMED: dict[str, tuple[str, str, Any, int, set[str]]] = {
    "nothing that is required": ("POST", "/automations", {}, 422, {"/name", "/trigger"}),
    "an unknown action and a missing parameter": (
        "POST",
        "/automations",
        {"name": "n", "trigger": GOOD_TRIGGER, "actions": [{"type": "send_mail"}, {"type": "assign_to_queue"}]},
        422,
        {"/actions/0/type", "/actions/1/params/queue_id"},
    ),
    "a name that is a number and an event that is a list": (
        "POST",
        "/automations",
        {"name": 5, "trigger": {"event": []}, "actions": [GOOD_ACTION]},
        422,
        {"/name", "/trigger/event"},
    ),
    "an unknown status": (
        "POST",
        "/automations",
        {"name": "n", "trigger": GOOD_TRIGGER, "actions": [GOOD_ACTION], "status": "on"},
        422,
        {"/status"},
    ),
    "an unknown environment and an operator that does not exist": (
        "POST",
        "/automations",
        {
            "name": "n",
            "environment": "test",
            "trigger": {"event": "a.b", "conditions": {"x": {"near": 1}}},
            "actions": [GOOD_ACTION],
        },
        422,
        {"/environment", "/trigger/conditions/x/near"},
    ),
    "a misspelt field and a duplicate id": (
        "POST",
        "/automations",
        {
            "name": "n",
            "trigger": GOOD_TRIGGER,
            "conditons": {},
            "actions": [{**GOOD_ACTION, "id": "a"}, {**GOOD_ACTION, "id": "a"}],
        },
        422,
        {"/conditons", "/actions/1/id"},
    ),
    "a template with an unknown name and an unknown filter": (
        "POST",
        "/automations",
        {
            "name": "n",
            "trigger": GOOD_TRIGGER,
            "actions": [
                {"type": "notify_user", "params": {"user": "{{ recrod.owner }}", "message": "{{ record.a | shout }}"}}
            ],
        },
        422,
        {"/actions/0/params/user", "/actions/0/params/message"},
    ),
    "no JSON": ("POST", "/automations", NOT_JSON, 422, {""}),
    "an event without a type in a list": (
        "POST",
        "/events",
        [{"type": "a.b", "record": {}}, {"record": {"id": 1}}],
        422,
        {"/1"},
    ),
    "a page size that is no number": ("GET", "/automations?limit=many", None, 422, {"/query/limit"}),
    "an output that is a list": (
        "POST",
        "/automations/00000000-0000-4000-8000-000000000000/runs/00000000-0000-4000-8000-000000000000/complete-task",
        {"output": [], "task": 1},
        422,
        {"/output", "/task"},
    ),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_malformed_request_is_answered_with_every_wrong_field(product: Product, case: str) -> None:
    method, path, body, status, pointers = MALFORMED[case]
    arguments: dict[str, Any] = {"content": body} if isinstance(body, bytes) else {"json": body}
    headers = {"content-type": "application/json"}
    answer = await product.client.request(method, f"/api/v1{path}", headers=headers, **arguments)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    problem = answer.json()
    assert {"type", "title", "status", "detail", "errors"} <= set(problem)
    named = {error["pointer"] for error in problem["errors"]}
    for pointer in pointers:
        assert any(name == pointer or name.startswith(f"{pointer}/") for name in named), (pointer, problem)
    assert all(error.get("message") or error.get("detail") for error in problem["errors"])
