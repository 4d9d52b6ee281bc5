"""The guide for the browser does what it says: each numbered sentence is carried out as it stands."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Literal

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.building import SOON_MS
from tests.support.eventually import eventually
from tests.support.guide import GUIDES, read_steps
from tests.support.product import Product

NAME = "Escalate critical cases"
PARTS = {"Below the title": "Of this automation", "On the left": "Main"}
"""Where a sentence says to look, as that part of the page is called for who cannot see it."""
CHOOSE = re.compile(r"(?:(?P<part>.+) c|C)hoose \*\*(?P<name>.+)\*\*\.?")
OPEN = re.compile(r"Open http://127\.0\.0\.1:8080(?P<path>/\S*)\.")
SEE = re.compile(r"See `(?P<text>.+)`\.?")
WRITE = re.compile(r"In \*\*(?P<field>.+)\*\* write `(?P<text>.+)`\.?")


@pytest.fixture
async def guide(product: Product) -> AsyncIterator[list[str]]:
    """The sentences of the guide; what they build is archived in the end, however far they led."""
    yield read_steps((GUIDES / "in-the-browser.md").read_text(encoding="utf-8"))
    for automation in (await product.call("GET", "/automations"))["items"]:
        if automation["name"] == NAME:
            await product.call("PATCH", f"/automations/{automation['id']}", {"status": "archived"})


async def test_guide_is_followed_to_its_end(page: Page, guide: list[str], product: Product) -> None:
    """Built, set active, run by an event, its task completed, and paused: as the sentences say."""
    assert len(guide) > 30
    for sentence in guide:
        await follow(page, sentence)
    [made] = [each for each in (await product.call("GET", "/automations"))["items"] if each["name"] == NAME]
    assert made["status"] == "paused"
    assert made["trigger"] == {"event": "case.created", "conditions": {"priority": "critical"}}
    [run] = await product.runs(made["id"])
    assert [(step["type"], step["status"]) for step in run["steps"]] == [
        ("assign_to_queue", "completed"),
        ("human_task", "completed"),
    ]
    assert run["steps"][1]["output"] == {"approved": True, "notes": "Looks good"}


async def follow(page: Page, sentence: str) -> None:
    """Do what a sentence says, with what is in front: the dialog, if one is open."""
    if said := OPEN.fullmatch(sentence):
        await page.goto(said["path"])
    elif said := SEE.fullmatch(sentence):
        whole_words = re.compile(rf"(?<!\w){re.escape(said['text'])}")
        await expect(page.get_by_text(whole_words).locator("visible=true").first).to_be_visible(timeout=SOON_MS)
    elif said := WRITE.fullmatch(sentence):
        field = await in_front(page, lambda front: fields(front, said["field"]))
        await field.fill(said["text"])
    elif said := CHOOSE.fullmatch(sentence):
        choice = await in_front(page, lambda front: choices(front, said["name"], said["part"]))
        await choice.click()
    else:
        pytest.fail(f"nobody knows how to follow: {sentence}")


async def in_front(page: Page, find: Callable[[Locator], list[Locator]]) -> Locator:
    """Return the first thing that is found where a person looks: in the dialog, as long as there is one.

    It is found once; but a dialog has two buttons to close it, and the one in its foot is meant.
    """

    async def look() -> Locator | None:
        dialog = page.get_by_role("dialog")
        has_dialog = await dialog.count() > 0
        for found in find(dialog if has_dialog else page.locator("body")):
            count = await found.count()
            if count == 1 or (count and has_dialog):
                return found.last
        return None

    found = await eventually(look)
    assert found is not None
    return found


def fields(front: Locator, name: str) -> list[Locator]:
    """Return how a field of that name may be found."""
    return [front.get_by_role("textbox", name=name, exact=True), front.get_by_role("combobox", name=name, exact=True)]


def choices(front: Locator, name: str, part: str | None) -> list[Locator]:
    """Return how something to choose may be found by its name: that alone, else with more words after it."""
    if part:
        front = front.get_by_role("navigation", name=PARTS[part])
    roles: tuple[Literal["button", "link", "option", "radio"], ...] = ("button", "link", "option", "radio")
    names = [re.compile(rf"^{re.escape(name)}{end}") for end in ("$", r"(?!\w)")]
    return [front.get_by_role(role, name=each) for each in names for role in roles]
