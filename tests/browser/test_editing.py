"""What is built is never lost, and what is wrong with it is said where it is wrong."""

import json
import re
import uuid
from typing import Any

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.building import SOON_MS, add_action, event_of_its_own, node, problems, saved
from tests.browser.conftest import Complaints
from tests.support.eventually import eventually
from tests.support.product import Product


def notification(message: str) -> dict[str, Any]:
    return {"type": "send_notification", "params": {"channel": "slack", "message": message}}


@pytest.fixture
async def draft(product: Product) -> dict[str, Any]:
    """A draft with one notification."""
    return await product.create({"event": event_of_its_own()}, [notification("before")], status="draft")


async def open_message(page: Page, automation: dict[str, Any]) -> None:
    """Open the automation, with the panel of its notification."""
    await page.goto(f"/automations/{automation['id']}")
    await node(page, "Send notification").click()


async def until_stored(product: Product, automation: dict[str, Any], message: str) -> None:
    """Return when the server holds a draft with the message."""

    async def look() -> bool:
        answer = await product.client.get(f"/api/v1/automations/{automation['id']}/draft")
        assert answer.is_success, answer.text
        return bool(answer.json()["actions"][0]["params"]["message"] == message)

    await eventually(look)


async def test_draft_is_saved_by_itself(page: Page, product: Product, draft: dict[str, Any]) -> None:
    """A pause in typing is enough for the server to have it, and the page says so."""
    await open_message(page, draft)
    await page.get_by_role("textbox", name="Message").fill("after")
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)
    await until_stored(product, draft, "after")


async def test_reload_in_the_middle_of_an_edit_loses_nothing(
    page: Page, product: Product, complaints: Complaints, draft: dict[str, Any]
) -> None:
    """What was typed an instant before the page was reloaded stands there again, and reaches the draft."""
    # What the page sent as it left may arrive after the new one has read; that one is told so by 412, and goes on.
    complaints.expect_failures()
    await open_message(page, draft)
    await page.get_by_role("textbox", name="Message").fill("typed just now")
    await page.reload()
    await node(page, "Send notification").click()
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("typed just now")
    await until_stored(product, draft, "typed just now")


async def test_undo_and_redo_by_keys_go_back_and_forth(page: Page, draft: dict[str, Any]) -> None:
    """Ctrl Z takes back an added action, then the text before it; Ctrl Y and Ctrl Shift Z do them again."""
    await open_message(page, draft)
    message = page.get_by_role("textbox", name="Message")
    await message.fill("after")
    await add_action(page, "Send notification", "create task")
    await expect(node(page, "Create task")).to_be_visible()
    await page.keyboard.press("Control+z")
    await expect(node(page, "Create task")).to_have_count(0)
    await page.keyboard.press("Control+z")
    await node(page, "Send notification").click()
    await expect(message).to_have_value("before")
    await expect(page.get_by_role("button", name="Undo")).to_be_disabled()
    await page.keyboard.press("Control+y")
    await expect(message).to_have_value("after")
    await page.keyboard.press("Control+Shift+z")
    await expect(node(page, "Create task")).to_be_visible()
    await expect(page.get_by_role("button", name="Redo")).to_be_disabled()


async def test_problems_are_shown_at_their_node_and_hold_publishing_back(page: Page, product: Product) -> None:
    """An action without what it needs says so at its node; setting it active lists what to mend, and leads there."""
    created = await product.create({"event": event_of_its_own()}, [], status="draft")
    await page.goto(f"/automations/{created['id']}")
    await add_action(page, "the trigger", "send email")
    await expect(page.get_by_role("button", name=re.compile("^Send email.*2 problems"))).to_be_visible()
    await page.get_by_role("button", name="Set active").click()
    await expect(page.get_by_role("list", name="Problems").get_by_role("listitem")).to_have_count(2)
    await expect(page.get_by_role("dialog")).to_be_hidden()
    await page.get_by_role("list", name="Problems").get_by_role("button").first.click()
    await expect(page.get_by_role("textbox", name="To")).to_be_focused()


async def test_servers_words_stand_at_the_node_that_they_are_about(
    page: Page, product: Product, draft: dict[str, Any]
) -> None:
    """A template that the server cannot read is named at its field, in the words that the API answers."""
    await open_message(page, draft)
    await page.get_by_role("textbox", name="Message").fill("Hello {{ nobody.name }}")
    await expect(node(page, "Send notification")).to_contain_text("1 problem", timeout=SOON_MS)

    async def problems_of_the_draft() -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (await product.call("GET", f"/automations/{draft['id']}/draft"))["problems"]
        return found

    [problem] = await eventually(problems_of_the_draft)
    await expect(page.get_by_role("complementary", name="Set up")).to_contain_text(problem["message"])
    await problems(page, 1).click()
    await expect(page.get_by_role("list", name="Problems")).to_contain_text(problem["message"])


async def test_what_was_typed_stays_while_the_server_cannot_be_reached(
    page: Page, product: Product, complaints: Complaints, draft: dict[str, Any]
) -> None:
    """Saving fails, and says so; the text stays, and is saved as soon as the server answers again."""
    complaints.expect_failures()
    await open_message(page, draft)
    await page.route("**/draft", refuse)
    message = page.get_by_role("textbox", name="Message")
    await message.fill("kept")
    told = page.get_by_role("status").filter(has_text="Not saved, trying again.")
    await expect(told).to_contain_text("The server cannot be reached")
    await expect(message).to_have_value("kept")
    await page.unroute("**/draft")
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)
    await until_stored(product, draft, "kept")


async def test_dialog_keeps_what_was_typed_when_creating_fails(page: Page, complaints: Complaints) -> None:
    """A new automation that the server could not take stands in its dialog, with why; the second attempt creates it."""
    complaints.expect_failures()
    name, event = f"Kept {uuid.uuid4().hex[:6]}", event_of_its_own()
    await page.goto("/automations?new=true")
    dialog = page.get_by_role("dialog", name="New automation")
    await dialog.get_by_role("textbox", name="Name").fill(name)
    await dialog.get_by_role("combobox", name="What starts it").fill(event)
    await page.route("**/api/v1/automations", refuse)
    await dialog.get_by_role("button", name="Create and build").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("The server cannot be reached")
    await expect(dialog.get_by_role("textbox", name="Name")).to_have_value(name)
    await expect(dialog.get_by_role("combobox", name="What starts it")).to_have_value(event)
    await page.unroute("**/api/v1/automations")
    await dialog.get_by_role("button", name="Create and build").click()
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible(timeout=SOON_MS)


async def test_second_page_is_told_that_the_draft_was_changed_elsewhere(
    page: Page, product: Product, complaints: Complaints, draft: dict[str, Any]
) -> None:
    """A page that edits what another page has changed since overwrites nothing: it says so, and offers to reload."""
    complaints.expect_failures()
    other = await page.context.new_page()
    await open_message(page, draft)
    await open_message(other, draft)
    await other.get_by_role("textbox", name="Message").fill("by the other page")
    await expect(saved(other)).to_be_visible(timeout=SOON_MS)

    await page.bring_to_front()
    await page.get_by_role("textbox", name="Name of this step").fill("Mine")
    bar = page.get_by_role("alert").filter(has_text="changed elsewhere")
    await expect(bar).to_be_visible(timeout=SOON_MS)
    stored = await product.call("GET", f"/automations/{draft['id']}/draft")
    assert stored["actions"][0]["params"]["message"] == "by the other page"

    await bar.get_by_role("button", name="Show what is saved").click()
    await node(page, "Send notification").click()
    await expect(page.get_by_role("textbox", name="Message")).to_have_value("by the other page")
    await page.get_by_role("textbox", name="Message").fill("by both")
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)


async def test_second_page_may_save_over_what_was_changed_elsewhere(
    page: Page, product: Product, complaints: Complaints, draft: dict[str, Any]
) -> None:
    """A person who was told so may keep what stands on this page."""
    complaints.expect_failures()
    await open_message(page, draft)
    document = {"name": "test", "trigger": draft["trigger"], "actions": [notification("elsewhere")]}
    await product.call("PUT", f"/automations/{draft['id']}/draft", document)
    await page.get_by_role("textbox", name="Message").fill("mine")
    bar = page.get_by_role("alert").filter(has_text="changed elsewhere")
    await bar.get_by_role("button", name="Save mine over it").click()
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)
    await until_stored(product, draft, "mine")


async def test_change_of_status_elsewhere_is_no_conflict(
    page: Page, product: Product, complaints: Complaints, draft: dict[str, Any]
) -> None:
    """Whoever pauses or activates an automation does not stand in the way of somebody who edits its draft."""
    complaints.expect_failures()
    await open_message(page, draft)
    await product.call("PATCH", f"/automations/{draft['id']}", {"status": "active"})
    async with page.expect_response(lambda answer: answer.request.method == "PUT" and answer.ok):
        await page.get_by_role("textbox", name="Message").fill("after")
    await expect(saved(page)).to_be_visible(timeout=SOON_MS)


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
    name = page.get_by_role("complementary", name="Set up").get_by_role("textbox", name="Name")
    async with page.expect_response(lambda answer: answer.request.method == "PUT"):
        await name.fill("Another name")
    async with page.expect_response(lambda answer: answer.request.method == "PUT") as undone:
        await page.get_by_role("button", name="Undo").click()
    await expect(page.get_by_role("heading", level=1, name="Written elsewhere")).to_be_visible()
    assert json.loads((await undone.value).request.post_data or "{}") == document


async def refuse(route: Route) -> None:
    """Let the request fail as if nobody answered."""
    await route.abort("connectionrefused")
