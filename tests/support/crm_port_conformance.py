"""The promises of `docs/crm-port.md`, checked from outside: one function each, for any CRM behind the port.

A check needs nothing but the base URL and token. It writes records of its own and relies on none that are there, but
the CRM must have a user and a queue. `python -m tests.support.crm_port_conformance http://127.0.0.1:8090` runs all of
them against a CRM of your own; `CRM_TOKEN` is sent if set.
"""

import asyncio
import os
import sys
import uuid
from collections.abc import Awaitable, Callable
from datetime import datetime

import httpx

Json = dict[str, object]
Check = Callable[[httpx.AsyncClient], Awaitable[None]]
CHECKS: list[Check] = []


def connect(url: str, token: str | None = None) -> httpx.AsyncClient:
    """Return a client of the CRM at that address."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30)


def check(function: Check) -> Check:
    """Make the function one of the promises that are checked."""
    CHECKS.append(function)
    return function


def effect_headers(key: str | None = None) -> dict[str, str]:
    """The headers of an effect of a run; with a fresh idempotency key unless one is given."""
    run = str(uuid.uuid4())
    return {
        "Idempotency-Key": key or f"{run}:step",
        "Automations-Run": run,
        "Automations-Chain": str(uuid.uuid4()),
        "Automations-Depth": "1",
    }


@check
async def created_record_is_answered_and_can_be_read(crm: httpx.AsyncClient) -> None:
    """A created record is answered with an id and its fields as sent, and reads the same."""
    fields = {"name": "Ülo's crate 📦", "priority": "high", "amount": 12.5, "active": True, "tags": ["a", "b"]}
    answer = await crm.post("/records/case", json=fields, headers=effect_headers())
    record = _body(answer, 201)
    assert isinstance(record["id"], str)
    assert record["id"]
    assert fields.items() <= record.items()
    _moment(record["created_at"])
    _moment(record["updated_at"])
    assert _body(await crm.get(f"/records/case/{record['id']}"), 200) == record


@check
async def created_records_have_ids_of_their_own(crm: httpx.AsyncClient) -> None:
    """Two creations without a key are two records."""
    first, second = await _case(crm, name="one"), await _case(crm, name="one")
    assert first["id"] != second["id"]


@check
async def change_replaces_the_named_fields_only(crm: httpx.AsyncClient) -> None:
    """A change sets what it names, empties what it names null, leaves the rest, and answers the whole record."""
    case = await _case(crm, name="Crate", priority="low", address={"city": "Tartu", "street": "Riia"}, note="x")
    change = {"priority": "high", "address": {"city": "Pärnu"}, "note": None, "a.b": 1}
    answer = await crm.patch(f"/records/case/{case['id']}", json=change, headers=effect_headers())
    changed = _body(answer, 200)
    assert changed["id"] == case["id"]
    assert changed["name"] == "Crate"
    assert changed["priority"] == "high"
    assert changed["address"] == {"city": "Pärnu"}
    assert changed.get("note") is None
    assert changed["a.b"] == 1
    assert _body(await crm.get(f"/records/case/{case['id']}"), 200) == changed


@check
async def change_to_the_same_values_changes_nothing(crm: httpx.AsyncClient) -> None:
    """A change that leaves everything as it was answers the record, its time of change included."""
    case = await _case(crm, priority="low")
    answer = await crm.patch(f"/records/case/{case['id']}", json={"priority": "low"}, headers=effect_headers())
    assert _body(answer, 200) == case


@check
async def find_compares_the_text_of_fields(crm: httpx.AsyncClient) -> None:
    """Text, numbers and truth values are found by their text; several fields are a conjunction."""
    mark = uuid.uuid4().hex
    case = await _case(crm, mark=mark, amount=5000, active=True, city="São Paulo & Rio")
    await _case(crm, mark=mark, amount=7, active=False, city="Rio")
    for wanted in ({"amount": "5000"}, {"active": "true"}, {"city": "São Paulo & Rio"}, {"id": str(case["id"])}):
        assert await _find(crm, {"mark": mark, **wanted}) == [case]
    assert len(await _find(crm, {"mark": mark})) == 2
    assert await _find(crm, {"mark": mark, "amount": "5000", "active": "false"}) == []
    assert await _find(crm, {"mark": mark, "no_such_field": "5000"}) == []


@check
async def find_answers_the_newest_first_up_to_the_limit(crm: httpx.AsyncClient) -> None:
    """`limit` cuts the list, and what is left out is the oldest."""
    mark = uuid.uuid4().hex
    cases = [await _case(crm, mark=mark, number=number) for number in range(3)]
    assert await _find(crm, {"mark": mark, "limit": "2"}) == [cases[2], cases[1]]
    for wrong in ("0", "-1", "many", "1001"):
        _refusal(await crm.get("/records/case", params={"limit": wrong}), 400)


@check
async def types_are_kept_apart(crm: httpx.AsyncClient) -> None:
    """A record is found under its own type only."""
    case = await _case(crm, name="a case")
    _refusal(await crm.get(f"/records/contact/{case['id']}"), 404)


@check
async def unknown_things_are_404(crm: httpx.AsyncClient) -> None:
    """A read of a record, a queue or a user that does not exist answers 404 with a reason."""
    nobody = uuid.uuid4().hex
    for path in (f"/records/case/{nobody}", f"/users/{nobody}", f"/queues/{nobody}/items", f"/{nobody}"):
        _refusal(await crm.get(path), 404)


@check
async def writes_to_an_unknown_record_create_it_or_are_404(crm: httpx.AsyncClient) -> None:
    """A change of a record that does not exist is refused, or makes one of that very id."""
    unknown = f"made up/by {uuid.uuid4().hex}"
    path = f"/records/case/{unknown.replace('/', '%2F').replace(' ', '%20')}"
    answer = await crm.patch(path, json={"priority": "high"}, headers=effect_headers())
    if answer.status_code == 404:
        _refusal(answer, 404)
        return
    record = _body(answer, 200)
    assert record["id"] == unknown
    assert _body(await crm.get(path), 200) == record


@check
async def bodies_that_cannot_be_read_are_refused_with_a_reason(crm: httpx.AsyncClient) -> None:
    """What is no JSON object, lacks a required field, or sets a field of the CRM's own is 400 and names it."""
    for body in (b"", b"{", b"[]", b'"text"', b'{"a": "\xff"}', b'{"a": NaN}'):
        _refusal(await crm.post("/records/case", content=body, headers=effect_headers()), 400)
    wrong: list[tuple[str, Json, str]] = [
        ("/tasks", {}, "title"),
        ("/tasks", {"title": "x", "due_at": "some day"}, "due_at"),
        ("/tasks", {"title": "x", "record": {"type": "case"}}, "record.id"),
        ("/notes", {"text": "x"}, "record"),
        ("/notes", {"record": {"type": "case", "id": "1"}}, "text"),
        (f"/queues/{await _queue(crm)}/items", {}, "record"),
        ("/records/case", {"id": "mine"}, "id"),
        ("/records/case", {"created_at": "2026-01-01T00:00:00Z"}, "created_at"),
    ]
    for path, fields, named in wrong:
        assert named in _refusal(await crm.post(path, json=fields, headers=effect_headers()), 400)


@check
async def refused_request_leaves_its_key_free(crm: httpx.AsyncClient) -> None:
    """An error performs nothing and is not remembered: the same key may be used for the request put right."""
    headers = effect_headers()
    _refusal(await crm.post("/tasks", json={}, headers=headers), 400)
    _body(await crm.post("/tasks", json={"title": "put right"}, headers=headers), 201)


@check
async def created_task_is_answered_with_its_id(crm: httpx.AsyncClient) -> None:
    """A task needs a title only, keeps what it was given, and is a record of type `task`."""
    case = await _case(crm)
    body = {
        "title": "Call back",
        "description": "Before noon",
        "assignee": "someone@example.com",
        "due_at": "2026-03-01T09:30:00Z",
        "record": {"type": "case", "id": case["id"]},
        "priority": "high",
    }
    task = _body(await crm.post("/tasks", json=body, headers=effect_headers()), 201)
    assert {**task, "due_at": _moment(task["due_at"])}.items() >= {**body, "due_at": _moment(body["due_at"])}.items()
    assert _body(await crm.get(f"/records/task/{task['id']}"), 200) == task
    assert _body(await crm.post("/tasks", json={"title": "x"}, headers=effect_headers()), 201)["id"] != task["id"]


@check
async def created_note_names_its_record(crm: httpx.AsyncClient) -> None:
    """A note is answered with an id, its record and its text."""
    reference = {"type": "case", "id": (await _case(crm))["id"]}
    note = _body(await crm.post("/notes", json={"record": reference, "text": "Called."}, headers=effect_headers()), 201)
    assert note["id"]
    assert note["record"] == reference
    assert note["text"] == "Called."


@check
async def queues_and_users_are_listed(crm: httpx.AsyncClient) -> None:
    """There are queues with id and name, and users with id, name and e-mail address; a user reads as listed."""
    queues = _items(await crm.get("/queues"))
    assert queues
    assert all(queue["id"] and queue["name"] for queue in queues)
    users = _items(await crm.get("/users"))
    assert users
    for user in users:
        assert user["id"]
        assert user["name"]
        assert "@" in str(user["email"])
    assert _body(await crm.get(f"/users/{users[0]['id']}"), 200) == users[0]


@check
async def queued_record_lies_at_the_end_once(crm: httpx.AsyncClient) -> None:
    """A record put into a queue lies at its end and says so in its field `queue`; put there again, it stays."""
    queue = await _queue(crm)
    first, second = await _case(crm), await _case(crm)
    placed = await _put(crm, queue, first)
    assert placed["queue_id"] == queue
    assert placed["record"] == {"type": "case", "id": first["id"]}
    behind = await _put(crm, queue, second)
    assert behind["position"] == _number(placed["position"]) + 1
    assert await _put(crm, queue, first) == placed
    items = _items(await crm.get(f"/queues/{queue}/items"))
    assert [item["record"] for item in items].count({"type": "case", "id": first["id"]}) == 1
    assert _body(await crm.get(f"/records/case/{first['id']}"), 200)["queue"] == queue


@check
async def queued_record_leaves_its_former_queue(crm: httpx.AsyncClient) -> None:
    """A record lies in one queue at most."""
    queues = [str(queue["id"]) for queue in _items(await crm.get("/queues"))]
    if len(queues) < 2:
        return
    case = await _case(crm)
    await _put(crm, queues[0], case)
    await _put(crm, queues[1], case)
    reference = {"type": "case", "id": case["id"]}
    assert reference not in [item["record"] for item in _items(await crm.get(f"/queues/{queues[0]}/items"))]
    assert reference in [item["record"] for item in _items(await crm.get(f"/queues/{queues[1]}/items"))]


@check
async def repeated_key_is_performed_once(crm: httpx.AsyncClient) -> None:
    """Each kind of write, asked again with its key and body, answers the same status and body and is done once."""
    mark = uuid.uuid4().hex
    reference = {"type": "case", "id": (await _case(crm))["id"]}
    writes: list[tuple[str, str, Json]] = [
        ("POST", "/records/case", {"mark": mark}),
        ("PATCH", f"/records/case/{reference['id']}", {"mark": f"changed {mark}"}),
        ("POST", "/tasks", {"title": mark}),
        ("POST", "/notes", {"record": reference, "text": mark}),
        ("POST", f"/queues/{await _queue(crm)}/items", {"record": reference}),
    ]
    for method, path, body in writes:
        headers = effect_headers()
        first = await crm.request(method, path, json=body, headers=headers)
        again = await crm.request(method, path, json=body, headers=headers)
        assert first.is_success, first.text
        assert (again.status_code, again.json()) == (first.status_code, first.json())
    assert len(await _find(crm, {"mark": mark})) == 1
    assert len(_items(await crm.get("/records/task", params={"title": mark}))) == 1


@check
async def repeated_key_answers_what_was_answered_then(crm: httpx.AsyncClient) -> None:
    """The answer to a repeated key is the one of that time, whatever became of the record since."""
    case = await _case(crm)
    path = f"/records/case/{case['id']}"
    headers = effect_headers()
    then = _body(await crm.patch(path, json={"priority": "high"}, headers=headers), 200)
    await crm.patch(path, json={"priority": "low"}, headers=effect_headers())
    assert _body(await crm.patch(path, json={"priority": "high"}, headers=headers), 200) == then
    assert _body(await crm.get(path), 200)["priority"] == "low"


@check
async def key_of_another_request_is_refused(crm: httpx.AsyncClient) -> None:
    """A key that was used with another body or path is 422, and performs nothing."""
    case = await _case(crm, priority="low")
    path = f"/records/case/{case['id']}"
    headers = effect_headers()
    await crm.patch(path, json={"priority": "high"}, headers=headers)
    _refusal(await crm.patch(path, json={"priority": "critical"}, headers=headers), 422)
    _refusal(await crm.post("/tasks", json={"priority": "high", "title": "x"}, headers=headers), 422)
    assert _body(await crm.get(path), 200)["priority"] == "high"


@check
async def key_used_at_once_is_performed_once(crm: httpx.AsyncClient) -> None:
    """Of ten requests at once with one key, one is performed; the others get its answer, or 409."""
    mark = uuid.uuid4().hex
    headers = effect_headers()
    answers = await asyncio.gather(
        *(crm.post("/records/case", json={"mark": mark}, headers=headers) for _ in range(10))
    )
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert len({answer.text for answer in answers if answer.status_code == 201}) == 1
    assert len(await _find(crm, {"mark": mark})) == 1


async def _case(crm: httpx.AsyncClient, **fields: object) -> Json:
    return _body(await crm.post("/records/case", json=fields, headers=effect_headers()), 201)


async def _find(crm: httpx.AsyncClient, params: dict[str, str]) -> list[Json]:
    return _items(await crm.get("/records/case", params=params))


async def _queue(crm: httpx.AsyncClient) -> str:
    return str(_items(await crm.get("/queues"))[0]["id"])


async def _put(crm: httpx.AsyncClient, queue: str, case: Json) -> Json:
    body = {"record": {"type": "case", "id": case["id"]}}
    return _body(await crm.post(f"/queues/{queue}/items", json=body, headers=effect_headers()), 201)


def _body(answer: httpx.Response, status: int) -> Json:
    assert answer.status_code == status, f"{answer.request.method} {answer.url}: {answer.status_code} {answer.text}"
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert isinstance(body, dict)
    return body


def _items(answer: httpx.Response) -> list[Json]:
    items = _body(answer, 200)["items"]
    assert isinstance(items, list)
    return items


def _refusal(answer: httpx.Response, status: int) -> str:
    """The reason of a refusal; an error without one is no answer."""
    body = _body(answer, status)
    reason = body.get("error") or body.get("detail")
    assert isinstance(reason, str)
    assert reason
    return reason


def _number(value: object) -> int:
    assert isinstance(value, int)
    return value


def _moment(value: object) -> datetime:
    moment = datetime.fromisoformat(str(value))
    assert moment.utcoffset() is not None, f"{value} names no zone"
    return moment


async def _run_all(url: str) -> int:
    failed = 0
    async with connect(url, os.environ.get("CRM_TOKEN")) as crm:
        for promise in CHECKS:
            try:
                await promise(crm)
                outcome = "kept"
            except (AssertionError, httpx.HTTPError, KeyError, ValueError) as error:
                failed += 1
                outcome = f"BROKEN: {error!r}"
            sys.stdout.write(f"{getattr(promise, '__name__', '?')}: {outcome}\n")
    sys.stdout.write(f"{len(CHECKS) - failed} of {len(CHECKS)} promises kept\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(_run_all(sys.argv[1])))
