"""Everything can be done by keyboard alone, and it is always seen where the keys go."""

import re
import uuid
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.building import SOON_MS, event_of_its_own, node, problems
from tests.browser.states import settle
from tests.support.product import Product


class Keys:
    """A keyboard, and whether what has the focus shows it."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.unseen: list[str] = []

    async def press(self, *keys: str) -> None:
        """Press one key after the other."""
        for key in keys:
            await self._page.keyboard.press(key)

    async def write(self, text: str) -> None:
        """Type a text into what has the focus."""
        await self._page.keyboard.type(text)

    async def choose(self, option: str) -> None:
        """Open the list that has the focus, go down to an option until it is the marked one, and take it."""
        await self.press("Enter")
        wanted = self._page.get_by_role("option", name=option, exact=True)
        await expect(wanted).to_be_visible()
        for _ in range(await self._page.get_by_role("option").count() + 1):
            if await wanted.get_attribute("data-combobox-selected"):
                break
            await self.press("ArrowDown")
        await self.press("Enter")
        await expect(wanted).to_be_hidden()

    async def go_to(self, role: str, name: str, *, within: int = 60) -> None:
        """Press Tab until what has the role and a name that begins so has the focus; note what did not show it."""
        wanted = self._page.get_by_role(role, name=re.compile(f"^{re.escape(name)}"))  # type: ignore[arg-type]
        for _ in range(within):
            if await wanted.evaluate_all("(all) => all.includes(document.activeElement)"):
                return
            await self.press("Tab")
            await self.look()
        raise AssertionError(f"Tab did not reach the {role} “{name}”")

    async def look(self) -> str:
        """Note what had the focus before and did not show it; return what has it now."""
        seen = await self._page.evaluate(_LOOK_AT_FOCUS)
        if seen["unseen"]:
            self.unseen.append(seen["unseen"])
        return str(seen["now"])


_LOOK_AT_FOCUS = """() => {
  const SHOWING = ['outlineStyle', 'outlineWidth', 'outlineColor', 'boxShadow', 'borderTopColor', 'backgroundColor'];
  const looks = (elements) => elements.map((each) => SHOWING.map((name) => getComputedStyle(each)[name]).join(' '));
  const nameOf = (element) =>
    `${element.tagName} ${element.ariaLabel || element.innerText || element.name || element.className}`;
  let unseen = null;
  const before = window.focusBefore;
  if (before && before.elements[0].isConnected && before.elements[0] !== document.activeElement) {
    const after = looks(before.elements);
    if (after.every((look, index) => look === before.looks[index])) unseen = nameOf(before.elements[0]);
  }
  const now = document.activeElement;
  window.focusBefore = null;
  if (now && now !== document.body) {
    const box = now.getBoundingClientRect();
    const isOutside = box.bottom < 0 || box.top > innerHeight || box.right < 0 || box.left > innerWidth;
    if (isOutside) unseen = `${nameOf(now)} lies outside of the window`;
    // What is drawn for an element may be its neighbour: the track of a switch, the frame of a field.
    const elements = [now, now.nextElementSibling, now.parentElement, now.parentElement?.parentElement].filter(Boolean);
    window.focusBefore = { elements, looks: looks(elements) };
  }
  return { unseen, now: now ? nameOf(now) : '' };
}"""


@pytest.fixture
async def keys(page: Page) -> AsyncIterator[Keys]:
    """The keyboard of the page; the focus must have been seen wherever Tab led."""
    keyboard = Keys(page)
    yield keyboard
    assert keyboard.unseen == []


async def test_automation_is_built_run_and_completed_by_keyboard_alone(
    page: Page, keys: Keys, product: Product
) -> None:
    """Created, triggered, filled in, moved, cut, connected, removed, undone, set active, run opened, task completed."""
    name, event = f"By keyboard {uuid.uuid4().hex[:6]}", event_of_its_own()
    await create(page, keys, name, event)
    await set_condition(page, keys)
    await add_two_actions(page, keys)
    await rearrange(page, keys)

    await keys.press("Escape", "Escape")
    await keys.go_to("button", "Set active")
    await keys.press("Enter")
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Set active")).to_be_focused()
    await keys.press("Enter")
    await expect(dialog).to_be_hidden(timeout=SOON_MS)
    listed = (await product.call("GET", "/automations?limit=500"))["items"]
    [made] = [automation for automation in listed if automation["name"] == name]
    assert made["status"] == "active"
    assert [action["type"] for action in made["actions"]] == ["human_task", "send_notification"]

    case = await product.publish_case(event, priority="critical")
    await product.until_waiting(made["id"])
    await open_run(page, keys, case)
    await keys.go_to("link", "Open the task")
    await keys.press("Enter")
    await complete_task(page, keys, case)
    await product.until_run(made["id"])


async def create(page: Page, keys: Keys, name: str, event: str) -> None:
    """Create an automation by the command palette."""
    await page.goto("/runs")
    await settle(page)
    await keys.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    await keys.write("new auto")
    await keys.press("Enter")
    await expect(page.get_by_role("dialog").get_by_role("textbox", name="Name")).to_be_focused()
    await keys.write(name)
    await keys.press("Tab")
    await keys.write("Without a mouse.")
    await keys.press("Tab")
    await keys.write(event)
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    await expect(page.get_by_role("dialog")).to_be_hidden()


async def set_condition(page: Page, keys: Keys) -> None:
    """Go to the trigger and let it start at critical priority alone."""
    await expect(node(page, "Trigger")).to_be_visible()
    await keys.press("ArrowUp")
    await expect(node(page, "Trigger")).to_be_focused()
    await keys.press("Enter")
    await expect(page.get_by_role("combobox", name="Event")).to_be_focused()
    await keys.go_to("button", "Add a condition")
    await keys.press("Enter")
    await expect(page.get_by_role("combobox", name="Condition 1: field")).to_be_focused()
    await keys.write("priority")
    await keys.go_to("combobox", "Condition 1: value")
    await keys.write("critical")
    await keys.press("Escape")
    await expect(node(page, "Trigger")).to_be_focused()
    await expect(node(page, "Trigger")).to_contain_text("priority is critical")


async def add_two_actions(page: Page, keys: Keys) -> None:
    """Add a notification and a human task with the slash, and fill them in."""
    await add(page, keys, "send notif", "Send notification")
    await keys.press("Enter")
    await expect(page.get_by_role("textbox", name="Channel")).to_be_focused()
    await keys.write("slack")
    await keys.press("Tab")
    await keys.write("Hello {{ record.id }}")
    await keys.press("Escape")
    await expect(node(page, "Send notification")).to_be_focused()

    await add(page, keys, "human", "Human task")
    await keys.press("Enter")
    await expect(page.get_by_role("textbox", name="Title")).to_be_focused()
    await keys.press("Control+a")
    await keys.write("Check {{ record.id }}")
    await keys.press("Escape")
    await expect(node(page, "Human task")).to_be_focused()


async def rearrange(page: Page, keys: Keys) -> None:
    """Move the task before the notification, cut and connect them, remove the task and bring it back."""
    await keys.press("Alt+ArrowUp")
    await expect(page.get_by_role("combobox", name="Leads to")).to_have_value("Send notification")
    await keys.press("x")
    await expect(problems(page, 1)).to_be_visible()
    await keys.press("c")
    await expect(page.get_by_role("combobox", name="Connect to")).to_be_focused()
    await keys.press("Enter")
    await expect(problems(page, 1)).to_be_hidden()
    await keys.press("Delete")
    await expect(node(page, "Human task")).to_have_count(0)
    await keys.press("Control+z")
    await expect(node(page, "Human task")).to_be_visible()


async def add(page: Page, keys: Keys, words: str, title: str) -> None:
    """Add an action with the slash key; its node has the focus afterwards."""
    await keys.press("/")
    await expect(page.get_by_role("combobox", name="Add an action")).to_be_focused()
    await keys.write(words)
    await keys.press("Enter")
    await expect(node(page, title)).to_be_focused()


async def open_run(page: Page, keys: Keys, case: str) -> None:
    """Go to the runs of the automation, and open the one of the case."""
    await keys.go_to("link", "Runs")
    tabs = page.get_by_role("navigation", name="Of this automation")
    while not await tabs.get_by_role("link", name="Runs").evaluate("(link) => link === document.activeElement"):
        await keys.press("Tab")
        await keys.go_to("link", "Runs")
    await keys.press("Enter")
    row = page.get_by_role("row").filter(has_text=case)
    await expect(row).to_contain_text("Waiting", timeout=SOON_MS)
    await keys.go_to("link", "Waiting")
    await keys.press("Enter")
    await expect(page.get_by_role("article", name="Run")).to_contain_text(case)


async def complete_task(page: Page, keys: Keys, case: str) -> None:
    """Answer the open task, and send it with Ctrl Enter."""
    await expect(page.get_by_role("heading", name=f"Check {case}")).to_be_visible()
    await keys.go_to("radio", "Yes")
    await keys.press("Space")
    await expect(page.get_by_role("radio", name="Yes")).to_be_checked()
    await keys.go_to("textbox", "Notes")
    await keys.write("Looks good")
    await keys.press("Control+Enter")
    await expect(page.get_by_text("Completed. The run goes on.")).to_be_visible(timeout=SOON_MS)


async def test_conditions_are_nested_and_moved_and_tried_by_keyboard_alone(
    page: Page, keys: Keys, product: Product
) -> None:
    """A group is added and filled in, a row moved into it and out again, and the whole run dry, without the mouse."""
    queue = {"type": "assign_to_queue", "params": {"queue_id": "tier-2"}}
    created = await product.create({"event": event_of_its_own()}, [queue], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await settle(page)
    await set_condition(page, keys)
    await keys.press("Enter")
    await expect(page.get_by_role("combobox", name="Event")).to_be_focused()
    await keys.go_to("button", "Add a group")
    await keys.press("Enter")
    await expect(page.get_by_role("combobox", name="Condition 2.1: field")).to_be_focused()
    await keys.write("source")
    await keys.go_to("combobox", "Condition 2.1: operator")
    await keys.choose("is not")
    await keys.go_to("combobox", "Condition 2.1: value")
    await keys.write("web")
    said = page.get_by_role("complementary", name="Set up")
    await expect(said).to_contain_text("priority is critical and any of (source is not web)")
    await page.keyboard.press("Shift+Tab")
    await keys.press("Alt+ArrowUp")
    await expect(page.get_by_role("button", name="Condition 2: move up")).to_be_focused()
    await expect(said).to_contain_text("priority is critical and source is not web")
    await keys.press("Alt+ArrowDown")
    await expect(page.get_by_role("button", name="Condition 2.1: move down")).to_be_focused()

    await keys.press("Escape", "t")
    await expect(page.get_by_role("combobox", name="Event")).to_be_focused()
    await keys.go_to("button", "Run dry")
    await keys.press("Enter")
    await expect(node(page, "Assign to queue")).to_contain_text("Completed", timeout=SOON_MS)
    await keys.go_to("button", "Assign to queue")
    await keys.press("Enter")
    await expect(page.get_by_role("region", name="Request that would have been sent")).to_be_visible()
    await keys.press("Escape")
    await expect(node(page, "Assign to queue")).not_to_contain_text("Completed")


async def test_tasks_are_gone_through_by_letters(page: Page, keys: Keys, product: Product) -> None:
    """J opens the next task and K the one before; Enter on a task in the list opens it."""
    event = event_of_its_own()
    task = {"type": "human_task", "params": {"title": "Look at {{ record.id }}"}}
    created = await product.create({"event": event}, [task])
    cases = [await product.publish_case(event), await product.publish_case(event)]
    for run in await product.until_runs(created["id"], 2, status="running"):
        assert run["record"]["id"] in cases
    await page.goto("/tasks")
    links = page.get_by_role("region", name="Open tasks").get_by_role("link")
    await expect(links.filter(has_text="Look at")).to_have_count(2)
    titles = [text.splitlines()[0] for text in await links.all_inner_texts()]
    opened = page.get_by_role("region", name="Task", exact=True).get_by_role("heading", level=2)
    await keys.press("j")
    await expect(opened).to_have_text(titles[0])
    await keys.press("j")
    await expect(opened).to_have_text(titles[1])
    await keys.press("k")
    await expect(opened).to_have_text(titles[0])
    await keys.go_to("link", titles[1])
    await keys.press("Enter")
    await expect(opened).to_have_text(titles[1])


async def test_sandbox_is_switched_by_keyboard(page: Page, keys: Keys, product: Product) -> None:
    """The palette leads to the sandbox; Space on its switch and Enter in the dialog switch it on, and off again."""
    await page.goto("/automations")
    await settle(page)
    await keys.press("Control+k")
    await expect(page.get_by_role("combobox", name="Search and commands")).to_be_focused()
    await keys.write("dry test")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1, name="Sandbox")).to_be_visible()
    bar = page.get_by_role("region", name="Sandbox", exact=True)
    try:
        await keys.go_to("switch", "Sandbox active")
        await keys.press("Space")
        await expect(page.get_by_role("dialog").get_by_role("button", name="Switch on")).to_be_focused()
        await keys.press("Enter")
        await expect(bar).to_contain_text("is active", timeout=SOON_MS)
        await keys.go_to("button", "Leave")
        await keys.press("Enter")
        await expect(page.get_by_role("dialog").get_by_role("button", name="Leave the sandbox")).to_be_focused()
        await keys.press("Enter")
        await expect(bar).to_be_hidden(timeout=SOON_MS)
    finally:
        await product.call("PUT", "/sandbox", {"active": False})


@pytest.mark.parametrize("path", ["/automations", "/runs", "/tasks", "/sandbox", "/settings", "/automations/{id}"])
async def test_focus_is_seen_wherever_tab_leads(page: Page, keys: Keys, product: Product, path: str) -> None:
    """From the top of each page to its end, whatever has the focus looks different from when it has not."""
    action = {"type": "notify_user", "params": {"user": "kim", "message": "m"}}
    created = await product.create({"event": event_of_its_own()}, [action], status="draft")
    await page.goto(path.format(id=created["id"]))
    await settle(page)
    visited = []
    for _ in range(30):
        await keys.press("Tab")
        now = await keys.look()
        if now in ("", "BODY"):
            break
        visited.append(now)
    assert len(set(visited)) > 5


async def test_arrows_keep_the_selected_node_in_sight(page: Page, product: Product) -> None:
    """Down a sequence that is longer than the window, the canvas follows the selection."""
    actions = [
        {"type": "send_notification", "name": f"Step {number}", "params": {"channel": "slack", "message": "x"}}
        for number in range(1, 16)
    ]
    created = await product.create({"event": event_of_its_own()}, actions, status="draft")
    await page.goto(f"/automations/{created['id']}")
    await node(page, "Trigger").focus()
    last = node(page, "Step 15 ")
    await expect(last).not_to_be_in_viewport()
    for _ in actions:
        await page.keyboard.press("ArrowDown")
    await expect(last).to_be_focused()
    await expect(last).to_be_in_viewport(ratio=0.99)
