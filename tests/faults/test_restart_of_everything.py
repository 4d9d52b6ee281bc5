"""Everything is stopped and started again: what waited still waits, and goes on."""

import asyncio
from pathlib import Path
from typing import Any

import httpx

from automations_cli.stack import Stack
from embedded.report import PlainReport
from tests.support.eventually import eventually

AUTOMATION: dict[str, Any] = {
    "name": "Approval",
    "trigger": {"event": "opportunity.stage_changed"},
    "actions": [
        {"type": "human_task", "params": {"title": "Approve"}},
        {"type": "update_field", "params": {"field": "approved", "value": "{{ steps.human_task.output.approved }}"}},
    ],
    "status": "active",
}


def new_stack(data: Path) -> Stack:
    ports = {"api_port": 0, "kafka_port": 0, "demo_crm_port": 0, "demo_crm_smtp_port": 0}
    return Stack(data, PlainReport(), restarts=False, **ports)  # type: ignore[arg-type]


async def test_run_that_waits_for_a_person_survives_the_restart_of_everything(tmp_path: Path) -> None:
    """Kafka, PostgreSQL and all services end and start anew on the same data; then the task is completed."""
    data = tmp_path / "data"
    first = new_stack(data)
    try:
        addresses = await asyncio.to_thread(first.start)
        async with httpx.AsyncClient(base_url=f"{addresses.api_url}/api/v1", timeout=30) as client:
            automation = (await client.post("/automations", json=AUTOMATION)).json()
            event = {"type": "opportunity.stage_changed", "record": {"id": "opp-1"}}
            assert (await client.post("/events", json=event)).status_code == 202
            run = await _until_waiting(client, automation["id"])
    finally:
        await asyncio.to_thread(first.stop)

    second = new_stack(data)
    try:
        addresses = await asyncio.to_thread(second.start)
        async with httpx.AsyncClient(base_url=f"{addresses.api_url}/api/v1", timeout=30) as client:
            assert (await _until_waiting(client, automation["id"]))["id"] == run["id"]
            path = f"/automations/{automation['id']}/runs/{run['id']}/complete-task"
            answer = await client.post(path, json={"output": {"approved": True}})
            assert answer.status_code == 200, answer.text

            async def is_completed() -> bool:
                return bool((await client.get(f"/runs/{run['id']}")).json()["status"] == "completed")

            await eventually(is_completed)
            record = (await client.get(f"{addresses.demo_crm_url}/records/opportunity/opp-1")).json()
            assert record["approved"] is True
    finally:
        await asyncio.to_thread(second.stop)


async def _until_waiting(client: httpx.AsyncClient, automation_id: str) -> dict[str, Any]:
    async def look() -> dict[str, Any] | None:
        items = (await client.get(f"/automations/{automation_id}/runs")).json()["items"]
        return items[0] if items and items[0]["waiting"] else None

    run = await eventually(look)
    assert run is not None
    return run
