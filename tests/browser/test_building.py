"""A newcomer builds an automation in the browser, and sees it run."""

import json
import re
import uuid

from playwright.async_api import Page, expect

from tests.support.product import Product

SOON = 15_000


async def start_automation(page: Page, name: str, event: str) -> None:
    """Create an automation by the dialog; its builder is open afterwards."""
    await page.goto("/automations")
    await page.get_by_role("button", name="New automation").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="Name").fill(name)
    await dialog.get_by_role("textbox", name="Description").fill("Built by hand.")
    await dialog.get_by_role("combobox", name="What starts it").fill(event)
    await dialog.get_by_role("combobox", name="What starts it").press("Enter")
    await expect(page.get_by_role("heading", name=name)).to_be_visible()


async def add_action(page: Page, after: str, words: str) -> None:
    """Add an action by the plus after another one."""
    await page.get_by_role("button", name=f"Add an action after {after}").click()
    await page.get_by_role("combobox", name="Add an action").fill(words)
    await page.keyboard.press("Enter")


async def connect(page: Page, source: str, target: str) -> None:
    """Draw an edge by the panel of the source."""
    await page.get_by_role("button", name=re.compile(f"^{source}")).first.click()
    await page.get_by_role("combobox", name="Leads to").click()
    await page.get_by_role("option", name=target).click()


async def test_automation_is_built_activated_run_and_completed(page: Page, product: Product) -> None:
    """Name, trigger, condition, two actions, active; an event on Kafka; the run seen live; its task completed."""
    name = f"Escalation {uuid.uuid4().hex[:6]}"
    event = f"b{uuid.uuid4().hex[:8]}.created"
    await start_automation(page, name, event)
    await page.get_by_role("button", name=re.compile("^Trigger")).click()
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_role("combobox", name="Condition 1: field").fill("priority")
    await page.get_by_role("textbox", name="Condition 1: value").fill("critical")
    await add_action(page, "the trigger", "queue")
    await page.get_by_role("textbox", name="Queue id").fill("tier-2")
    await add_action(page, "Assign to queue", "human")
    await page.get_by_role("textbox", name="Title").fill("Check {{ record.id }}")

    await page.get_by_role("button", name=re.compile("^Assign to queue")).click()
    await page.keyboard.press("x")
    await expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_visible()
    await connect(page, "Assign to queue", "Human task")
    await expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_hidden()

    await page.get_by_role("button", name="Set active").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("priority is critical")
    await dialog.get_by_role("button", name="Set active").click()
    await expect(dialog).to_be_hidden(timeout=SOON)

    await page.get_by_role("navigation", name="Of this automation").get_by_role("link", name="Runs").click()
    await expect(page.get_by_role("heading", name="Runs will stand here")).to_be_visible()
    case = await product.publish_case(event, priority="critical")
    row = page.get_by_role("row").filter(has_text=case)
    await expect(row).to_contain_text("Waiting", timeout=SOON)
    await row.get_by_role("link").click()
    await page.get_by_role("link", name="Open the task").click()
    await expect(page.get_by_role("heading", name=f"Check {case}")).to_be_visible()
    await page.get_by_role("radio", name="Yes").check()
    await page.get_by_role("textbox", name="Notes").fill("Looks good")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_text("Completed. The run goes on.")).to_be_visible(timeout=SOON)
    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Runs").click()
    await expect(page.get_by_role("row").filter(has_text=case)).to_contain_text("Completed", timeout=SOON)


async def test_reload_in_the_middle_of_an_edit_loses_nothing(page: Page, product: Product) -> None:
    """What was typed an instant before the page was reloaded stands there again, and reaches the draft."""
    event = f"b{uuid.uuid4().hex[:8]}.created"
    action = {"type": "send_notification", "params": {"channel": "slack", "message": "before"}}
    created = await product.create({"event": event}, [action], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await page.get_by_role("button", name=re.compile("^Send notification")).click()
    await page.get_by_role("textbox", name="Message").fill("typed just now")
    await page.reload()
    await page.get_by_role("button", name=re.compile("^Send notification")).click()
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("typed just now")


async def test_builder_saves_back_what_the_api_wrote(page: Page, product: Product) -> None:
    """An edit that is undone leaves the document as it was written, with the fields that the builder does not know."""
    document = {
        "name": "Written elsewhere",
        "x-owner": {"team": ["a", "b"]},
        "trigger": {"event": "case.created", "conditions": {"record.all": 1, "priority": "high"}},
        "actions": [{"id": "tell", "type": "notify_user", "params": {"user": "kim", "message": "x", "more": [1]}}],
    }
    created = await product.call("POST", "/automations", {**document, "status": "draft"}, expect=201)
    await page.goto(f"/automations/{created['id']}")
    await page.get_by_role("textbox", name="Name").fill("Another name")
    await expect(page.get_by_role("status").filter(has_text="Saved")).to_be_visible(timeout=SOON)
    await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", name="Written elsewhere")).to_be_visible()
    await page.get_by_role("textbox", name="Name").fill("Third name")
    await expect(page.get_by_role("status").filter(has_text="Saved just now")).to_be_visible(timeout=SOON)

    async with page.expect_response(lambda answer: answer.request.method == "PUT") as saved:
        await page.get_by_role("button", name="Undo").click()
    sent = json.loads((await saved.value).request.post_data or "{}")
    assert sent == document


async def test_problems_are_shown_at_their_node_and_hold_publishing_back(page: Page, product: Product) -> None:
    """An action without what it needs says so at its node; setting it active lists what to mend."""
    created = await product.create({"event": "case.created"}, [], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await add_action(page, "the trigger", "send email")
    await expect(page.get_by_role("button", name=re.compile("^Send email.*2 problems"))).to_be_visible()
    await page.get_by_role("button", name="Set active").click()
    await expect(page.get_by_role("list", name="Problems").get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def test_arrows_keep_the_selected_node_in_sight(page: Page, product: Product) -> None:
    """Down a sequence that is longer than the window, the canvas follows the selection."""
    actions = [
        {"type": "send_notification", "name": f"Step {number}", "params": {"channel": "slack", "message": "x"}}
        for number in range(1, 16)
    ]
    created = await product.create({"event": "case.created"}, actions, status="draft")
    await page.goto(f"/automations/{created['id']}")
    await page.get_by_role("button", name=re.compile("^Trigger")).focus()
    await expect(page.get_by_role("button", name=re.compile("^Step 15 "))).not_to_be_in_viewport()
    for _ in actions:
        await page.keyboard.press("ArrowDown")
    last = page.get_by_role("button", name=re.compile("^Step 15 "))
    await expect(last).to_be_focused()
    await expect(last).to_be_in_viewport(ratio=1)
