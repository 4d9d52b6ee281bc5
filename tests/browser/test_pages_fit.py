"""Pages hold what people really write, and say what to do when the server does not answer."""

import asyncio
import json

import pytest
from playwright.async_api import Browser, BrowserContext, Route, expect

from tests.browser.building import SOON_MS
from tests.browser.conftest import WITHIN_MS
from tests.browser.fit import unfit
from tests.browser.places import Places, set_up_places
from tests.browser.states import State, settle, walk
from tests.support.product import Product

LONG = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft " * 2
"""A word longer than a narrow window, twice."""


@pytest.fixture(scope="module")
async def places(built_ui: object, product: Product) -> Places:
    """Automations, runs and tasks of every kind, with very long names."""
    return await set_up_places(product, name=LONG.strip())


@pytest.mark.timeout(1200)
async def test_very_long_names_have_room(places: Places, product: Product, chromium: Browser) -> None:
    """No page scrolls sideways, nothing sticks out, and what is cut off says the whole on hover; wide and narrow."""
    context = await chromium.new_context(base_url=product.api_url, reduced_motion="reduce")
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    found: dict[str, list[str]] = {}

    async def look(state: State) -> None:
        for width in (1440,) if state.only_wide else (1440, 390):
            await page.set_viewport_size({"width": width, "height": 900})
            if faults := await unfit(page):
                found[f"{state.name}, {width}"] = faults
        await page.set_viewport_size({"width": 1440, "height": 900})

    await walk(page, places, product, look, is_wide=True)
    await context.close()
    assert not found, json.dumps(found, indent=1, ensure_ascii=False)


FAILING = {
    "/automations": ("**/api/v1/automations?*", "The automations could not be read"),
    "/automations/{automation}": ("**/api/v1/automations/*", "The automation could not be read"),
    "/automations/{draft}": ("**/api/v1/automations/*/draft", "The draft could not be read"),
    "/automations/{automation}/runs": ("**/api/v1/automations/*/runs?*", "The runs could not be read"),
    "/automations/{automation}/skipped": (
        "**/api/v1/automations/*/skipped-starts?*",
        "The skipped starts could not be read",
    ),
    "/automations/{automation}/versions": ("**/api/v1/automations/*/versions", "The versions could not be read"),
    "/runs": ("**/api/v1/runs?*", "The runs could not be read"),
    "/runs/{run}": ("**/api/v1/runs/*", "The run could not be read"),
    "/tasks": ("**/api/v1/tasks?*", "The tasks could not be read"),
    "/tasks/{task}": ("**/api/v1/tasks/*", "The task could not be read"),
    "/sandbox": ("**/api/v1/sandbox", "The sandbox could not be read"),
    "/settings": ("**/api/v1/me", "Who you are could not be read"),
}
"""Each page with the request that fails, and what it says then."""


async def test_failed_requests_say_what_happened_and_can_be_repeated(
    places: Places, context: BrowserContext, product: Product
) -> None:
    """Each page names what it could not read and why, and shows it after another try."""
    ids = {"automation": places.automation, "draft": places.draft}
    ids |= {"run": places.runs["completed"], "task": places.tasks["open"]}
    limit = asyncio.Semaphore(4)

    async def see(path: str) -> None:
        pattern, words = FAILING[path]
        async with limit:
            page = await context.new_page()
            # What the stream tells makes a page look again by itself, and nobody could press the button then.
            await page.route("**/api/v1/stream", refuse_reading)
            await page.route(pattern, refuse_reading)
            await page.goto(path.format(**ids))
            told = page.get_by_role("alert").filter(has_text=words)
            await expect(told).to_contain_text("The server cannot be reached", timeout=SOON_MS)
            assert await unfit(page) == []
            await page.unroute(pattern)
            await told.get_by_role("button", name="Try again").click()
            await expect(told).to_be_hidden(timeout=SOON_MS)
            await settle(page)
            await page.close()

    await asyncio.gather(*(see(path) for path in FAILING))


async def refuse_reading(route: Route) -> None:
    """Let a read fail as if nobody answered."""
    await route.abort("connectionrefused")
