"""The commands' client of the api: what it asks for, and what it makes of every kind of answer."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from automations_cli.address import choose_api_url, choose_kafka
from automations_cli.api_client import ApiClient, read_server_sent_events
from automations_cli.documents import JsonObject
from automations_cli.failures import CommandFailed, NotThere, Refused, Unreachable
from automations_cli.lookup import choose_named
from automations_cli.up_file import UpFile

UP = UpFile(1, "http://127.0.0.1:4000", "127.0.0.1:4001", "postgresql://x", "http://127.0.0.1:4002", {})


def client(answer: Callable[[httpx.Request], httpx.Response], **more: Any) -> ApiClient:
    return ApiClient("http://api.test", transport=httpx.MockTransport(answer), **more)


def test_address_is_the_named_one_then_that_of_up_then_the_usual() -> None:
    assert choose_api_url("http://crm.test/api/v1/", UP) == "http://crm.test"
    assert choose_api_url("crm.test:81", None) == "http://crm.test:81"
    assert choose_api_url(None, UP) == "http://127.0.0.1:4000"
    assert choose_api_url(None, None) == "http://127.0.0.1:8080"
    assert choose_kafka(None, UP) == "127.0.0.1:4001"
    assert choose_kafka("broker:1", UP) == "broker:1"


def test_lists_are_read_to_their_end_or_to_the_limit() -> None:
    """Pages are followed by their cursor; no more is asked for than is wanted."""
    asked: list[dict[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(dict(request.url.params))
        begin = int(request.url.params.get("cursor", 0))
        number = min(int(request.url.params["limit"]), 2)
        items = [{"id": str(index)} for index in range(begin, min(begin + number, 5))]
        following = str(begin + number) if begin + number < 5 else None
        return httpx.Response(200, json={"items": items, "next_cursor": following})

    with client(answer) as api:
        assert [run["id"] for run in api.list_runs(waiting=False, status=None)] == ["0", "1", "2", "3", "4"]
        assert asked[0] == {"limit": "500", "waiting": "false"}
        assert [run["id"] for run in api.list_runs(limit=3)] == ["0", "1", "2"]
        assert asked[-1] == {"limit": "1", "cursor": "2"}


def test_key_and_ids_are_sent_as_they_must_be() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    with client(answer, api_key="ak_1") as api:
        api.load_automation("a/b?c", environment="sandbox")
    assert seen[0].url.raw_path == b"/api/v1/automations/a%2Fb%3Fc?environment=sandbox"
    assert seen[0].headers["authorization"] == "Bearer ak_1"


PROBLEM = {"title": "T", "detail": "D", "errors": []}


@pytest.mark.parametrize(
    ("response", "failure", "exit_status"),
    [
        (httpx.Response(422, json=PROBLEM), Refused, 1),
        (httpx.Response(409, json=PROBLEM), Refused, 1),
        (httpx.Response(401, json=PROBLEM), CommandFailed, 1),
        (httpx.Response(404, json=PROBLEM), NotThere, 3),
        (httpx.Response(404, text="<html>"), Unreachable, 4),
        (httpx.Response(200, text="hello"), Unreachable, 4),
        (httpx.Response(307, headers={"location": "/login"}), Unreachable, 4),
    ],
)
def test_every_answer_that_is_no_success_is_told_apart(
    response: httpx.Response, failure: type[CommandFailed], exit_status: int
) -> None:
    with client(lambda _request: response) as api, pytest.raises(CommandFailed) as raised:
        api.load_run("r")
    assert type(raised.value) is failure
    assert raised.value.exit_status == exit_status


def test_api_that_does_not_answer_is_named_with_what_to_do() -> None:
    def answer(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("Connection refused")

    with client(answer) as api, pytest.raises(Unreachable, match=r"http://api\.test") as raised:
        api.load_run("r")
    assert "automations up" in raised.value.details[0]


def test_address_that_is_none_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        ApiClient("http://[")


def test_stream_gives_events_and_signs_of_life() -> None:
    lines = ["id: 0:1", ": reading from here", "", "id: 0:2", "event: run", 'data: {"seq": 1}', "", ": still here", ""]
    assert list(read_server_sent_events(lines)) == [None, {"seq": 1}, None]


def named(number: str, name: str, status: str = "active") -> JsonObject:
    return {"id": number, "name": name, "status": status}


def test_name_finds_the_automation_that_is_not_archived() -> None:
    known = [named("1", "Deals"), named("2", "deals"), named("3", "Old", "archived"), named("4", "Cases", "archived")]
    assert choose_named(known, "deals")["id"] == "2"
    assert choose_named([*known, named("5", "cases")], "Cases")["id"] == "5"
    assert choose_named(known, "OLD")["id"] == "3"
    with pytest.raises(CommandFailed, match="2 automations"):
        choose_named(known, "DEALS")
    with pytest.raises(NotThere, match="nothing"):
        choose_named(known, "nothing")
