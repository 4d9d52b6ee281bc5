"""What the demo does and looks at: the product from outside, by its REST API, Kafka and the demo CRM.

Nothing is taken on trust: each promise is looked at where it would show, and one that does not show within its time
ends the demonstration with words that say which.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import httpx

from automations_cli.api_client import ApiClient, JsonObject
from automations_cli.failures import CommandFailed
from automations_cli.fields import JsonFields
from automations_cli.publishing import kafka_publishing
from automations_cli.showing.words import show_duration
from automations_cli.yaml_text import choose_document

DOCUMENT = Path(__file__).with_name("demo_automation.json")
"""The bytes that are sent, as they are."""
RUN_SECONDS = 60.0
EFFECT_SECONDS = 5.0
"""The effects are there before the run has ended; this is for the page that shows them."""
_LOOK_AGAIN_SECONDS = 0.1
_STEP_TYPES = ("assign_to_queue", "send_notification")

T = TypeVar("T")


@dataclass(frozen=True)
class Places:
    """Where the product that is shown answers."""

    api_url: str
    kafka_bootstrap_servers: str
    demo_crm_url: str


@dataclass(frozen=True)
class Telling:
    """How the person hears what is being done."""

    say: Callable[[str], object]

    def step(self, number: int, what: str) -> None:
        self.say(f"{number}. {what}")

    def seen(self, what: str) -> None:
        self.say(f"   ✓ {what}")


@dataclass(frozen=True)
class Seen:
    """What the demonstration showed."""

    automation: JsonObject
    events: list[JsonFields]
    run: JsonObject
    queue_item: JsonObject
    slack_message: JsonObject

    def summary(self) -> JsonObject:
        """Return everything, for programs."""
        return {
            "automation": self.automation,
            "events": self.events,
            "run": self.run,
            "queue_item": self.queue_item,
            "slack_message": self.slack_message,
        }


def demonstrate(places: Places, telling: Telling) -> Seen:
    """Show one automation from its registration to the effects of its run.

    Raises:
        CommandFailed: something that was promised was not seen in its time.
    """
    with ApiClient(places.api_url, os.environ.get("AUTOMATIONS_API_KEY")) as api:
        body = DOCUMENT.read_bytes()
        telling.step(1, f"POST {places.api_url}/api/v1/automations\n{body.decode()}")
        _archive_earlier(api, json.loads(body), telling)
        automation = api.create_automation(body)
        telling.seen(f"registered as {automation['id']}, {automation['status']}")
        events = make_events()
        telling.step(2, f"Onto Kafka at {places.kafka_bootstrap_servers}, topic crm.events, as plain bytes:")
        for event in events:
            telling.say(f"   {json.dumps(event)}")
        asyncio.run(_publish(places.kafka_bootstrap_servers, events))
        telling.seen("acknowledged by Kafka")
        critical, harmless = (str(_record(event)["id"]) for event in events)
        telling.step(3, f"GET {places.api_url}/api/v1/automations/{automation['id']}/runs")
        run = _await_run(api, automation, critical)
        telling.seen(f"completed: {len(run['steps'])} steps in {show_duration(run['duration'])}")
        _refuse_other_run(api, automation, harmless)
        telling.seen(f"no run for {harmless}, whose priority is low")
        telling.step(4, f"The demo CRM at {places.demo_crm_url}")
        item = _await_queue_item(places.demo_crm_url, critical)
        telling.seen(f"case {critical} lies in the queue {_queue_of(automation)!r}")
        message = _await_slack_message(places.demo_crm_url, str(run["id"]))
        telling.seen(f"Slack received {message.get('text')!r}")
    return Seen(automation, events, run, item, message)


def make_events() -> list[JsonFields]:
    """Return two cases that nobody has seen: one critical, one that is none of the automation's business."""
    return [_make_case("critical", "Payments are declined"), _make_case("low", "Typo on the invoice")]


def _make_case(priority: str, name: str) -> JsonFields:
    case_id = f"demo-{secrets.token_hex(4)}"
    return {
        "event_id": f"evt-{case_id}",
        "event": "case.created",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "record": {"id": case_id, "name": name, "priority": priority, "status": "new"},
    }


def _record(event: JsonFields) -> dict[str, Any]:
    record = event["record"]
    assert isinstance(record, dict)
    return record


def is_same_document(automation: JsonObject, document: JsonObject) -> bool:
    """Whether an automation says what the document says; the ids that actions were given say nothing."""
    shown = choose_document(automation)
    shown["actions"] = [
        {name: field for name, field in action.items() if name != "id"} for action in shown.get("actions") or ()
    ]
    return shown == choose_document(document)


def _archive_earlier(api: ApiClient, document: JsonObject, telling: Telling) -> None:
    """One event shall start one run, however often the demo was shown."""
    for earlier in api.list_automations(q=document["name"]):
        if earlier.get("status") != "archived" and is_same_document(earlier, document):
            api.set_status(str(earlier["id"]), "archived")
            telling.seen(f"archived {earlier['id']} of an earlier demo")


async def _publish(bootstrap_servers: str, events: list[JsonFields]) -> None:
    async with kafka_publishing(bootstrap_servers) as publishing:
        await publishing.publish(events)


def _await_run(api: ApiClient, automation: JsonObject, record_id: str) -> JsonObject:
    def look() -> JsonObject | None:
        runs = api.list_runs(str(automation["id"]), record=record_id, limit=10)
        ended = [run for run in runs if run["status"] != "running"]
        return ended[0] if ended else None

    run = _eventually(look, RUN_SECONDS, f"no run for case {record_id} ended within {RUN_SECONDS:.0f} s")
    steps = run.get("steps") or []
    if run["status"] != "completed":
        raise CommandFailed(f"The run {run['id']} {run['status']}.", [json.dumps(run.get("error"))])
    if tuple(step["type"] for step in steps) != _STEP_TYPES or any(step["status"] != "completed" for step in steps):
        raise CommandFailed(f"The run {run['id']} does not show its two steps completed.", [json.dumps(steps)])
    if not isinstance(run.get("duration"), int | float):
        raise CommandFailed(f"The run {run['id']} has no duration.")
    return run


def _refuse_other_run(api: ApiClient, automation: JsonObject, record_id: str) -> None:
    if api.list_runs(str(automation["id"]), record=record_id, limit=1):
        raise CommandFailed(f"Case {record_id} has a low priority, and yet a run was started for it.")


def _await_queue_item(demo_crm_url: str, record_id: str) -> JsonObject:
    return _eventually(
        lambda: _find_queue_item(demo_crm_url, record_id),
        EFFECT_SECONDS,
        f"the demo CRM at {demo_crm_url} does not show case {record_id} in the queue; another automation for new "
        "cases may have moved it on",
    )


def _find_queue_item(demo_crm_url: str, record_id: str) -> JsonObject | None:
    path = f"/queues/{quote(_queue_of(json.loads(DOCUMENT.read_bytes())), safe='')}/items"
    for item in _items(demo_crm_url, path):
        if (item.get("record") or {}).get("id") == record_id:
            return item
    return None


def _await_slack_message(demo_crm_url: str, run_id: str) -> JsonObject:
    return _eventually(
        lambda: _find_slack_message(demo_crm_url, run_id),
        EFFECT_SECONDS,
        f"the demo CRM's sink at {demo_crm_url} received no Slack message of run {run_id}",
    )


def _find_slack_message(demo_crm_url: str, run_id: str) -> JsonObject | None:
    for message in _items(demo_crm_url, "/sink/slack?limit=100"):
        headers = message.get("headers") or {}
        if str(headers.get("idempotency-key", "")).startswith(run_id):
            return message
    return None


def _items(demo_crm_url: str, path: str) -> list[JsonObject]:
    try:
        response = httpx.get(f"{demo_crm_url}{path}", timeout=10, trust_env=False)
        items = response.json().get("items") if response.is_success else None
    except (httpx.HTTPError, ValueError, AttributeError) as error:
        raise CommandFailed(f"The demo CRM at {demo_crm_url} does not answer: {error}.") from error
    return items if isinstance(items, list) else []


def _eventually(look: Callable[[], T | None], within_seconds: float, otherwise: str) -> T:
    give_up = time.monotonic() + within_seconds
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() > give_up:
            raise CommandFailed(f"Not seen: {otherwise}.", ["Logs of `automations up` lie in its data folder."])
        time.sleep(_LOOK_AGAIN_SECONDS)


def _queue_of(document: JsonObject) -> str:
    return str(document["actions"][0]["params"]["queue_id"])
