"""A change is tried in the sandbox on live events, and promoted when it proved right."""

import re
import uuid
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Page, expect

from tests.browser.building import SOON_MS, event_of_its_own, node
from tests.support.counting_server import CountingServer
from tests.support.product import Product


@pytest.fixture
async def sandbox_is_left(product: Product) -> AsyncIterator[None]:
    """The sandbox is off again in the end, however the test ends."""
    yield
    await product.call("PUT", "/sandbox", {"active": False})


async def test_change_is_tried_dry_and_promoted(
    page: Page, product: Product, witness: CountingServer, sandbox_is_left: None
) -> None:
    """Switch on, change, publish, event, dry run seen and marked, promoted, left; the next event runs live."""
    name = f"Sandbox subject {uuid.uuid4().hex[:6]}"
    event = event_of_its_own()
    action = {"type": "send_notification", "params": {"channel": "slack", "message": "About {{ record.id }}"}}
    trigger = {"event": event, "conditions": {"priority": "critical"}}
    created = await product.create(trigger, [action], name=name)

    await page.goto("/sandbox")
    switch = page.get_by_role("switch", name="Sandbox active")
    await expect(switch).to_be_enabled()
    await switch.click(force=True)
    await page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
    bar = page.get_by_role("region", name="Sandbox", exact=True)
    await expect(bar).to_contain_text("is active", timeout=SOON_MS)

    await page.goto(f"/automations/{created['id']}")
    await publish_change_to_the_sandbox(page)
    await expect(bar).to_contain_text(re.compile("[1-9][0-9]* change"))

    tried = await product.publish_case(event, priority="high")
    await see_dry_run(page, tried)
    assert not [request for request in witness.received if tried in str(request.body)]

    await bar.get_by_role("link", name="Review & promote").click()
    entry = page.get_by_role("article", name=name)
    await expect(entry.get_by_role("list", name="Changes against the live version")).to_contain_text(
        "priority is critical → is high"
    )
    await expect(entry.get_by_role("list", name="Latest dry runs")).to_contain_text(tried)
    await entry.get_by_role("button", name="Promote").click()
    await page.get_by_role("dialog").get_by_role("button", name="Promote").click()
    await expect(entry).to_be_hidden(timeout=SOON_MS)
    await bar.get_by_role("button", name="Leave").click()
    await page.get_by_role("dialog").get_by_role("button", name="Leave the sandbox").click()
    await expect(bar).to_be_hidden(timeout=SOON_MS)

    await page.goto(f"/automations/{created['id']}/runs")
    live = await product.publish_case(event, priority="high")
    row = page.get_by_role("row").filter(has_text=live)
    await expect(row).to_contain_text("Completed", timeout=SOON_MS)
    await expect(row).not_to_contain_text("Dry run")
    assert len([request for request in witness.received if live in str(request.body)]) == 1


async def publish_change_to_the_sandbox(page: Page) -> None:
    """Let the open automation start at priority high instead of critical, in the sandbox."""
    await node(page, "Trigger").click()
    await page.get_by_role("combobox", name="Condition 1: value").fill("high")
    await page.get_by_role("button", name="Publish to the sandbox").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("priority is critical → is high")
    await dialog.get_by_role("button", name="Publish to the sandbox").click()
    await expect(dialog).to_be_hidden(timeout=SOON_MS)


async def see_dry_run(page: Page, case: str) -> None:
    """See the dry run of a case appear among the runs, marked as such, with what it would have sent."""
    await page.get_by_role("navigation", name="Of this automation").get_by_role("link", name="Runs").click()
    row = page.get_by_role("row").filter(has_text=case)
    await expect(row).to_contain_text("Completed", timeout=SOON_MS)
    await expect(row).to_contain_text("Dry run")
    await row.get_by_role("link").first.click()
    await expect(page.get_by_role("article", name="Run")).to_contain_text("Dry run")
    await expect(page.get_by_role("heading", name="Request that would have been sent")).to_be_visible()
