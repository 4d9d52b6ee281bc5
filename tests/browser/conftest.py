"""A real Chromium on the real product: each test has a page of its own."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, async_playwright

from tests.support.product import Product

WEB = Path(__file__).resolve().parents[2] / "web"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITHIN_MS = 15_000


@pytest.fixture(scope="session")
async def built_ui() -> Path:
    """The built UI; it is built where it is not."""
    dist = WEB / "dist"
    if not (dist / "index.html").is_file():
        npm = shutil.which("npm")
        if npm is None:
            pytest.skip("web/dist is not built, and there is no npm to build it")
        for arguments in (["ci"], ["run", "build"]):
            process = await asyncio.create_subprocess_exec(npm, *arguments, cwd=WEB)
            assert await process.wait() == 0, f"npm {' '.join(arguments)} failed"
    return dist


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip("there is no Chromium; on Debian: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


@pytest.fixture
async def page(built_ui: Path, product: Product, chromium: Browser) -> AsyncIterator[Page]:
    """A page of the product, 1440 by 900; an error in its console fails the test."""
    context = await chromium.new_context(
        base_url=product.api_url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(WITHIN_MS)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    await context.close()
    assert errors == []
