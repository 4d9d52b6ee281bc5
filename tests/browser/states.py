"""Every state in which a page can be looked at: what lies behind it, and the way there.

The tests that look at all pages (for everybody's use, for fit, for pictures) walk through these.
"""

import json
import re
import uuid
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.building import SOON_MS
from tests.support.eventually import eventually
from tests.support.product import Product

NARROW = 860
"""Up to this width, in pixels, there is a list instead of a canvas."""
EMPTY = {"items": [], "next_cursor": None}


@dataclass
class Places:
    """What was set up to look at, by id."""

    automation: str
    """Active, with a condition and three actions."""
    draft: str
    """With actions that lack something and one that is not connected."""
    changed: str
    """Live, and changed in the sandbox."""
    conditions: str
    """A draft with nested conditions, of whose events some were seen lately, and not all match."""
    graph: str
    """Active, with a branch, a join, a loop, a wait, and ways after a failure and after time is up."""
    skipped: str
    """Active, with starts that a pause skipped."""
    looping: str
    """Active, with starts that the loop guard refused."""
    runs: dict[str, str] = field(default_factory=dict)
    """By what became of them: waiting, completed, failed, tried (several times), dry, graph."""
    act: str = ""
    """An act on two runs, of which one could not be acted on."""
    tasks: dict[str, str] = field(default_factory=dict)
    """`open` and `completed`."""


async def set_up_places(product: Product, *, name: str = "") -> Places:
    """Create automations and runs of every kind; each name and text ends with `name`."""
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tail = f" {name}" if name else ""
    queue = {"type": "assign_to_queue", "params": {"queue_id": f"tier-2{tail}"}}
    form = {
        "type": "object",
        "required": ["decision"],
        "properties": {
            "decision": {"type": "string", "enum": ["approve", "reject", "ask back"]},
            "until": {"type": "string", "title": "Until when"},
            "credit": {"type": "number", "default": 100},
        },
    }
    params = {
        "title": f"Approve the credit{tail}",
        "instructions": f"Look at the case, and decide.{tail}",
        "form": form,
    }
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Done {{{{ record.id }}}}{tail}"}}
    actions = [queue, {"type": "human_task", "params": params}, tell]
    automation = await product.create(
        {"event": event, "conditions": {"priority": "critical", "region": "EMEA"}},
        actions,
        name=f"Approve credits{tail}",
        description=f"The second tier decides within the hour.{tail}",
    )
    for record in range(2):
        await product.publish(
            {
                "type": event,
                "event_id": uuid.uuid4().hex,
                "record": {
                    "id": f"C-10{record}{tail}",
                    "priority": "critical",
                    "region": "EMEA",
                    "subject": f"Cannot sign in{tail}",
                },
            }
        )
    drafts = await _set_up_draft(product, tail), await _set_up_conditions(product, tail)
    graph, graph_run = await _set_up_graph(product, tail)
    skipped, looping = await _set_up_skipped(product, tail), await _set_up_loop(product, tail)
    places = Places(automation["id"], drafts[0], "", drafts[1], graph, skipped, looping)
    places.runs["graph"] = graph_run
    [first, second] = await _until_waiting(product, automation["id"], 2)
    places.tasks = {"open": first["waiting"]["task_id"], "completed": second["waiting"]["task_id"]}
    places.runs["waiting"] = first["id"]
    await product.call(
        "POST",
        f"/automations/{automation['id']}/runs/{second['id']}/complete-task",
        {"output": {"decision": "approve"}},
    )
    places.runs["completed"] = second["id"]
    places.runs["failed"] = await _set_up_failed_run(product, tail)
    places.runs["tried"] = await _set_up_tried_run(product, tail)
    places.changed, places.runs["dry"] = await _set_up_dry_run(product, tail)
    named = [places.runs["failed"], places.runs["waiting"]]
    places.act = (await product.call("POST", "/mass-acts", {"act": "rerun", "runs": named}, expect=201))["id"]
    return places


async def _until_waiting(product: Product, automation_id: str, number: int) -> list[dict[str, Any]]:
    async def look() -> list[dict[str, Any]] | None:
        found = [run for run in await product.runs(automation_id) if run["waiting"]]
        return found if len(found) == number else None

    runs = await eventually(look)
    assert runs is not None
    return runs


async def _set_up_draft(product: Product, tail: str) -> str:
    created = await product.create({"event": "opportunity.stage_changed"}, [], name=f"Unfinished{tail}", status="draft")
    actions = [
        {"id": "mail", "type": "send_email", "params": {"subject": f"About you{tail}"}, "next": "task"},
        {"id": "task", "type": "create_task", "params": {"title": f"Call{tail}"}, "next": None},
        {"id": "lost", "type": "notify_user", "params": {"message": "{{ nobody }}"}},
    ]
    document = {"name": f"Unfinished{tail}", "trigger": {"event": "opportunity.stage_changed"}, "actions": actions}
    await product.call("PUT", f"/automations/{created['id']}/draft", document)
    return str(created["id"])


async def _set_up_conditions(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    conditions = {
        "priority": ["critical", f"high{tail}"],
        "amount": {"gte": 10000},
        "due": {"within_next": "30d"},
        "any": [
            {"source": f"web{tail}"},
            {"source": {"exists": False}},
            {"not": {"any": [{"tags": {"contains": "new"}}, {"name": {"starts_with": "A", "ignore_case": True}}]}},
        ],
    }
    actions = [
        {"type": "assign_to_queue", "params": {"queue_id": f"tier-2{tail}"}},
        {"type": "send_email", "params": {"to": "kim@example.com", "subject": f"News{tail}", "body": "Hello"}},
    ]
    trigger = {"event": [event, "never.*"], "conditions": conditions}
    created = await product.create(trigger, actions, name=f"Choose well{tail}", status="draft")
    for number, priority in enumerate(["critical", "low", f"high{tail}"]):
        fields = {"subject": f"Cannot sign in{tail}", "tags": ["new", f"vip{tail}"], "amount": 8000 * number}
        await product.publish_case(event, priority=priority, **fields)

    async def look() -> bool:
        return len((await product.call("GET", f"/event-types/{event}/samples"))["items"]) == 3

    await eventually(look)
    return str(created["id"])


async def _set_up_skipped(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Hello{tail}"}}
    automation = await product.create({"event": event}, [tell], name=f"Was paused{tail}")
    path = f"/automations/{automation['id']}"
    await product.call("PATCH", path, {"status": "paused"})
    for _ in range(3):
        await product.publish_case(event, subject=f"Cannot sign in{tail}")

    async def look() -> bool:
        return len((await product.call("GET", f"{path}/skipped-starts"))["items"]) == 3

    await eventually(look)
    await product.call("PATCH", path, {"status": "active"})
    return str(automation["id"])


async def _set_up_loop(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    note = {"id": "note", "type": "set", "params": {"values": {"noted": True}}}
    automation = await product.create({"event": event}, [note], name=f"Starts itself{tail}")
    for number in range(12):
        record = {"id": f"C-77{tail}", "number": number}
        await product.publish({"type": event, "event_id": uuid.uuid4().hex, "record": record}, key="C-77")

    async def look() -> bool:
        found = await product.call("GET", f"/automations/{automation['id']}")
        return found["loop_guard"] is not None and found["loop_guard"]["count"] == 2

    await eventually(look)
    return str(automation["id"])


async def _set_up_graph(product: Product, tail: str) -> tuple[str, str]:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    tell = {"type": "send_notification", "params": {"channel": "slack", "message": f"Hello{tail}"}}
    ways = [
        {"name": f"Large{tail}", "when": {"amount": {"gte": 10000}}, "next": "approve"},
        {"when": {"region": f"EMEA{tail}"}, "next": "each"},
    ]
    inner = [
        {"id": "again", "type": "stop", "when": {"item": f"stop{tail}"}},
        {"id": "write", **tell, "params": {"channel": "slack", "message": f"Hello {{{{ item }}}}{tail}"}},
    ]
    actions = [
        {"id": "by_size", "type": "branch", "name": f"By size{tail}", "branches": ways, "otherwise": "join"},
        {
            "id": "approve",
            "type": "human_task",
            "params": {"title": f"Approve{tail}"},
            "timeout": "3d",
            "on_timeout": {"next": "late"},
            "next": ["join", "note"],
        },
        {"id": "late", **tell, "next": None},
        {"id": "each", "type": "for_each", "items": "record.contacts", "actions": inner, "next": "call"},
        {
            "id": "call",
            "type": "call_webhook",
            "params": {"url": "http://10.0.0.1/"},
            "retry": {"max_attempts": 2, "first_delay": 0},
            "on_error": {"next": ["note", "join"]},
            "next": "join",
        },
        {"id": "note", "type": "set", "params": {"values": {f"noted{tail.strip()[:20]}": True}}, "next": None},
        {"id": "join", **tell, "when": {"region": {"exists": True}}, "next": "wait"},
        {"id": "wait", "type": "delay", "params": {"for": "3d"}},
    ]
    automation = await product.create({"event": event}, actions, name=f"Approve by size{tail}")
    await product.publish_case(event, amount=10, region=f"EMEA{tail}", contacts=["ann", "bob"])
    run = await product.until_run(automation["id"], status="running")

    async def look() -> bool:
        found = await product.call("GET", f"/runs/{run['id']}")
        return {step["id"]: step["status"] for step in found["steps"]}.get("call") == "failed"

    await eventually(look)
    return str(automation["id"]), str(run["id"])


async def _set_up_failed_run(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    hook = {"type": "call_webhook", "params": {"url": f"http://10.0.0.1/{'x' * len(tail)}", "body": {"note": tail}}}
    automation = await product.create({"event": event}, [hook], name=f"Tell the partner{tail}")
    await product.publish_case(event, subject=f"Partner{tail}")
    return str((await product.until_run(automation["id"], status="failed"))["id"])


async def _set_up_tried_run(product: Product, tail: str) -> str:
    event = f"p{uuid.uuid4().hex[:8]}.created"
    hook = {
        "type": "call_webhook",
        "name": f"Tell nobody{tail}",
        "params": {"url": "http://nowhere.invalid/"},
        "retry": {"max_attempts": 3, "first_delay": 1},
    }
    wait = {"type": "delay", "params": {"for": "1s"}}
    automation = await product.create({"event": event}, [wait, hook], name=f"Try again{tail}")
    await product.publish_case(event, subject=f"Nobody{tail}")
    return str((await product.until_run(automation["id"], status="failed"))["id"])


async def _set_up_dry_run(product: Product, tail: str) -> tuple[str, str]:
    event = f"p{uuid.uuid4().hex[:8]}.updated"
    mail = {"type": "send_email", "params": {"to": "kim@example.com", "subject": f"News{tail}", "body": "Hello"}}
    trigger = {"event": event, "conditions": {"priority": "critical"}}
    name = f"Greet the customer{tail}"
    automation = await product.create(trigger, [mail], name=name)
    changed = {"name": name, "trigger": {**trigger, "conditions": {"priority": "high"}}, "actions": [mail, mail]}
    path = f"/automations/{automation['id']}"
    await product.call("PUT", path, {**changed, "status": "active", "environment": "sandbox"})
    await product.call("PUT", "/sandbox", {"active": True})
    try:
        await product.publish_case(event, priority="high")
        run = await product.until_run(automation["id"])
    finally:
        await product.call("PUT", "/sandbox", {"active": False})
    return str(automation["id"]), str(run["id"])


Way = Callable[[Page, Places], Awaitable[None]]


@dataclass(frozen=True)
class State:
    """One state of one page, and the way there."""

    name: str
    way: Way
    only_wide: bool = False
    """Whether it is there on a wide window only."""
    is_in_sandbox: bool = False


async def settle(page: Page) -> None:
    """Wait until the page has read what it shows."""
    await expect(page.get_by_role("heading").first).to_be_attached(timeout=SOON_MS)
    await expect(page.get_by_role("status", name=re.compile("loading$"))).to_have_count(0, timeout=SOON_MS)
    if page.viewport_size is not None and page.viewport_size["width"] > NARROW:
        if re.search(r"/automations/[-0-9a-f]{36}$", page.url):
            await expect(page.get_by_role("region", name="Canvas")).to_be_visible(timeout=SOON_MS)
        elif re.search(r"/runs/[-0-9a-f]{36}", page.url):
            await expect(page.get_by_role("region", name="What the run did")).to_be_visible(timeout=SOON_MS)
    await page.evaluate("document.fonts.ready")


def at(path: str) -> Way:
    """Return the way to an address, in which `{automation}` and the like are ids."""

    async def go(page: Page, places: Places) -> None:
        runs = {f"run_{what}": run for what, run in places.runs.items()}
        tasks = {f"task_{what}": task for what, task in places.tasks.items()}
        ids = {name: value for name, value in vars(places).items() if isinstance(value, str)}
        await page.goto(path.format(**ids, **runs, **tasks))
        await settle(page)

    return go


def then(path: str, *clicks: tuple[str, str]) -> Way:
    """Return the way to an address, and on by clicks on what has a role and a name that begins so."""

    async def go(page: Page, places: Places) -> None:
        await at(path)(page, places)
        for role, name in clicks:
            await page.get_by_role(role, name=re.compile(f"^{name}")).first.click()  # type: ignore[arg-type]
        await settle(page)

    return go


def without(path: str, pattern: str, answer: Any) -> Way:
    """Return the way to an address where the API has nothing yet."""

    async def go(page: Page, places: Places) -> None:
        async def fulfil(route: Route) -> None:
            await route.fulfill(status=200, content_type="application/json", body=json.dumps(answer))

        await page.route(pattern, fulfil)
        await at(path)(page, places)

    return go


async def type_search(page: Page, places: Places) -> None:
    """Open the command palette."""
    await at("/runs")(page, places)
    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()


async def press_for_keys(page: Page, places: Places) -> None:
    """Show the builder's keys."""
    await at("/automations/{automation}")(page, places)
    await page.get_by_role("button", name="Keys", exact=True).click()
    await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


async def open_recent_events(page: Page, places: Places) -> None:
    """Open the list of recent events below nested conditions, and the reason of one of them."""
    await then("/automations/{conditions}", ("button", "Trigger"))(page, places)
    await page.get_by_role("button", name=re.compile("^matches 0 of the last 3")).click()
    recent = page.get_by_role("region", name="Recent events")
    await recent.get_by_role("button", name=re.compile("^Does not match")).first.click()
    await expect(recent.get_by_role("list", name="Conditions, one by one")).to_be_visible(timeout=SOON_MS)


async def open_test(page: Page, places: Places) -> None:
    """Open the test of an automation, with the reason why its recent event starts nothing."""
    await at("/automations/{conditions}")(page, places)
    await page.get_by_role("toolbar", name="Building").get_by_role("button", name="Test").click()
    verdict = page.get_by_role("region", name="Would it start?")
    await expect(verdict.get_by_role("list", name="Conditions, one by one")).to_be_visible(timeout=SOON_MS)


async def run_dry(page: Page, places: Places) -> None:
    """Show a dry run of the test, with what one of its steps would have sent."""
    await open_test(page, places)
    await page.get_by_role("button", name="Run dry").click()
    dry = page.get_by_role("region", name="Dry run")
    await dry.get_by_role("button", name=re.compile("^Send email")).click(timeout=SOON_MS)
    await expect(dry.get_by_role("region", name="Request that would have been sent")).to_be_visible()


async def offer_fields(page: Page, places: Places) -> None:
    """Show the fields that are offered for a condition."""
    await then("/automations/{conditions}", ("button", "Trigger"))(page, places)
    await page.get_by_role("button", name="Add a condition", exact=True).click()
    await expect(page.get_by_role("option", name=re.compile("^priority"))).to_be_visible(timeout=SOON_MS)


async def offer_names(page: Page, places: Places) -> None:
    """Show the names that are offered for a text."""
    await then("/automations/{draft}", ("button", "Send email"))(page, places)
    subject = page.get_by_role("textbox", name="Subject")
    await subject.fill("")
    await subject.fill("About {{ record.id }}, {{ ev")
    await expect(page.get_by_role("option", name="event.type")).to_be_visible(timeout=SOON_MS)


async def select_runs(page: Page, places: Places) -> None:
    """Select all runs that are shown, and show what can be done with them."""
    await at("/automations/{automation}/runs")(page, places)
    for box in await page.get_by_role("checkbox", name=re.compile("^Select the run for")).all():
        await box.check()
    await expect(page.get_by_role("region", name="Selected runs")).to_be_visible()


async def ask_to_cancel(page: Page, places: Places) -> None:
    """Show what the cancellation of selected runs means."""
    await select_runs(page, places)
    await page.get_by_role("button", name=re.compile("^Cancel [0-9]")).click()
    await expect(page.get_by_role("dialog", name=re.compile("^Cancel"))).to_be_visible()


async def follow_act(page: Page, places: Places) -> None:
    """Show how far an act on runs is, and what failed."""
    await at("/runs?act={act}")(page, places)
    await expect(page.get_by_role("list", name="What failed")).to_be_visible(timeout=SOON_MS)


async def open_times(page: Page, places: Places) -> None:
    """Show the times of a run's steps and attempts as a table."""
    await at("/runs/{run_tried}")(page, places)
    await page.get_by_text("Times as a table").click()


async def edit_rerun(page: Page, places: Places) -> None:
    """Show the record that a rerun begins with."""
    await then("/runs/{run_completed}", ("button", "Rerun"))(page, places)
    await page.get_by_text("Change the record first").click()
    await expect(page.get_by_role("textbox", name="Record of the event, as JSON")).to_be_visible()


BUILDER = "/automations/{automation}"
GRAPH = "/automations/{graph}"
STATES = (
    State("automations", at("/automations")),
    State("automations-empty", without("/automations", "**/api/v1/automations?*", EMPTY)),
    State("automation-new", at("/automations?new=true")),
    State("event-test", then("/automations", ("button", "Publish a test event"))),
    State("search", type_search),
    State("builder", at(BUILDER)),
    State("builder-trigger", then(BUILDER, ("button", "Trigger"))),
    State("builder-conditions", then("/automations/{conditions}", ("button", "Trigger"))),
    State("builder-fields", offer_fields),
    State("builder-recent-events", open_recent_events),
    State("builder-test", open_test),
    State("builder-test-dry-run", run_dry),
    State("builder-names", offer_names),
    State("builder-action", then(BUILDER, ("button", "Human task"))),
    State("builder-add", then(BUILDER, ("button", "Add an action$"))),
    State("builder-problems", then("/automations/{draft}", ("button", "[0-9]+ problem"))),
    State("builder-problem-panel", then("/automations/{draft}", ("button", "Notify user"))),
    State("builder-graph", at(GRAPH)),
    State("builder-branch", then(GRAPH, ("button", "By size"))),
    State("builder-loop", then(GRAPH, ("button", "For each"))),
    State("builder-failure", then(GRAPH, ("button", "Human task"), ("tab", "On error"))),
    State("builder-attempts", then(GRAPH, ("button", "Call webhook"), ("tab", "On error"))),
    State("builder-keys", press_for_keys, only_wide=True),
    State("builder-more", then(BUILDER, ("button", "More"))),
    State("automation-pause", then(BUILDER, ("button", "Pause"))),
    State("automation-delete", then(BUILDER, ("button", "More"), ("menuitem", "Delete"))),
    State("automation-runs", at("/automations/{automation}/runs")),
    State("automation-runs-empty", at("/automations/{draft}/runs")),
    State("automation-skipped", at("/automations/{skipped}/skipped")),
    State("automation-skipped-start", then("/automations/{skipped}/skipped", ("button", "Start all"))),
    State("automation-skipped-empty", at("/automations/{draft}/skipped")),
    State("automation-loop-guard", at("/automations/{looping}/skipped?reason=loop_guard")),
    State("automation-runs-selected", select_runs),
    State("automation-runs-cancel", ask_to_cancel),
    State("runs-act", follow_act),
    State("automation-versions", at("/automations/{changed}/versions")),
    State("runs", at("/runs")),
    State("runs-nothing-fits", at("/runs?status=cancelled")),
    State("run-waiting", at("/runs/{run_waiting}")),
    State("run-completed", at("/runs/{run_completed}")),
    State("run-failed", at("/runs/{run_failed}")),
    State("run-graph", at("/runs/{run_graph}")),
    State("run-cancel", then("/runs/{run_graph}", ("button", "Cancel the run"))),
    State("run-attempts", at("/runs/{run_tried}")),
    State("run-times", open_times),
    State("run-rerun-edited", edit_rerun),
    State("run-rerun", then("/runs/{run_completed}", ("button", "Rerun"))),
    State("run-dry", at("/runs/{run_dry}")),
    State("run-event", then("/runs/{run_completed}", ("button", "Show the event"))),
    State("tasks", at("/tasks")),
    State("tasks-empty", without("/tasks", "**/api/v1/tasks?*", EMPTY)),
    State("task-open", at("/tasks/{task_open}")),
    State("task-refused", then("/tasks/{task_open}", ("button", "Complete"))),
    State("task-completed", at("/tasks/{task_completed}")),
    State("sandbox-off", at("/sandbox")),
    State("sandbox-on", at("/sandbox"), is_in_sandbox=True),
    State("sandbox-empty", without("/sandbox", "**/api/v1/sandbox", {"active": False, "automations": []})),
    State("sandbox-promote", then("/sandbox", ("button", "Promote"))),
    State("sandbox-builder", at("/automations/{changed}"), is_in_sandbox=True),
    State("settings", at("/settings")),
    State("not-found", at("/nowhere")),
    State("automation-not-found", at("/automations/nowhere")),
    State("user-menu", then("/settings", ("button", "Who you are"))),
)


async def walk(
    page: Page, places: Places, product: Product, look: Callable[[State], Awaitable[None]], *, is_wide: bool
) -> None:
    """Go to each state in turn and look; the states of the active sandbox come together in the end."""
    states = sorted(STATES, key=lambda state: state.is_in_sandbox)
    async with AsyncExitStack() as stack:
        is_active = False
        for state in states:
            if state.only_wide and not is_wide:
                continue
            if state.is_in_sandbox and not is_active:
                is_active = True
                await product.call("PUT", "/sandbox", {"active": True})
                stack.push_async_callback(product.call, "PUT", "/sandbox", {"active": False})
            await page.unroute_all()
            await state.way(page, places)
            await look(state)
