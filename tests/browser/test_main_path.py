"""A newcomer builds an automation in the browser, sees it run, and completes its task."""

import uuid

from playwright.async_api import Locator, Page, expect

from tests.browser.building import (
    SOON_MS,
    add_action,
    drag,
    draw_edge,
    event_of_its_own,
    node,
    problems,
    start_automation,
)
from tests.support.counting_server import CountingServer
from tests.support.eventually import eventually
from tests.support.product import Product


async def test_automation_is_built_activated_run_and_completed(
    page: Page, product: Product, witness: CountingServer
) -> None:
    """Name, trigger, condition, two actions arranged and connected, active; an event on Kafka; its run seen live."""
    name = f"Escalation {uuid.uuid4().hex[:6]}"
    event = event_of_its_own()
    await build_escalation(page, name, event)
    await arrange_and_connect(page)

    await page.get_by_role("button", name="Set active").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("priority is critical")
    await dialog.get_by_role("button", name="Set active").click()
    await expect(dialog).to_be_hidden(timeout=SOON_MS)
    await expect(page.get_by_role("banner").or_(page.get_by_role("main")).get_by_text("Active").first).to_be_visible()

    await page.get_by_role("navigation", name="Of this automation").get_by_role("link", name="Runs").click()
    await expect(page.get_by_role("heading", name="Runs will stand here")).to_be_visible()
    await expect(page.get_by_text("Updates by itself")).to_be_visible()
    ignored = await product.publish_case(event, priority="low")
    case = await product.publish_case(event, priority="critical")
    row = page.get_by_role("row").filter(has_text=case)
    await expect(row).to_contain_text("Waiting", timeout=SOON_MS)
    await expect(page.get_by_role("row").filter(has_text=ignored)).to_have_count(0)

    await row.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Waiting")
    await page.get_by_role("link", name="Open the task").click()
    await expect(page.get_by_role("heading", name=f"Check {case}")).to_be_visible()
    await page.get_by_role("radio", name="Yes").check()
    await page.get_by_role("textbox", name="Notes").fill("Looks good")
    await page.get_by_role("button", name="Complete").click()
    await expect(page.get_by_text("Completed. The run goes on.")).to_be_visible(timeout=SOON_MS)

    await page.get_by_role("navigation", name="Main").get_by_role("link", name="Runs").click()
    done = page.get_by_role("row").filter(has_text=case)
    await expect(done).to_contain_text("Completed", timeout=SOON_MS)
    await done.get_by_role("link").first.click()
    steps = page.get_by_role("list", name="Steps, in time").get_by_role("listitem")
    await expect(steps).to_have_count(2)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Completed")
    assert [request.body for request in witness.received if case in str(request.body)] == [{"text": f"Checked {case}"}]


async def build_escalation(page: Page, name: str, event: str) -> None:
    """Fill in the trigger, a human task and a notification."""
    await start_automation(page, name, "Somebody looks at each critical case.", event)
    await node(page, "Trigger").click()
    await expect(page.get_by_role("combobox", name="Event")).to_have_value(event)
    await page.get_by_role("button", name="Add a condition").click()
    await page.get_by_role("combobox", name="Condition 1: field").fill("priority")
    await page.get_by_role("combobox", name="Condition 1: value").fill("critical")
    await add_action(page, "the trigger", "human")
    await page.get_by_role("textbox", name="Title").fill("Check {{ record.id }}")
    await add_action(page, "Human task", "send notification")
    await page.get_by_role("combobox", name="Channel").or_(page.get_by_role("textbox", name="Channel")).fill("slack")
    await page.get_by_role("textbox", name="Message").fill("Checked {{ record.id }}")


async def top_of(source: Locator) -> float:
    """Return how far below the window's top something stands, in pixels."""
    box = await source.bounding_box()
    assert box is not None
    return box["y"]


async def arrange_and_connect(page: Page) -> None:
    """Cut the edge between the actions, drag one aside, and draw the edge again."""
    await node(page, "Human task").click()
    await page.keyboard.press("x")
    await expect(problems(page, 1)).to_be_visible()
    before = await top_of(node(page, "Send notification"))
    await drag(page, node(page, "Send notification"), (-60, 140))

    async def was_moved() -> bool:
        return await top_of(node(page, "Send notification")) > before + 100

    await eventually(was_moved)
    await draw_edge(page, node(page, "Human task"), node(page, "Send notification"))
    await expect(problems(page, 1)).to_be_hidden()
    await expect(page.get_by_role("button", name="Disconnect Human task and Send notification")).to_be_attached()
