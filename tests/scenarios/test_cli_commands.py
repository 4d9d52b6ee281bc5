"""The `automations` command drives a running product from a shell."""

import asyncio
import json
import signal
import uuid
from pathlib import Path
from typing import Any

import pytest

from automations.definition.reading import read_yaml
from tests.support.command import Ended, Shell, ended
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.product import Product


@pytest.fixture
def shell(product: Product) -> Shell:
    return Shell(product)


def document(**more: Any) -> dict[str, Any]:
    """A document of the test's own, that tells a user."""
    mark = uuid.uuid4().hex[:10]
    actions = [{"id": "tell", "type": "notify_user", "params": {"user": "ines", "message": "seen {{ record.id }}"}}]
    return {"name": f"By shell {mark}", "trigger": {"event": f"t{mark}.created"}, "actions": actions, **more}


async def applied(shell: Shell, written: dict[str, Any], *options: str) -> dict[str, Any]:
    """Apply one document and return what the command says of it."""
    answer = await shell.run("apply", "-f", "-", "--json", *options, typed=json.dumps(written))
    [item] = answer.json()["items"]
    assert isinstance(item, dict)
    return item


async def test_apply_creates_updates_and_leaves_alone(shell: Shell, tmp_path: Path) -> None:
    """The same file applied again changes nothing; a changed one makes a version, and the difference is shown."""
    written = document(status="active")
    file = tmp_path / "one.json"
    file.write_text(json.dumps(written))
    created = await shell.run("apply", "-f", str(tmp_path))
    assert created.status == 0, created.errors
    assert "created v1, active" in created.output
    assert "unchanged" in (await shell.run("apply", "-f", str(file))).output
    written["actions"][0]["params"]["user"] = "priya"
    file.write_text(json.dumps(written))
    updated = await shell.run("apply", "-f", str(file), "--status", "paused")
    assert "updated to v2, paused" in updated.output
    assert [line.strip() for line in updated.output.splitlines() if line.strip().startswith(("+", "-"))] == [
        "-      user: ines",
        "+      user: priya",
    ]


async def test_what_get_prints_is_what_apply_takes(shell: Shell) -> None:
    """An automation got and applied again is unchanged; its YAML is the document as it was written."""
    written = document(description="Two\nlines", tags=["a: b", "2026-01-01"])
    await applied(shell, written)
    got = await shell.run("get", written["name"].upper())
    value = read_yaml(got.output)
    assert isinstance(value, dict)
    assert {name: value[name] for name in written} == written
    again = await shell.run("apply", "-f", "-", typed=got.output)
    assert "unchanged" in again.output
    assert (await shell.run("get", value["id"], "--json")).json()["environment"] == "live"


async def test_apply_into_the_sandbox_leaves_live_alone(shell: Shell) -> None:
    written = document(status="active")
    live = await applied(shell, written)
    written["description"] = "tried out"
    tried = await applied(shell, written, "--environment", "sandbox")
    assert (tried["id"], tried["environment"], tried["version"]) == (live["id"], "sandbox", 2)
    assert "tried out" not in (await shell.run("get", live["id"])).output
    assert "tried out" in (await shell.run("get", live["id"], "--environment", "sandbox")).output


async def test_refused_document_names_every_wrong_field_and_the_others_are_applied(shell: Shell) -> None:
    """A file with one good document and one bad one ends with 1, and the good one is there."""
    good = document()
    bad = {"name": "", "trigger": {}, "actions": [{"type": "send_email", "params": {"subject": "s"}}], "status": "on"}
    answer = await shell.run("apply", "-f", "-", typed=f"{json.dumps(bad)}\n---\n{json.dumps(good)}\n")
    assert answer.status == 1
    assert "document 1: refused (422" in answer.errors
    for pointer in ("/name", "/trigger/event", "/actions/0/params/to", "/status"):
        assert pointer in answer.errors
    assert f"{good['name']}  created v1, draft" in answer.output


@pytest.mark.parametrize("via", ["kafka", "api"])
async def test_published_event_starts_a_run_that_is_listed_and_shown(shell: Shell, via: str) -> None:
    written = document(status="active")
    automation = await applied(shell, written)
    published = await shell.run("publish", written["trigger"]["event"], "id=r-1", "vip=true", "--via", via, "--json")
    [place] = published.json()["events"]
    assert place["topic"] == "crm.events"

    async def look() -> dict[str, Any] | None:
        listed = (await shell.run("runs", automation["id"], "--status", "completed", "--json")).json()["items"]
        return listed[0] if listed else None

    run = await eventually(look)
    assert run is not None
    assert run["trigger"]["event_id"] == place["id"]
    table = await shell.run("runs", automation["name"], "--record", "r-1")
    assert written["name"] in table.output
    shown = await shell.run("run", run["id"], "--verbose")
    assert "✓ tell" in shown.output
    assert "message: seen r-1" in shown.output
    assert (await shell.run("run", run["id"], "--json")).json()["id"] == run["id"]


async def test_followed_run_is_shown_until_a_person_completed_it(product: Product, shell: Shell) -> None:
    """The follower hears of each step, and ends with 0 when the run completes."""
    written = document(status="active")
    written["actions"].insert(0, {"id": "ask", "type": "human_task", "params": {"title": "Approve {{ record.id }}"}})
    automation = await applied(shell, written)
    await shell.run("publish", written["trigger"]["event"], "id=r-2")
    run = await product.until_waiting(automation["id"])
    tasks = await shell.run("tasks", "--automation", automation["id"])
    assert "Approve r-2" in tasks.output
    follower = await shell.start("run", run["id"], "--follow")
    assert follower.stdout is not None
    first = (await asyncio.wait_for(follower.stdout.readline(), PATIENCE_SECONDS)).decode()
    assert "ask" in first
    completed = await shell.run("complete", run["id"], "approved=true", "notes=Looks good", "--json")
    assert completed.json()["id"] == run["id"]
    told = await ended(follower)
    assert told.status == 0, told.errors
    assert "✓ tell" in told.output
    done = (await shell.run("run", run["id"], "--json")).json()
    assert done["steps"][0]["output"] == {"approved": True, "notes": "Looks good"}
    again = await shell.run("complete", run["id"])
    assert again.status == 1
    assert "409" in again.errors


async def test_waiting_run_is_cancelled_and_run_again(product: Product, shell: Shell) -> None:
    """A step that does not exist is refused with those that do."""
    written = document(status="active")
    written["actions"].append({"id": "ask", "type": "human_task", "params": {"title": "Approve"}})
    automation = await applied(shell, written)
    await product.publish_case(written["trigger"]["event"])
    run = await product.until_waiting(automation["id"])
    cancelled = await shell.run("cancel", run["id"], "--reason", "a mistake")
    assert cancelled.status == 0, cancelled.errors
    assert "cancelled by local: a mistake" in cancelled.output
    unknown = await shell.run("rerun", run["id"], "--from", "aks")
    assert unknown.status == 1
    assert 'Did you mean "ask"?' in unknown.errors
    again = await shell.run("rerun", run["id"], "--from", "ask", "--json")
    assert again.json()["rerun_of"] == run["id"]

    async def look() -> bool:
        return (await shell.run("run", again.json()["id"], "--json")).json()["waiting"] is not None

    await eventually(look)
    shown = await shell.run("run", again.json()["id"])
    assert f"taken over from the run {run['id']}" in " ".join(shown.output.split())


async def test_task_is_completed_by_its_own_id(product: Product, shell: Shell) -> None:
    written = document(status="active")
    written["actions"] = [{"type": "human_task", "params": {"title": "Approve"}}]
    automation = await applied(shell, written)
    await product.publish_case(written["trigger"]["event"])
    await product.until_waiting(automation["id"])
    [task] = (await shell.run("tasks", "--automation", automation["id"], "--json")).json()["items"]
    answer = await shell.run("complete", task["id"], "--output", '{"approved": false}')
    assert answer.status == 0, answer.errors
    run = await product.until_run(automation["id"])
    assert run["steps"][0]["output"] == {"approved": False}


async def test_status_pauses_and_list_shows_it(shell: Shell) -> None:
    written = document(status="active")
    automation = await applied(shell, written)
    assert "paused" in (await shell.run("status", automation["name"], "paused")).output
    listed = (await shell.run("list", "--status", "paused", "--search", automation["name"], "--json")).json()["items"]
    assert [one["id"] for one in listed] == [automation["id"]]
    wrong = await shell.run("status", automation["id"], "draft")
    assert wrong.status == 1
    assert "409" in wrong.errors


async def test_simulated_changes_are_events_like_any(product: Product, shell: Shell) -> None:
    """Every lead that the simulation says it created starts a run."""
    automation = await applied(shell, document(status="active", trigger={"event": "lead.created"}))
    told = (await shell.run("simulate", "--rate", "200", "--count", "120", "--json")).json()
    assert told["events"] == 120
    leads = told["by_type"]["lead.created"]
    runs = await product.until_runs(automation["id"], leads)
    assert len({run["record"]["id"] for run in runs}) == leads
    await shell.run("status", automation["id"], "archived")


async def test_simulation_without_an_end_stops_cleanly_when_asked(shell: Shell) -> None:
    """Ctrl-C ends it with 0 and with what was published."""
    process = await shell.start("simulate", "--rate", "50", "--via", "api")
    answer = await interrupted(process)
    assert answer.status == 0, answer.errors
    assert "events published" in answer.errors


async def interrupted(process: asyncio.subprocess.Process) -> Ended:
    """Return how a process ends by Ctrl-C, pressed once the process listens for it."""
    status = Path(f"/proc/{process.pid}/status")

    def listens() -> bool:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
        return bool(int(caught.split()[1], 16) & 1 << (signal.SIGTERM - 1))

    await eventually(listens)
    process.send_signal(signal.SIGINT)
    return await ended(process)


@pytest.mark.parametrize("arguments", [["run", str(uuid.uuid4())], ["get", "nobody"], ["complete", "nothing"]])
async def test_what_is_not_there_ends_with_3(shell: Shell, arguments: list[str]) -> None:
    answer = await shell.run(*arguments)
    assert answer.status == 3
    assert answer.output == ""
    assert arguments[1] in answer.errors


async def test_demo_that_does_not_see_everything_fails(product: Product, shell: Shell) -> None:
    """Here Slack is not the demo's sink: the run completes, yet the demo says what it missed, and ends with 1."""
    answer = await shell.run("demo", "--demo-crm-url", product.demo_crm_url)
    assert answer.status == 1
    assert "lies in the queue" in answer.output
    assert "received no Slack message" in answer.errors
    listed = (await shell.run("list", "--search", "Auto-assign high-priority cases", "--json")).json()["items"]
    for one in listed:
        await shell.run("status", one["id"], "archived")


async def test_explain_and_test_speak_of_one_event(shell: Shell, tmp_path: Path) -> None:
    """The same event, from a file, from the standard input and from Kafka, is explained and tried out."""
    written = document(status="active")
    written["trigger"]["conditions"] = {"priority": "critical"}
    await applied(shell, written)
    name, kind = written["name"], written["trigger"]["event"]
    event = {"type": kind, "event_id": "e", "record": {"id": "5001", "priority": "high"}}
    file = tmp_path / "event.json"
    file.write_text(json.dumps(event))
    explained = await shell.run("explain", name, "--event", str(file))
    assert explained.status == 0, explained.errors
    assert "✗ Starts no run: priority is high, expected critical." in explained.output
    assert "✓ The automation is active." in explained.output
    told = (await shell.run("explain", name, "--event", "-", "--json", typed=json.dumps(event))).json()
    assert told["verdict"] == "conditions_false"
    published = await shell.run("publish", kind, "id=5001", "priority=critical", "--json")
    [place] = published.json()["events"]
    at = f"{place['topic']}:{place['partition']}:{place['offset']}"
    assert (await shell.run("explain", name, "--at", at, "--json")).json()["starts"] is True

    tested = await shell.run("test", name, "--event", str(file), "--verbose")
    assert tested.status == 0, tested.errors
    assert "completed (test)" in tested.output
    assert "seen 5001" in tested.output
    written["actions"][0]["params"]["message"] = "tried {{ record.id }}"
    unsaved = tmp_path / "unsaved.json"
    unsaved.write_text(json.dumps(written))
    tried = await shell.run("test", name, "--at", at, "--document", str(unsaved), "--json")
    assert tried.status == 0, tried.errors
    assert tried.json()["steps"][0]["input"]["message"] == "tried 5001"
    assert (await shell.run("explain", "nobody", "--at", at)).status == 3
    missing = await shell.run("explain", name, "--at", "crm.events:0:99999999")
    assert missing.status == 3
    assert "There is no event" in missing.errors
