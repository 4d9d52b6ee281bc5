"""Graphs are built on the canvas, by the mouse and by keys alone, and each run shows the way it went."""

import re
import uuid
from typing import Any

from playwright.async_api import Locator, Page, expect

from tests.browser.building import SOON_MS, event_of_its_own, node, problems, start_automation
from tests.browser.states import settle
from tests.support.eventually import eventually
from tests.support.product import Product


def titled(name: str) -> dict[str, Any]:
    """Return an action of that name."""
    return {"type": "send_notification", "name": name, "params": {"channel": "slack", "message": name}}


async def port_of(page: Page, title: str, port: str) -> Locator:
    """Return a way out of the action of that title."""
    own = await node(page, title).get_attribute("data-node")
    return page.locator(f'.react-flow__node[data-id="{own}"] .react-flow__handle[data-handleid="{port}"]')


async def draw(page: Page, source: Locator, target: Locator) -> None:
    """Draw an edge with the mouse, from a way out to the head of an action."""
    await target.hover()
    end = await target.bounding_box()
    await source.hover()
    start = await source.bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.down()
    await page.mouse.move(end["x"] + end["width"] / 2, end["y"] - 12, steps=6)
    await page.mouse.move(end["x"] + end["width"] / 2, end["y"], steps=3)
    await page.mouse.up()


async def add(page: Page, button: str, words: str) -> None:
    """Add an action by a plus, the one that the words find."""
    await page.get_by_role("button", name=button, exact=True).click()
    await page.get_by_role("combobox", name="Add an action").fill(words)
    await expect(page.get_by_role("option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Add an action")).to_be_hidden()


async def name_step(page: Page, name: str) -> None:
    await page.get_by_role("textbox", name="Name of this step").fill(name)


async def test_branch_with_a_join_is_drawn_published_and_run_both_ways(page: Page, product: Product) -> None:
    """Two ways, each with its action, meet again: an event goes each way, and its run shows which one it was."""
    name, event = f"Two ways {uuid.uuid4().hex[:6]}", event_of_its_own()
    await start_automation(page, name, "By size.", event)
    await add(page, "Add an action after the trigger", "branch")
    await page.get_by_role("textbox", name="Way 1: name").fill("Large")
    await page.get_by_role("button", name="Add a condition", exact=True).first.click()
    await page.get_by_role("combobox", name="Condition 1: field").fill("size")
    await page.get_by_role("combobox", name="Condition 1: value").fill("large")
    await expect(node(page, "Branch")).to_contain_text("Go on by Large or otherwise")
    await add(page, "Add an action after Branch: Large", "set values")
    await page.get_by_role("textbox", name="Values").fill('{"way": "large"}')
    await name_step(page, "Big one")
    await add(page, "Add an action after Branch: otherwise", "set values")
    await page.get_by_role("textbox", name="Values").fill('{"way": "small"}')
    await name_step(page, "Small one")
    await add(page, "Add an action after Big one", "set values")
    await page.get_by_role("textbox", name="Values").fill('{"done": true}')
    await name_step(page, "Both")
    await draw(page, await port_of(page, "Small one", "next"), node(page, "Both"))
    await expect(page.get_by_role("button", name="Disconnect Small one and Both")).to_be_attached()

    await draw(page, await port_of(page, "Both", "next"), node(page, "Branch"))
    await expect(page.get_by_text("would lead back to where it comes from")).to_be_visible()

    await page.get_by_role("button", name="Set active").click()
    dialog = page.get_by_role("dialog", name=re.compile("active", re.IGNORECASE))
    await dialog.get_by_role("button", name="Set active").click()
    await expect(dialog).to_be_hidden(timeout=SOON_MS)
    [made] = [one for one in (await product.call("GET", "/automations?limit=500"))["items"] if one["name"] == name]
    for size, taken, left in (("large", "Big one", "Small one"), ("small", "Small one", "Big one")):
        case = await product.publish_case(event, size=size)

        async def look(case: str = case) -> str | None:
            runs = await product.runs(made["id"])
            done = [run["id"] for run in runs if run["status"] == "completed" and run["record"]["id"] == case]
            return done[0] if done else None

        await page.goto(f"/runs/{await eventually(look)}")
        graph = page.get_by_role("region", name="What the run did")
        for title, light in ((taken, "Completed"), (left, "Not reached"), ("Both", "Completed")):
            step = graph.get_by_role("button", name=re.compile(f"^{title}"))
            await expect(step).to_contain_text(light, timeout=SOON_MS)


async def test_branch_and_join_are_built_by_keys_alone(page: Page, product: Product) -> None:
    """Connected, cut, refused where it would go in a circle, and undone, without the mouse."""
    actions = [
        {
            "id": "way",
            "type": "branch",
            "name": "Way",
            "branches": [{"name": "Large", "when": {"size": "large"}, "next": "one"}],
            "otherwise": "two",
        },
        {"id": "one", **titled("One"), "next": None},
        {"id": "two", **titled("Two"), "next": None},
    ]
    created = await product.create({"event": event_of_its_own()}, actions, status="draft")
    await page.goto(f"/automations/{created['id']}")
    await settle(page)
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowDown")
    await expect(node(page, "Way")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await expect(node(page, "One")).to_be_focused()
    await page.keyboard.press("ArrowRight")
    await expect(node(page, "Two")).to_be_focused()
    await page.keyboard.press("/")
    await page.keyboard.type("notify")
    await page.keyboard.press("Enter")
    await expect(node(page, "Notify user")).to_be_focused()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("ArrowLeft")
    await expect(node(page, "One")).to_be_focused()
    await page.keyboard.press("c")
    await expect(page.get_by_role("combobox", name="Connect to")).to_be_focused()
    await page.keyboard.type("notify")
    await page.keyboard.press("Enter")
    joined = page.get_by_role("button", name="Disconnect One and Notify user")
    await expect(joined).to_be_attached()
    await expect(node(page, "One")).to_be_focused()
    await page.keyboard.press("x")
    await expect(joined).not_to_be_attached()
    await page.keyboard.press("Control+z")
    await expect(joined).to_be_attached()
    await page.keyboard.press("c")
    await page.keyboard.type("way")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("would lead back to where it comes from")).to_be_visible()
    await expect(problems(page, 2)).to_be_visible()


async def test_loop_is_filled_in_and_failure_led_away_in_the_panel(page: Page, product: Product) -> None:
    """A loop's list is edited beside its fields; what a failure leads to is drawn, and kept as it was published."""
    actions = [
        {"id": "each", "type": "for_each", "items": "record.contacts", "actions": [{"id": "a", **titled("Inner")}]},
        {"id": "last", **titled("Last")},
    ]
    created = await product.create({"event": event_of_its_own()}, actions, status="draft")
    await page.goto(f"/automations/{created['id']}")
    await node(page, "For each").click()
    panel = page.get_by_role("complementary")
    await add(page, "Add an action after Inner", "delay")
    await panel.get_by_role("textbox", name="For").fill("3d")
    await panel.get_by_role("button", name="For each").click()
    await expect(panel.get_by_role("list", name="Actions for each item")).to_contain_text("Wait 3 days")
    await expect(node(page, "For each")).to_contain_text("For each of contacts: 2 actions")

    await page.get_by_role("tab", name="On error & retry").click()
    await panel.get_by_role("combobox", name="If it fails").click()
    await page.get_by_role("option", name="It leads to …").click()
    await expect(page.get_by_role("button", name="Disconnect For each and Last")).to_have_count(2)

    async def look() -> dict[str, Any] | None:
        answer = await product.client.get(f"/api/v1/automations/{created['id']}/draft")
        actions = answer.json()["actions"] if answer.is_success else []
        return actions[0] if actions and "on_error" in actions[0] else None

    stored = await eventually(look)
    assert stored is not None
    assert stored["on_error"] == {"next": "last"}
    assert stored["next"] == "last"
    assert [action["type"] for action in stored["actions"]] == ["send_notification", "delay"]
