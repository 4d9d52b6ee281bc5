"""Every page can be read and used by everybody: axe-core finds nothing, in light and in dark, wide and narrow."""

import uuid
from typing import Any, Literal

import pytest
from playwright.async_api import Browser, expect

from tests.browser.conftest import WEB
from tests.support.product import Product

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"


@pytest.fixture(scope="module")
async def paths(built_ui: object, product: Product) -> list[str]:
    """The address of every page, with something on it."""
    event = f"a{uuid.uuid4().hex[:8]}.created"
    task = {"type": "human_task", "params": {"title": "Check", "instructions": "Look at it"}}
    waiting = await product.create({"event": event, "conditions": {"priority": "high"}}, [task], name="Axe")
    await product.publish_case(event, priority="high")
    run = await product.until_waiting(waiting["id"])
    automation = f"/automations/{waiting['id']}"
    of_automation = [automation, f"{automation}/runs", f"{automation}/versions"]
    pages = ["/automations", "/runs", "/tasks", "/sandbox", "/settings", "/nowhere"]
    return [*pages, *of_automation, f"/runs/{run['id']}", f"/tasks/{run['waiting']['task_id']}"]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_pages_have_no_violations(
    paths: list[str], product: Product, chromium: Browser, scheme: Literal["light", "dark"], width: int
) -> None:
    """axe-core finds no violation on any page, and no page is wider than the window."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; run npm ci in web/")
    context = await chromium.new_context(
        base_url=product.api_url,
        viewport={"width": width, "height": 900},
        color_scheme=scheme,
        reduced_motion="reduce",
        bypass_csp=True,
    )
    page = await context.new_page()
    found: dict[str, Any] = {}
    for path in paths:
        await page.goto(path)
        await expect(page.get_by_role("heading").first).to_be_attached(timeout=15_000)
        await expect(page.get_by_role("status", name="loading")).to_have_count(0, timeout=15_000)
        await page.add_script_tag(path=AXE)
        violations = await page.evaluate("axe.run({resultTypes: ['violations']}).then((result) => result.violations)")
        found |= {f"{path} {each['id']}": each["nodes"][0]["html"] for each in violations}
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            found[f"{path} is wider than the window"] = width
    await context.close()
    assert found == {}
