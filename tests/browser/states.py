"""Every state in which a page can be looked at: what lies behind it, and the way there.

The tests that look at all pages (for everybody's use, for fit, for pictures) walk through these.
"""

import json
import re
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from playwright.async_api import Page, Route, expect

from tests.browser.building import SOON_MS
from tests.browser.places import Places
from tests.support.product import Product

NARROW = 860
"""Up to this width, in pixels, there is a list instead of a canvas."""
EMPTY = {"items": [], "next_cursor": None}

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
