"""The whole product as its users reach it: by REST and by Kafka."""

import asyncio
import json
import signal
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
from aiokafka import AIOKafkaProducer

from automations_cli.stack import Stack
from tests.support.eventually import PATIENCE_SECONDS, eventually


class Product:
    """A running stack, with what a test does to it."""

    def __init__(self, stack: Stack, client: httpx.AsyncClient, producer: AIOKafkaProducer) -> None:
        self.stack = stack
        self.client = client
        self.producer = producer

    @property
    def api_url(self) -> str:
        """Where REST and the UI are."""
        return self.stack.addresses.api_url

    @property
    def kafka_bootstrap_servers(self) -> str:
        """Where events are published."""
        return self.stack.addresses.kafka_bootstrap_servers

    @property
    def demo_crm_url(self) -> str:
        """Where the demo CRM and its sink are."""
        return self.stack.addresses.demo_crm_url

    async def call(self, method: str, path: str, body: Any = None, *, expect: int | None = None) -> Any:
        """Return the JSON answer of `/api/v1{path}`, whose status is as expected (any success without a wish)."""
        answer = await self.client.request(method, f"/api/v1{path}", json=body)
        if expect is None:
            assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        else:
            assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    async def create(self, trigger: dict[str, Any], actions: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Create an automation, active unless said otherwise, and return it."""
        body = {"name": "test", "trigger": trigger, "actions": actions, "status": "active", **more}
        created: dict[str, Any] = await self.call("POST", "/automations", body, expect=201)
        return created

    async def publish(self, value: Any, *, key: str | None = None, headers: dict[str, str] | None = None) -> None:
        """Publish onto `crm.events`: bytes as they are, anything else as JSON; returns when Kafka has it."""
        raw = value if isinstance(value, bytes) else json.dumps(value).encode()
        named = [(name, text.encode()) for name, text in (headers or {}).items()]
        await self.producer.send_and_wait("crm.events", raw, key=key.encode() if key else None, headers=named)

    async def publish_case(self, event_type: str, **fields: Any) -> str:
        """Publish a plain event about a case nobody has seen; return the case's id."""
        case = f"case-{uuid.uuid4().hex[:10]}"
        await self.publish({"type": event_type, "event_id": case, "record": {"id": case, **fields}}, key=case)
        return case

    async def runs(self, automation_id: str, **filters: Any) -> list[dict[str, Any]]:
        """Return all runs of an automation, page by page."""
        found: list[dict[str, Any]] = []
        cursor: str | None = None
        while True:
            query = {"limit": 500, **filters} | ({"cursor": cursor} if cursor else {})
            answer = await self.client.get(f"/api/v1/automations/{automation_id}/runs", params=query)
            assert answer.is_success, answer.text
            page = answer.json()
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    async def until_runs(
        self, automation_id: str, number: int, *, status: str = "completed", within_seconds: float = PATIENCE_SECONDS
    ) -> list[dict[str, Any]]:
        """Return the automation's runs once `number` of them have the status."""

        async def look() -> list[dict[str, Any]] | None:
            found = [run for run in await self.runs(automation_id) if run["status"] == status]
            assert len(found) <= number, f"{len(found)} runs, wanted {number}"
            assert len(found) == number, f"{len(found)} of {number} runs are {status}"
            return found

        runs = await eventually(look, within_seconds=within_seconds)
        assert runs is not None
        return runs

    async def until_run(
        self, automation_id: str, *, status: str = "completed", within_seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        """Return the automation's only run once it has the status."""
        [run] = await self.until_runs(automation_id, 1, status=status, within_seconds=within_seconds)
        return run

    async def until_waiting(self, automation_id: str) -> dict[str, Any]:
        """Return the automation's only run once it waits for a person."""

        async def look() -> dict[str, Any] | None:
            found = await self.runs(automation_id)
            return found[0] if found and found[0]["waiting"] else None

        run = await eventually(look)
        assert run is not None
        return run

    async def demo(self, path: str) -> Any:
        """Return what the demo CRM answers."""
        answer = await self.client.get(f"{self.demo_crm_url}{path}")
        assert answer.is_success, answer.text
        return answer.json()

    async def kill(self, service: str) -> None:
        """End a service as `kill -9` does."""
        await asyncio.to_thread(self.stack.kill, service, signal.SIGKILL)

    async def halt(self, service: str) -> None:
        """Stop a service in order; it stays stopped until it is restarted."""
        await asyncio.to_thread(self.stack.halt, service)

    async def restart(self, service: str) -> None:
        """Start a service anew; returns when it is ready."""
        await asyncio.to_thread(self.stack.restart, service)


async def gather_limited(limit: int, calls: list[Callable[[], Awaitable[Any]]]) -> list[Any]:
    """Return what the calls return, so many at a time."""
    gate = asyncio.Semaphore(limit)

    async def one(call: Callable[[], Awaitable[Any]]) -> Any:
        async with gate:
            return await call()

    return list(await asyncio.gather(*(one(call) for call in calls)))
