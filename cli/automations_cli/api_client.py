"""The product's REST API, as far as the commands need it.

Every answer is the api's own JSON. What goes wrong is raised as a `CommandFailed` that says in words what happened:
`Unreachable`, `NotThere`, or `Refused` with the problem body.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from automations_cli.failures import CommandFailed, NotThere, Refused, Unreachable

JsonObject = dict[str, Any]

ANSWER_SECONDS = 30.0
SILENCE_SECONDS = 45.0
"""A live stream sends a sign of life every 15 s; one that is silent for longer is taken for broken."""
MOST_PER_PAGE = 500
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class ApiClient:
    """One api, and one caller."""

    def __init__(self, url: str, api_key: str | None = None, *, transport: httpx.BaseTransport | None = None) -> None:
        self.url = url
        try:
            host = urlsplit(url).hostname
            self._client = httpx.Client(
                base_url=f"{url}/api/v1",
                headers={"Authorization": f"Bearer {api_key}"} if api_key else {},
                timeout=ANSWER_SECONDS,
                # A proxy of the environment does not stand between us and our own machine.
                trust_env=host not in _LOOPBACK,
                transport=transport,
            )
        except (ValueError, httpx.InvalidURL) as error:
            raise Unreachable(f"{url!r} is no address of an api: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.close()

    def list_automations(self, *, limit: int | None = None, **filters: object) -> list[JsonObject]:
        """Return automations, newest first; all of them without a limit. Filters: status, q, tag."""
        return list(self._items("/automations", limit, filters))

    def load_automation(
        self, automation_id: str, *, environment: str | None = None, version: int | None = None
    ) -> JsonObject:
        """Return one automation, in one environment or version if they are named."""
        return self._get(f"/automations/{_segment(automation_id)}", environment=environment, version=version)

    def create_automation(self, body: bytes, *, media_type: str = "application/json") -> JsonObject:
        """Create an automation of the document's bytes as they are."""
        return self._object("POST", "/automations", content=body, headers={"Content-Type": media_type})

    def update_automation(self, automation_id: str, document: Mapping[str, object]) -> JsonObject:
        """Publish a document as the automation's new version."""
        return self._object("PUT", f"/automations/{_segment(automation_id)}", json=document)

    def set_status(self, automation_id: str, status: str, *, environment: str | None = None) -> JsonObject:
        """Change an automation's status."""
        body = {"status": status} | ({"environment": environment} if environment else {})
        return self._object("PATCH", f"/automations/{_segment(automation_id)}", json=body)

    def list_runs(
        self, automation_id: str | None = None, *, limit: int | None = None, **filters: object
    ) -> list[JsonObject]:
        """Return runs, newest first. Filters: status, waiting, mode, since, until, record."""
        path = f"/automations/{_segment(automation_id)}/runs" if automation_id else "/runs"
        return list(self._items(path, limit, filters))

    def load_run(self, run_id: str) -> JsonObject:
        """Return one run with its steps."""
        return self._get(f"/runs/{_segment(run_id)}")

    def cancel_run(self, run_id: str, reason: str | None = None) -> JsonObject:
        """Cancel a run; returns it, perhaps still running while a step in flight is waited for."""
        body = {} if reason is None else {"reason": reason}
        return self._object("POST", f"/runs/{_segment(run_id)}/cancel", json=body)

    def rerun(self, run_id: str, *, from_step: str | None = None) -> JsonObject:
        """Run a run again, from its start or from a step; returns the new run."""
        body = {} if from_step is None else {"from_step": from_step}
        return self._object("POST", f"/runs/{_segment(run_id)}/rerun", json=body)

    def explain(self, automation_id: str, question: Mapping[str, object]) -> JsonObject:
        """Return what an event means for an automation."""
        return self._object("POST", f"/automations/{_segment(automation_id)}/explain", json=question)

    def test(self, automation_id: str, question: Mapping[str, object]) -> JsonObject:
        """Run an automation dry for an event; returns the run, or its id where it takes long."""
        return self._object("POST", f"/automations/{_segment(automation_id)}/test", json=question)

    def list_tasks(self, *, limit: int | None = None, **filters: object) -> list[JsonObject]:
        """Return tasks, newest first. Filters: status, assignee, automation_id."""
        return list(self._items("/tasks", limit, filters))

    def load_task(self, task_id: str) -> JsonObject:
        """Return one task."""
        return self._get(f"/tasks/{_segment(task_id)}")

    def complete_task(self, task_id: str, output: Mapping[str, object]) -> JsonObject:
        """Complete a task; returns the run."""
        return self._object("POST", f"/tasks/{_segment(task_id)}/complete", json={"output": output})

    def complete_task_of_run(
        self, automation_id: str, run_id: str, output: Mapping[str, object], *, step: str | None = None
    ) -> JsonObject:
        """Complete the open task of a run, the step's where several are open; returns the run."""
        path = f"/automations/{_segment(automation_id)}/runs/{_segment(run_id)}/complete-task"
        return self._object("POST", path, json={"output": output} | ({"step": step} if step else {}))

    def publish_events(self, events: list[JsonObject]) -> list[JsonObject]:
        """Publish events; returns where each lies on Kafka, once the broker has them."""
        answer = self._object("POST", "/events", json=events)
        found = answer.get("events")
        return found if isinstance(found, list) else []

    def stream(self, run_id: str) -> Iterator[JsonObject | None]:
        """Yield a run's changes as they happen; first None, as soon as nothing that happens can be missed.

        Ends when the api ends the stream.
        """
        try:
            with self._client.stream(
                "GET", "/stream", params={"run_id": run_id}, timeout=httpx.Timeout(ANSWER_SECONDS, read=SILENCE_SECONDS)
            ) as response:
                if response.is_error:
                    response.read()
                    self._refuse(response)
                yield from read_server_sent_events(response.iter_lines())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from error

    def _items(self, path: str, limit: int | None, filters: Mapping[str, object]) -> Iterator[JsonObject]:
        cursor: object = None
        left = limit
        while left is None or left > 0:
            number = min(left or MOST_PER_PAGE, MOST_PER_PAGE)
            page = self._get(path, **filters, limit=number, cursor=cursor)
            items = page.get("items")
            yield from items if isinstance(items, list) else ()
            cursor = page.get("next_cursor")
            if cursor is None or not items:
                return
            if left is not None:
                left -= len(items)

    def _get(self, path: str, **params: object) -> JsonObject:
        known = {name: render_parameter(value) for name, value in params.items() if value is not None}
        return self._object("GET", path, params=known)

    def _object(self, method: str, path: str, **request: Any) -> JsonObject:
        try:
            response = self._client.request(method, path, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from error
        if response.is_error or response.is_redirect:
            self._refuse(response)
        answer = _read_object(response)
        if answer is None:
            raise Unreachable(f"What answers at {self.url} is not the api of Automations.")
        return answer

    def _refuse(self, response: httpx.Response) -> None:
        problem = _read_object(response)
        if problem is None or "detail" not in problem:
            raise Unreachable(f"What answers at {self.url} is not the api of Automations ({response.status_code}).")
        detail = str(problem["detail"])
        if response.status_code == 404:
            raise NotThere(detail)
        if response.status_code == 401:
            raise CommandFailed(detail, ["The command sends the key in the variable AUTOMATIONS_API_KEY."])
        raise Refused(response.status_code, problem)

    def _unreachable(self, error: Exception) -> Unreachable:
        if isinstance(error, httpx.TimeoutException):
            return Unreachable(f"The api at {self.url} did not answer in time.")
        return Unreachable(
            f"The api at {self.url} cannot be reached: {error or type(error).__name__}.",
            ["Start it with `automations up`, or say where it is with --api-url or AUTOMATIONS_API_URL."],
        )


def read_server_sent_events(lines: Iterable[str]) -> Iterator[JsonObject | None]:
    """Yield the JSON object of each event; None for a block without data, such as a sign of life."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line.removeprefix("data:").removeprefix(" "))
        elif not line:
            value = json.loads("\n".join(data)) if data else None
            yield value if isinstance(value, dict) else None
            data = []


def render_parameter(value: object) -> str:
    """Return a filter as the api takes it in the address."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _segment(text: str) -> str:
    # An empty or dotted segment would name another resource.
    return quote(text, safe="") if text.strip(".") else quote(text or " ", safe="").replace(".", "%2E")


def _read_object(response: httpx.Response) -> JsonObject | None:
    try:
        value = response.json()
    except ValueError:
        return None
    return value if isinstance(value, dict) else None
