"""Proves docker-compose.yml from a fresh copy of the sources: `python3 tests/containers/prove_compose.py`.

It builds the images, starts everything, makes the three calls of the README by curl, publishes events from outside by
kcat, sees the runs completed, takes everything down and up again, and finds the history and a waiting person's task as
they were. Then it asks for a key. Sizes and seconds are printed; in the end nothing is left but the images.

Needs an engine with Compose v2, curl, kcat and git. Exit status 0 only if all of it was seen.
"""

import contextlib
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PROJECT = "automations-proof"
BUILT = ("trigger-matcher", "executor", "notifier", "demo-crm", "api")
WAIT_SECONDS = 120

CRITICAL_CASES = """\
{"name": "Auto-assign high-priority cases",
 "trigger": {"event": "case.created", "conditions": {"priority": "critical"}},
 "actions": [{"type": "assign_to_queue", "params": {"queue_id": "..."}},
             {"type": "send_notification", "params": {"channel": "slack", "message": "Critical case created"}}],
 "status": "active"}"""

APPROVAL = """\
{"name": "Approve discounts",
 "trigger": {"event": "opportunity.stage_changed", "conditions": {"stage": "negotiation"}},
 "actions": [{"type": "human_task", "params": {"title": "Approve the discount"}},
             {"type": "send_email", "params": {"to": "owner@example.com", "subject": "Approved", "body": "Go ahead."}}],
 "status": "active"}"""

ANSWER = '{"output": {"approved": true, "notes": "Looks good"}}'


def main() -> None:
    for tool in ("docker", "curl", "kcat", "git"):
        if shutil.which(tool) is None:
            sys.exit(f"{tool} is needed")
    with tempfile.TemporaryDirectory(prefix="automations-proof-") as folder:
        copy_sources(Path(folder))
        stack = Stack(Path(folder), choose_ports())
        try:
            prove(stack)
        except BaseException:
            stack.compose("ps", "--all")
            stack.compose("logs", "--no-color", "--tail", "40")
            raise
        finally:
            stack.compose("down", "--volumes", "--remove-orphans")
    say("proved")


class Stack:
    """The compose project of this proof, apart from any other that runs on this machine."""

    def __init__(self, folder: Path, ports: dict[str, int]) -> None:
        self._folder = folder
        self._environment = {
            # What this shell has set for another stack is not meant for this one.
            **{name: value for name, value in os.environ.items() if name in {"PATH", "HOME"} or "DOCKER" in name},
            **{name: str(port) for name, port in ports.items()},
        }
        self.kafka = f"localhost:{ports['KAFKA_PORT']}"
        self.api = f"http://127.0.0.1:{ports['PORT']}"
        self.crm = f"http://127.0.0.1:{ports['DEMO_CRM_PORT']}"
        self.mail = f"http://127.0.0.1:{ports['MAIL_PORT']}"

    def compose(self, *arguments: str, **settings: str) -> str:
        """Return what `docker compose` printed; ends the proof if it fails."""
        done = subprocess.run(
            ["docker", "compose", "--project-name", PROJECT, *arguments],
            cwd=self._folder,
            env=self._environment | settings,
            capture_output=True,
            text=True,
        )
        if done.returncode or arguments[0] in {"ps", "logs"}:
            say(done.stdout + done.stderr)
        if done.returncode:
            raise Failed(f"docker compose {' '.join(arguments)} ended with {done.returncode}")
        return done.stdout

    def post(self, path: str, body: str) -> Any:
        url = f"{self.api}/api/v1{path}"
        return curl("--request", "POST", url, "--header", "Content-Type: application/json", "--data", body)

    def get(self, path: str, *arguments: str) -> Any:
        return curl(f"{self.api}/api/v1{path}", *arguments)

    def publish(self, event: dict[str, Any]) -> None:
        """Publish an event from outside the containers' network."""
        say(f"$ kcat -P -b {self.kafka} -t crm.events <<< '{json.dumps(event)}'")
        command = ["kcat", "-P", "-b", self.kafka, "-t", "crm.events"]
        subprocess.run(command, input=json.dumps(event), text=True, check=True, timeout=WAIT_SECONDS)

    def only_run(self, automation: str, is_there: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return the one run of an automation once it is as asked for."""

        def look() -> dict[str, Any] | None:
            runs = self.get(f"/automations/{automation}/runs")["items"]
            return runs[0] if len(runs) == 1 and is_there(runs[0]) else None

        return eventually(look, f"the run of {automation}")


class Failed(Exception):
    """What was promised was not seen."""


def prove(stack: Stack) -> None:
    build(stack)
    with timed("first start"):
        stack.compose("up", "--wait")
    prove_page_is_served(stack)
    run = prove_event_to_completed_run(stack)
    waiting = prove_task_waits(stack)
    with timed("down"):
        stack.compose("down")
    with timed("second start, of two executors"):
        stack.compose("up", "--wait", "--scale", "executor=2")
    after = stack.get(f"/automations/{run['automation_id']}/runs")["items"]
    expect(after == [run], f"the history is as it was: {after}")
    say("the history is there after down and up")
    prove_task_completes(stack, waiting)
    prove_key_is_asked_for(stack)


def build(stack: Stack) -> None:
    for service in BUILT:
        with timed(f"build {service}"):
            stack.compose("build", "--quiet", service)
    for service in BUILT:
        command = ["docker", "image", "inspect", "--format", "{{.Size}}", f"automations/{service}"]
        size = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        say(f"image automations/{service}: {int(size) / 1e6:.0f} MB")


def prove_page_is_served(stack: Stack) -> None:
    page = fetch(f"{stack.api}/")
    scripts = re.findall(r'<script[^>]* src="([^"]+)"', page)
    expect(bool(scripts), f"the UI's page loads a script: {page}")
    expect("import" in fetch(stack.api + scripts[0]), "the script is there")


def prove_event_to_completed_run(stack: Stack) -> dict[str, Any]:
    automation = stack.post("/automations", CRITICAL_CASES)
    stack.publish({"type": "case.created", "record": {"id": "case-1", "priority": "low"}})
    stack.publish({"type": "case.created", "record": {"id": "case-2", "priority": "critical"}})
    run = stack.only_run(automation["id"], lambda run: run["status"] != "running")
    say(json.dumps(run, indent=1))
    expect(run["status"] == "completed", "the run completed")
    expect([step["status"] for step in run["steps"]] == ["completed", "completed"], "both steps completed")
    expect("Critical case created" in json.dumps(curl(f"{stack.crm}/sink/slack")), "the Slack message arrived")
    return run


def prove_task_waits(stack: Stack) -> dict[str, Any]:
    automation = stack.post("/automations", APPROVAL)
    stack.publish({"type": "opportunity.stage_changed", "record": {"id": "opportunity-1", "stage": "negotiation"}})
    run = stack.only_run(automation["id"], lambda run: run["waiting"] is not None)
    say(f"waiting for a person: {json.dumps(run['waiting'])}")
    return run


def prove_task_completes(stack: Stack, waiting: dict[str, Any]) -> None:
    automation = waiting["automation_id"]
    stack.post(f"/automations/{automation}/runs/{waiting['id']}/complete-task", ANSWER)
    run = stack.only_run(automation, lambda run: run["status"] != "running")
    expect(run["status"] == "completed", f"the run completed after the task: {run}")
    expect(run["steps"][0]["output"] == {"approved": True, "notes": "Looks good"}, "the answer is the step's output")
    mails = curl(f"{stack.mail}/api/v1/messages")["messages"]
    expect([mail["Subject"] for mail in mails] == ["Approved"], f"the mail arrived: {mails}")
    say("the task that waited through down and up was completed, and the mail after it arrived")


def prove_key_is_asked_for(stack: Stack) -> None:
    with timed("restart with AUTH=required"):
        stack.compose("up", "--wait", "api", AUTH="required")
    refused = subprocess.run(
        ["curl", "-s", "-o", os.devnull, "-w", "%{http_code}", f"{stack.api}/api/v1/automations"],
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    expect(refused == "401", f"without a key the answer is 401: {refused}")
    printed = stack.compose("exec", "-T", "api", "python", "-m", "api", "create-key", "proof", "--role", "admin")
    key = printed.splitlines()[-1].strip()
    items = stack.get("/automations", "--header", f"Authorization: Bearer {key}")["items"]
    expect(len(items) == 2, "with a key both automations are listed")


def curl(*arguments: str) -> Any:
    """Return the JSON that a call answers."""
    if "--request" in arguments:
        say("$ curl " + " ".join(f"'{word}'" if " " in word else word for word in arguments))
    return json.loads(fetch(*arguments))


def fetch(*arguments: str) -> str:
    """Return the body that a call answers; a status of 400 or more ends the proof."""
    command = ["curl", "--silent", "--show-error", "--fail-with-body", "--max-time", "30", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Failed(f"{' '.join(arguments)}: {done.stderr}{done.stdout}")
    return done.stdout


def eventually(look: Callable[[], dict[str, Any] | None], subject: str) -> dict[str, Any]:
    """Return what `look` finds."""
    deadline = time.monotonic() + WAIT_SECONDS
    while (found := look()) is None:
        if time.monotonic() > deadline:
            raise Failed(f"{subject} was not seen within {WAIT_SECONDS} s")
        time.sleep(0.2)
    return found


def expect(is_so: bool, promise: str) -> None:
    if not is_so:
        raise Failed(f"not so: {promise}")


def copy_sources(folder: Path) -> None:
    """Copy what a clone would hold; a file that is not committed yet, and not ignored, comes along."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def choose_ports() -> dict[str, int]:
    """Return the usual ports, and others for those that are taken."""
    usual = {"PORT": 8080, "KAFKA_PORT": 9092, "DEMO_CRM_PORT": 8090, "MAIL_PORT": 8025}
    return {name: port if is_free(port) else find_free() for name, port in usual.items()}


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find_free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def timed(subject: str) -> Iterator[None]:
    begun = time.monotonic()
    yield
    say(f"{subject}: {time.monotonic() - begun:.1f} s")


def say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(str(failure))
