"""Every page can be read and used by everybody: axe-core finds nothing, in light and in dark, wide and narrow."""

import json
import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.browser.conftest import WEB, WITHIN_MS
from tests.browser.fit import LOOK_AGAIN_MS, LOOKS, unfit
from tests.browser.places import Places, set_up_places
from tests.browser.states import State, walk
from tests.support.product import Product

AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = os.environ.get("PICTURES")
"""A folder for a picture of every state in both themes; for people to look at, not for the tests."""

ALL = "axe.run(document, {resultTypes: ['violations']}).then((result) => result.violations)"
CONTRAST = ALL.replace("{resultTypes", "{runOnly: ['color-contrast'], resultTypes")
"""The other rules see the same page in both themes."""


async def violations(page: Page, what: str) -> list[dict[str, Any]]:
    """Return what axe-core finds, and goes on finding while the page comes to rest."""
    found: list[dict[str, Any]] = []
    for _ in range(LOOKS):
        found = await page.evaluate(what)
        if not found:
            break
        await page.wait_for_timeout(LOOK_AGAIN_MS)
    return found


@pytest.fixture(scope="module")
async def places(built_ui: object, product: Product) -> Places:
    """Automations, runs and tasks of every kind."""
    return await set_up_places(product)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("width", [1440, 390])
async def test_pages_are_for_everybody_and_fit(places: Places, product: Product, chromium: Browser, width: int) -> None:
    """axe-core finds no violation in any state in light and dark, and nothing is wider than its place."""
    if not AXE.is_file():
        pytest.skip("axe-core is not installed; `make ui` installs it")
    context = await chromium.new_context(
        base_url=product.api_url,
        viewport={"width": width, "height": 900 if width > 1000 else 844},
        reduced_motion="reduce",
        bypass_csp=True,
    )
    context.set_default_timeout(WITHIN_MS)
    await context.add_init_script(path=AXE)
    page = await context.new_page()
    found: dict[str, Any] = {}

    async def look(state: State) -> None:
        for scheme, what in (("light", ALL), ("dark", CONTRAST)):
            await page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for violation in await violations(page, what):
                nodes = [node["html"][:200] for node in violation["nodes"]]
                found[f"{state.name}, {scheme}: {violation['id']}"] = nodes[:3]
            if PICTURES:
                await page.screenshot(path=Path(PICTURES) / f"{state.name}-{width}-{scheme}.png")
        if faults := await unfit(page):
            found[f"{state.name}: does not fit"] = faults

    await walk(page, places, product, look, is_wide=width > 1000)
    await context.close()
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)
