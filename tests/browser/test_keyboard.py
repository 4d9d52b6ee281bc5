"""Everything that the builder does can be done by keyboard alone."""

import re
import uuid

from playwright.async_api import Page, expect

from tests.support.product import Product


async def test_automation_is_built_by_keyboard_alone(page: Page, product: Product) -> None:
    """Name, trigger, two actions filled in, moved, cut, connected, removed, undone and set active, without a mouse."""
    press, write = page.keyboard.press, page.keyboard.type
    name = f"By keyboard {uuid.uuid4().hex[:6]}"
    event = f"k{uuid.uuid4().hex[:8]}.created"
    await page.goto("/automations")
    await expect(page.get_by_role("heading", name="Automations")).to_be_visible()
    await press("Control+k")
    await expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    await write("new auto")
    await press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("textbox", name="Name")).to_be_focused()
    await write(name)
    await press("Tab")
    await press("Tab")
    await write(event)
    await press("Enter")
    await expect(page.get_by_role("heading", name=name)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_hidden()

    await add(page, "send notif", "Send notification")
    await press("Enter")
    await expect(page.get_by_role("textbox", name="Channel")).to_be_focused()
    await write("slack")
    await press("Tab")
    await write("Hello {{ record.id }}")
    await press("Escape")
    await expect(page.get_by_role("button", name=re.compile("^Send notification"))).to_be_focused()

    await add(page, "create task", "Create task")
    await press("Enter")
    await expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    await write("Call them")
    await press("Escape")
    await press("Alt+ArrowUp")
    await expect(page.get_by_role("combobox", name="Leads to")).to_have_value("Send notification")
    await press("x")
    await expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_visible()
    await press("c")
    await expect(page.get_by_role("combobox", name="Connect to")).to_be_focused()
    await press("Enter")
    await expect(page.get_by_role("button", name="1 problem", exact=True)).to_be_hidden()
    await press("Delete")
    await expect(page.get_by_role("button", name=re.compile("^Create task"))).to_have_count(0)
    await press("Control+z")
    await expect(page.get_by_role("button", name=re.compile("^Create task"))).to_be_visible()

    await page.get_by_role("button", name="Set active").focus()
    await press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Set active")).to_be_focused()
    await press("Enter")
    await expect(dialog).to_be_hidden(timeout=15_000)
    listed = (await product.call("GET", "/automations"))["items"]
    [made] = [automation for automation in listed if automation["name"] == name]
    assert made["status"] == "active"
    assert [action["type"] for action in made["actions"]] == ["create_task", "send_notification"]


async def add(page: Page, words: str, title: str) -> None:
    """Add an action with the slash key; its node has the focus afterwards."""
    await page.keyboard.press("/")
    await expect(page.get_by_role("combobox", name="Add an action")).to_be_focused()
    await page.keyboard.type(words)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("button", name=re.compile(f"^{title}"))).to_be_focused()
