"""What people do to runs in the browser: cancel, run again, act on many, start what a pause skipped, see attempts."""

import json
import re
import uuid
from itertools import pairwise
from typing import Any

from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.building import SOON_MS, event_of_its_own
from tests.browser.conftest import Complaints
from tests.browser.states import settle
from tests.support.counting_server import CountingServer, Received
from tests.support.eventually import eventually
from tests.support.product import Product

MOST_LOADS = 2
"""The first reload, and one that the router tries by itself for a part that was fetched ahead."""
TASK: dict[str, Any] = {"id": "ask", "type": "human_task", "params": {"title": "Approve", "groups": ["support_leads"]}}


def note(step: str, text: str) -> dict[str, Any]:
    """Return an action that keeps a text."""
    return {"id": step, "type": "set", "name": step.capitalize(), "params": {"values": {step: text}}}


async def publish(product: Product, event: str, number: int, **fields: Any) -> list[str]:
    return [await product.publish_case(event, **fields) for _ in range(number)]


async def waiting_runs(product: Product, automation: str, number: int) -> list[dict[str, Any]]:
    """Return the automation's runs once so many of them wait."""

    async def look() -> list[dict[str, Any]] | None:
        found = [run for run in await product.runs(automation) if run["waiting"]]
        return found if len(found) == number else None

    runs = await eventually(look)
    assert runs is not None
    return runs


def dialog(page: Page, name: str) -> Locator:
    return page.get_by_role("dialog", name=name)


async def tick(page: Page, name: str | re.Pattern[str]) -> None:
    await page.get_by_role("checkbox", name=name).check()


async def test_run_is_cancelled_after_the_dialog_said_what_that_means(page: Page, product: Product) -> None:
    """To let it run changes nothing; to cancel ends the run, and takes its task out of the inbox."""
    event = event_of_its_own()
    automation = await product.create({"event": event}, [TASK, note("after", "x")], name="Cancelled one")
    await publish(product, event, 1)
    [run] = await waiting_runs(product, automation["id"], 1)
    await page.goto(f"/runs/{run['id']}")
    cancel = page.get_by_role("button", name="Cancel the run", exact=True)
    await cancel.click()
    asked = dialog(page, "Cancel the run")
    await expect(asked).to_contain_text("Open tasks and waits of this run are withdrawn")
    await asked.get_by_role("button", name="Let it run").click()
    await expect(asked).to_be_hidden()
    assert (await product.call("GET", f"/runs/{run['id']}"))["status"] == "running"
    await cancel.click()
    await asked.get_by_role("button", name="Cancel the run").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Cancelled", timeout=SOON_MS)
    await expect(cancel).to_have_count(0)
    await expect(page.get_by_role("button", name="Rerun", exact=True)).to_be_visible()
    assert (await product.call("GET", f"/tasks/{run['waiting']['task_id']}"))["status"] == "withdrawn"


async def test_run_is_run_again_from_its_start_with_another_record(page: Page, product: Product) -> None:
    """What is no object is refused where it was typed; the new run has what was typed, and says what it repeats."""
    event = event_of_its_own()
    actions = [note("first", "{{ record.region }}"), note("second", "y")]
    automation = await product.create({"event": event}, actions, name="Again from the start")
    await publish(product, event, 1, region="EMEA")
    run = await product.until_run(automation["id"])
    await page.goto(f"/runs/{run['id']}")
    await page.get_by_role("button", name="Rerun", exact=True).click()
    asked = dialog(page, "Rerun")
    await asked.get_by_text("Change the record first").click()
    record = asked.get_by_role("textbox", name="Record of the event, as JSON")
    standing = json.loads(await record.input_value())
    assert standing["region"] == "EMEA"
    await record.fill("[1]")
    await asked.get_by_role("button", name="Rerun").click()
    await expect(asked).to_contain_text("It must be an object")
    await record.fill(json.dumps({**standing, "region": "APAC"}))
    await asked.get_by_role("button", name="Rerun").click()
    await expect(page.get_by_role("link", name="run again from an earlier one")).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Completed 2 steps", timeout=SOON_MS)
    await page.get_by_role("button", name=re.compile("^First")).first.click()
    await expect(page.get_by_role("region", name="Output")).to_contain_text("APAC")
    assert run["id"] not in page.url
    assert len(await product.runs(automation["id"])) == 2


async def test_run_is_run_again_from_a_step_without_what_came_before(page: Page, product: Product) -> None:
    """The steps before it keep their results; it and those after it are performed with the record as it was edited."""
    event = event_of_its_own()
    actions = [note("first", "{{ record.region }}"), note("second", "{{ record.region }}")]
    automation = await product.create({"event": event}, actions, name="Again from a step")
    await publish(product, event, 1, region="EMEA")
    run = await product.until_run(automation["id"])
    await page.goto(f"/runs/{run['id']}?step=second")
    await page.get_by_role("button", name="Rerun from here").click()
    asked = dialog(page, "Rerun from here")
    await expect(asked).to_contain_text("A new run begins at Second")
    await asked.get_by_text("Change the record first").click()
    record = asked.get_by_role("textbox", name="Record of the event, as JSON")
    await record.fill((await record.input_value()).replace("EMEA", "APAC"))
    await asked.get_by_role("button", name="Rerun from here").click()
    await expect(page.get_by_role("link", name="run again from an earlier one")).to_be_visible(timeout=SOON_MS)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Completed", timeout=SOON_MS)
    output = page.get_by_role("region", name="Output", exact=True)
    for step, region in (("First", "EMEA"), ("Second", "APAC")):
        await page.get_by_role("button", name=re.compile(f"^{step}")).first.click()
        await expect(output).to_contain_text(region)


async def test_selected_runs_are_cancelled_with_their_true_count(page: Page, product: Product) -> None:
    """The dialog counts those that can be cancelled; the progress stands in the address, and a reload shows it."""
    event = event_of_its_own()
    automation = await product.create({"event": event}, [TASK], name="Many to cancel")
    await publish(product, event, 4)
    runs = await waiting_runs(product, automation["id"], 4)
    await product.call("POST", f"/runs/{runs[3]['id']}/cancel", {}, expect=200)
    await page.goto(f"/automations/{automation['id']}/runs")
    for run in (runs[0], runs[1], runs[3]):
        await tick(page, re.compile(f"^Select the run for .*{run['record']['id']}"))
    chosen = page.get_by_role("region", name="Selected runs")
    await expect(chosen).to_contain_text("3 runs selected")
    await chosen.get_by_role("button", name="Cancel 2").click()
    asked = dialog(page, "Cancel 2 runs")
    await expect(asked).to_contain_text("The other one that is selected has ended, and stays so.")
    await asked.get_by_role("button", name="Cancel 2 runs").click()
    progress = page.get_by_role("region", name="Progress")
    await expect(progress).to_contain_text("2 runs cancelled", timeout=SOON_MS)
    await expect(chosen).to_have_count(0)
    await page.reload()
    await expect(progress).to_contain_text("2 runs cancelled", timeout=SOON_MS)
    await progress.get_by_role("button", name="Close").click()
    await expect(progress).to_have_count(0)
    assert "act=" not in page.url
    left = {run["id"] for run in await product.runs(automation["id"], status="running")}
    assert left == {runs[2]["id"]}


async def test_all_that_match_are_run_again_and_what_failed_is_told(page: Page, product: Product) -> None:
    """More than one page of runs: all that match are counted and run again; of a paused automation none, with why."""
    event = event_of_its_own()
    automation = await product.create({"event": event}, [note("only", "x")], name="Many again")
    await publish(product, event, 53)
    await product.until_runs(automation["id"], 53)
    await page.goto(f"/automations/{automation['id']}/runs?status=completed")
    await tick(page, "Select all runs that are shown")
    chosen = page.get_by_role("region", name="Selected runs")
    await expect(chosen).to_contain_text("50 runs selected")
    await chosen.get_by_role("button", name="Select all 53 runs that match").click()
    await expect(chosen).to_contain_text("All 53 runs that match are selected")
    await expect(chosen.get_by_role("button", name="Cancel 0")).to_be_disabled()
    await chosen.get_by_role("button", name="Rerun 53").click()
    await dialog(page, "Rerun 53 runs").get_by_role("button", name="Rerun 53 runs").click()
    progress = page.get_by_role("region", name="Progress")
    await expect(progress).to_contain_text("53 runs begun again", timeout=SOON_MS)
    await product.until_runs(automation["id"], 106)

    await product.call("PATCH", f"/automations/{automation['id']}", {"status": "paused"})
    await page.get_by_role("checkbox", name=re.compile("^Select the run for")).first.check()
    await chosen.get_by_role("button", name="Rerun 1").click()
    await dialog(page, "Rerun 1 run").get_by_role("button", name="Rerun 1 run").click()
    await expect(progress).to_contain_text("0 of 1 run begun again, 1 failed", timeout=SOON_MS)
    failed = progress.get_by_role("list", name="What failed")
    await expect(failed).to_contain_text("The automation is paused; make it active first.")
    await expect(failed.get_by_role("link", name=re.compile("^Run "))).to_be_visible()


async def test_selection_is_made_and_left_by_keys_alone(page: Page, product: Product) -> None:
    """Space selects a run, and the dialog opens and closes without the mouse, with nothing done."""
    event = event_of_its_own()
    automation = await product.create({"event": event}, [TASK], name="By keys")
    await publish(product, event, 2)
    await waiting_runs(product, automation["id"], 2)
    await page.goto(f"/automations/{automation['id']}/runs")
    await page.get_by_role("checkbox", name="Select all runs that are shown").focus()
    await page.keyboard.press("Space")
    chosen = page.get_by_role("region", name="Selected runs")
    await expect(chosen).to_contain_text("2 runs selected")
    await chosen.get_by_role("button", name="Cancel 2").focus()
    await page.keyboard.press("Enter")
    await expect(dialog(page, "Cancel 2 runs")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog(page, "Cancel 2 runs")).to_be_hidden()
    await chosen.get_by_role("button", name="Clear").focus()
    await page.keyboard.press("Enter")
    await expect(chosen).to_have_count(0)
    assert len(await product.runs(automation["id"], status="running")) == 2


async def test_runs_of_one_record_are_a_filter_in_the_address(page: Page, product: Product) -> None:
    event = event_of_its_own()
    automation = await product.create({"event": event}, [note("only", "x")], name="By record")
    cases = await publish(product, event, 2)
    await product.until_runs(automation["id"], 2)
    await page.goto(f"/automations/{automation['id']}/runs")
    rows = page.get_by_role("checkbox", name=re.compile("^Select the run for"))
    await expect(rows).to_have_count(2)
    await page.get_by_role("link", name=re.compile(f"{cases[0]}$")).click()
    await expect(rows).to_have_count(1)
    assert cases[0] in page.url
    await page.get_by_role("button", name=re.compile("show all records again$")).click()
    await expect(rows).to_have_count(2)


async def skip_some(product: Product, number: int) -> tuple[str, list[str]]:
    """Return an active automation of which a pause skipped so many starts, and the records of these."""
    event = event_of_its_own()
    automation = await product.create({"event": event}, [note("only", "x")], name=f"Was paused {uuid.uuid4().hex[:6]}")
    path = f"/automations/{automation['id']}"
    await product.call("PATCH", path, {"status": "paused"})
    cases = await publish(product, event, number)

    async def look() -> bool:
        return len((await product.call("GET", f"{path}/skipped-starts"))["items"]) == number

    await eventually(look)
    await product.call("PATCH", path, {"status": "active"})
    return str(automation["id"]), cases


async def test_skipped_starts_are_started_now_some_and_then_all(page: Page, product: Product) -> None:
    """The list says why; the dialog names the count; each becomes a run, and says which."""
    automation, cases = await skip_some(product, 4)
    await page.goto(f"/automations/{automation}/runs")
    await page.get_by_role("link", name="4 starts were skipped").click()
    await expect(page.get_by_role("cell", name="The automation was paused.")).to_have_count(4)
    start = page.get_by_role("region", name="Start what was skipped")
    await expect(start).to_contain_text("4 starts skipped by a pause can be started")
    await tick(page, re.compile(f"^Select the start for .*{cases[1]}"))
    await start.get_by_role("button", name="Start 1 now").click()
    await dialog(page, "Start 1 run now").get_by_role("button", name="Start 1 run").click()
    progress = page.get_by_role("region", name="Progress")
    await expect(progress).to_contain_text("1 run started", timeout=SOON_MS)
    await expect(start).to_contain_text("3 starts skipped by a pause can be started")
    [run] = await product.until_runs(automation, 1)
    assert run["record"]["id"] == cases[1]
    await start.get_by_role("button", name="Start all 3 now").click()
    await dialog(page, "Start 3 runs now").get_by_role("button", name="Start 3 runs").click()
    await expect(progress).to_contain_text("3 runs started", timeout=SOON_MS)
    await expect(start).to_have_count(0)
    await expect(page.get_by_role("link", name="Started later")).to_have_count(4)
    await product.until_runs(automation, 4)
    await page.get_by_role("link", name="Started later").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Completed", timeout=SOON_MS)


async def test_skipped_starts_are_filtered_by_reason_and_refusals_are_shown(
    page: Page, product: Product, complaints: Complaints
) -> None:
    """A reason without starts says so; what the server refuses is said, and nothing is lost."""
    automation, _ = await skip_some(product, 2)
    await page.goto(f"/automations/{automation}/skipped")
    reasons = page.get_by_role("group", name="Show by reason")
    await reasons.get_by_text("Paused 2").click()
    await expect(page.get_by_role("checkbox", name=re.compile("^Select the start for"))).to_have_count(2)
    assert page.url.endswith("?reason=paused")
    await page.goto(f"/automations/{automation}/skipped?reason=late")
    await expect(page.get_by_role("heading", name="No start was skipped for this reason")).to_be_visible()
    await page.goto(f"/automations/{automation}/skipped")
    await settle(page)
    complaints.expect_failures()
    await product.call("PATCH", f"/automations/{automation}", {"status": "paused"})
    await page.get_by_role("button", name="Start all 2 now").click()
    await dialog(page, "Start 2 runs now").get_by_role("button", name="Start 2 runs").click()
    await expect(page.get_by_role("alert")).to_contain_text("make it active first", timeout=SOON_MS)
    counts = await product.call("GET", f"/automations/{automation}/skipped-starts/counts")
    assert counts["items"] == [{"reason": "paused", "number": 2, "startable": 2}]


async def test_time_line_tells_each_attempt_and_why_it_failed(
    page: Page, product: Product, witness: CountingServer
) -> None:
    """A call that fails twice and then succeeds has three attempts with pauses between; the table says it in words."""
    event, path = event_of_its_own(), f"/{uuid.uuid4().hex}"
    calls: list[Received] = []

    def answer(request: Received) -> tuple[int, Any]:
        if request.path != path:
            return 200, {"ok": True}
        calls.append(request)
        return (503, {"error": "busy"}) if len(calls) < 3 else (200, {"ok": True})

    witness.answer = answer
    retry = {"max_attempts": 3, "first_delay": 1}
    call = {"id": "call", "type": "call_webhook", "params": {"url": f"{witness.url}{path}"}, "retry": retry}
    automation = await product.create({"event": event}, [call, TASK], name="Tries again")
    await publish(product, event, 1)
    [run] = await waiting_runs(product, automation["id"], 1)
    await page.goto(f"/runs/{run['id']}")
    steps = page.get_by_role("list", name="Steps, in time")
    await expect(steps.get_by_role("button", name=re.compile("^Call webhook"))).to_contain_text("3 attempts")
    await page.get_by_text("Times as a table").click()
    table = page.get_by_role("table").last
    for what in ("Attempt 1 of 3", "Attempt 2 of 3"):
        await expect(table.get_by_role("row").filter(has_text=what)).to_contain_text("503")
    await expect(table.get_by_role("row").filter(has_text="Attempt 3 of 3")).to_contain_text("Completed")
    await expect(table.get_by_role("row").filter(has_text="Pause before attempt")).to_have_count(2)
    await expect(table.get_by_role("row").filter(has_text="Waiting for support leads")).to_contain_text("so far")
    shown = await product.call("GET", f"/runs/{run['id']}")
    made = next(step for step in shown["steps"] if step["id"] == "call")["attempts_made"]
    assert [each["status"] for each in made] == ["failed", "failed", "completed"]
    for before, after in pairwise(made):
        assert before["started_at"] <= before["ended_at"] <= before["next_at"] <= after["started_at"]


async def test_run_that_waits_for_its_turn_says_so_and_leads_to_the_runs_before_it(
    page: Page, product: Product, witness: CountingServer
) -> None:
    """Runs for one record take turns: the second one says what it waits for, and goes on by itself."""
    event, path, case = event_of_its_own(), f"/{uuid.uuid4().hex}", f"case-{uuid.uuid4().hex[:10]}"
    call = {"id": "call", "type": "call_webhook", "params": {"url": f"{witness.url}{path}"}}
    automation = await product.create({"event": event}, [call], name="One after the other")
    with witness.holding(path):
        for number in range(2):
            record = {"id": case, "number": number}
            await product.publish({"type": event, "event_id": uuid.uuid4().hex, "record": record}, key=case)

        async def look() -> str | None:
            runs = await product.runs(automation["id"])
            queued = [run["id"] for run in runs if run["waiting"] and run["waiting"]["for"] == "turn"]
            return queued[0] if len(runs) == 2 and queued else None

        await page.goto(f"/runs/{await eventually(look)}")
        heading = page.get_by_role("heading", level=1)
        await expect(heading).to_contain_text("Waiting for its turn: an earlier run for", timeout=SOON_MS)
        line = page.get_by_role("list", name="Steps, in time")
        await expect(line.get_by_role("button", name=re.compile("^Its turn"))).to_be_visible()
        await page.get_by_role("link", name=re.compile(f"^See the runs for .*{case}")).click()
        await expect(page.get_by_role("checkbox", name=re.compile("^Select the run for"))).to_have_count(2)
        await page.go_back()
        await expect(heading).to_contain_text("Waiting for its turn")
    await expect(heading).to_contain_text("Completed", timeout=SOON_MS)


async def test_loop_guard_is_told_on_the_page_and_in_the_list_until_it_is_dismissed(
    page: Page, product: Product
) -> None:
    """More starts for one record than a minute may have: the banner says so, lists them, and goes when it is read."""
    event, name = event_of_its_own(), f"Starts itself {uuid.uuid4().hex[:6]}"
    automation = await product.create({"event": event}, [note("only", "x")], name=name)
    for number in range(11):
        record = {"id": "C-1", "number": number}
        await product.publish({"type": event, "event_id": uuid.uuid4().hex, "record": record}, key="C-1")

    async def look() -> bool:
        return (await product.call("GET", f"/automations/{automation['id']}"))["loop_guard"] is not None

    await eventually(look)
    await page.goto("/automations")
    row = page.get_by_role("row").filter(has_text=name)
    await row.get_by_role("link", name=re.compile("^The loop guard refused 1 start")).click()
    banner = page.get_by_role("region", name="Loop guard")
    await expect(banner).to_contain_text("The loop guard refused 1 start")
    await expect(page.get_by_role("row").filter(has_text="Loop guard")).to_have_count(1)
    await expect(page.get_by_role("checkbox", name=re.compile("^Select the start"))).to_have_count(0)
    await banner.get_by_role("button", name="Dismiss").click()
    await expect(banner).to_have_count(0)
    assert (await product.call("GET", f"/automations/{automation['id']}"))["loop_guard"] is None
    await page.goto("/automations")
    await expect(row).to_be_visible()
    await expect(row).not_to_contain_text("loop guard")


async def test_page_whose_part_is_gone_loads_itself_anew_once(context: BrowserContext) -> None:
    """A part that a new release took away is fetched anew with the page; one that stays away leads to no circle."""
    page = await context.new_page()
    await page.goto("/automations")
    await settle(page)
    loads: list[str] = []
    page.on("domcontentloaded", lambda loaded: loads.append(loaded.url))

    async def refuse_until_reloaded(route: Route) -> None:
        await (route.continue_() if loads else route.abort("failed"))

    async def refuse(route: Route) -> None:
        await route.abort("failed")

    await page.route(re.compile(r"/assets/TasksPage-"), refuse_until_reloaded)
    await page.route(re.compile(r"/assets/SettingsPage-"), refuse)
    # By the keyboard nothing is fetched ahead.
    await page.get_by_role("link", name="Tasks").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Tasks")).to_be_attached()
    assert len(loads) == 1
    await page.get_by_role("link", name="Settings").click()
    await expect(page.get_by_role("alert").filter(has_text="The page could not be shown")).to_be_visible()
    assert len(loads) <= MOST_LOADS
    await page.unroute(re.compile(r"/assets/SettingsPage-"))
    await page.get_by_role("button", name="Load the page again").click()
    await expect(page.get_by_role("heading", level=1, name="Settings")).to_be_visible()
