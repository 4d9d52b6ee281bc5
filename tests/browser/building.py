"""What a person does with the mouse to build an automation, as steps that several tests take."""

import re
import uuid

from playwright.async_api import Locator, Page, expect

SOON_MS = 90_000
"""How long something may take that passes through Kafka, or is saved; in milliseconds."""


def event_of_its_own() -> str:
    """Return a type of event that no other test listens to."""
    return f"b{uuid.uuid4().hex[:8]}.created"


def node(page: Page, title: str) -> Locator:
    """Return the trigger or action of that title on the canvas."""
    return page.get_by_role("region", name="Canvas").get_by_role("button", name=re.compile(f"^{title}"))


def problems(page: Page, count: int) -> Locator:
    """Return the button that tells how many problems the document has."""
    words = "1 problem" if count == 1 else f"{count} problems"
    return page.get_by_role("toolbar", name="Building").get_by_role("button", name=words, exact=True)


def saved(page: Page) -> Locator:
    """Return the words that say that the draft is saved."""
    return page.get_by_role("status").filter(has_text=re.compile("^Saved"))


async def start_automation(page: Page, name: str, description: str, event: str) -> None:
    """Create an automation by the dialog; its builder is open afterwards."""
    await page.goto("/automations")
    await page.get_by_role("button", name="New automation").click()
    dialog = page.get_by_role("dialog", name="New automation")
    await dialog.get_by_role("textbox", name="Name").fill(name)
    await dialog.get_by_role("textbox", name="Description").fill(description)
    await dialog.get_by_role("combobox", name="What starts it").fill(event)
    await dialog.get_by_role("button", name="Create and build").click()
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    await expect(dialog).to_be_hidden()


async def add_action(page: Page, after: str, words: str) -> None:
    """Add the action that the words find, by the plus after another one; its panel is open afterwards."""
    await page.get_by_role("button", name=f"Add an action after {after}").click()
    await page.get_by_role("combobox", name="Add an action").fill(words)
    await expect(page.get_by_role("option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog", name="Add an action")).to_be_hidden()


async def drag(page: Page, source: Locator, by: tuple[float, float]) -> None:
    """Drag something with the mouse, by so many pixels to the right and down."""
    # Hovering waits until it stands still.
    await source.hover()
    box = await source.bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + by[0] / 2, y + by[1] / 2, steps=4)
    await page.mouse.move(x + by[0], y + by[1], steps=4)
    await page.mouse.up()


async def draw_edge(page: Page, source: Locator, target: Locator) -> None:
    """Draw an edge from the foot of one action to the head of another, with the mouse."""
    for each in (target, source):
        await each.hover()
    start, end = await source.bounding_box(), await target.bounding_box()
    assert start is not None
    assert end is not None
    await page.mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"])
    await page.mouse.down()
    await page.mouse.move(end["x"] + end["width"] / 2, end["y"] - 12, steps=6)
    await page.mouse.move(end["x"] + end["width"] / 2, end["y"], steps=3)
    await page.mouse.up()
