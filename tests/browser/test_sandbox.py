"""A change is tried in the sandbox on live events, and promoted when it proved right."""

import re
import uuid

from playwright.async_api import Page, expect

from tests.support.product import Product

SOON = 15_000


async def test_change_is_tried_dry_and_promoted(page: Page, product: Product) -> None:
    """Switch on, change, publish, event, dry run seen, promoted, left; the next event runs live."""
    name = f"Sandbox subject {uuid.uuid4().hex[:6]}"
    event = f"s{uuid.uuid4().hex[:8]}.created"
    action = {"type": "send_notification", "params": {"channel": "slack", "message": "m"}}
    trigger = {"event": event, "conditions": {"priority": "critical"}}
    created = await product.create(trigger, [action], name=name)
    try:
        await page.goto("/sandbox")
        await page.get_by_role("switch", name="Sandbox active").click(force=True)
        await page.get_by_role("dialog").get_by_role("button", name="Switch on").click()
        bar = page.get_by_role("region", name="Sandbox", exact=True)
        await expect(bar).to_contain_text("is active", timeout=SOON)

        await page.goto(f"/automations/{created['id']}")
        await page.get_by_role("button", name=re.compile("^Trigger")).click()
        await page.get_by_role("textbox", name="Condition 1: value").fill("high")
        await page.get_by_role("button", name="Publish to the sandbox").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("priority is critical → is high")
        await dialog.get_by_role("button", name="Publish to the sandbox").click()
        await expect(dialog).to_be_hidden(timeout=SOON)

        tried = await product.publish_case(event, priority="high")
        await page.get_by_role("link", name="Review & promote").click()
        entry = page.get_by_role("region", name=name)
        await expect(entry.get_by_role("list", name="Latest dry runs")).to_contain_text(tried, timeout=SOON)
        await entry.get_by_role("button", name="Promote").click()
        await page.get_by_role("dialog").get_by_role("button", name="Promote").click()
        await expect(entry).to_be_hidden(timeout=SOON)
        await page.get_by_role("button", name="Leave").click()
        await page.get_by_role("dialog").get_by_role("button", name="Leave the sandbox").click()
        await expect(bar).to_be_hidden(timeout=SOON)
    finally:
        await product.call("PUT", "/sandbox", {"active": False})

    live = await product.publish_case(event, priority="high")
    await page.goto(f"/automations/{created['id']}/runs")
    await expect(page.get_by_role("row").filter(has_text=live)).to_contain_text("Completed", timeout=SOON)
    runs = {run["record"]["id"]: run["dry_run"] for run in await product.runs(created["id"])}
    assert runs == {tried: True, live: False}
