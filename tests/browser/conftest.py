"""A real Chromium on the real product: each test has a page of its own."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Request, async_playwright, expect

from tests.support.product import Product
from tests.support.tools import require

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
RESULTS = ROOT / "test-results"
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WITHIN_MS = 60_000
"""How long a page may take for what it does at once on an idle machine."""
expect.set_options(timeout=WITHIN_MS)
outcome = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Keep whether the test failed, for the page that wants to show why."""
    report: pytest.TestReport = yield
    if report.when == "call":
        item.stash[outcome] = report
    return report


@pytest.fixture(scope="session")
async def built_ui() -> Path:
    """The built UI; it is built where it is not."""
    dist = WEB / "dist"
    if not (dist / "index.html").is_file():
        process = await asyncio.create_subprocess_exec(WEB / "with-node", "npm", "run", "--silent", "build")
        assert await process.wait() == 0, "the UI could not be built"
    return dist


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    """Debian's Chromium, without a window."""
    path = require("chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        await browser.close()


class Complaints:
    """What a page complained of: errors of its own, and requests that went wrong.

    A test that makes requests fail on purpose says so with `expect_failures`.
    """

    def __init__(self, context: BrowserContext) -> None:
        self.errors: list[str] = []
        self.failures: list[str] = []
        context.on("weberror", lambda error: self.errors.append(str(error.error)))
        context.on("console", self._hear)
        context.on("requestfailed", self._fail)

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        # A failed request is told by the browser too; here it counts once.
        is_request = message.text.startswith("Failed to load resource")
        (self.failures if is_request else self.errors).append(f"{message.text} ({message.location['url']})")

    def _fail(self, request: Request) -> None:
        # Leaving a page ends what it still reads; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            self.failures.append(f"{request.method} {request.url}: {request.failure}")

    def expect_failures(self) -> None:
        """Let requests fail from here on without failing the test."""
        self.failures = _Ignored()


class _Ignored(list[str]):
    def append(self, _item: str) -> None:
        """Forget it."""


@pytest.fixture
async def complaints(context: BrowserContext) -> Complaints:
    """What the pages of the test complain of; the page fails the test for them in the end."""
    return Complaints(context)


@pytest.fixture
async def context(
    built_ui: Path, product: Product, chromium: Browser, request: pytest.FixtureRequest
) -> AsyncIterator[BrowserContext]:
    """A browser that knows nothing, 1440 by 900; a failing test leaves a trace and pictures in `test-results/`."""
    context = await chromium.new_context(
        base_url=product.api_url, viewport={"width": 1440, "height": 900}, reduced_motion="reduce"
    )
    context.set_default_timeout(WITHIN_MS)
    await context.tracing.start(snapshots=True)
    yield context
    report = request.node.stash.get(outcome, None)
    if report is not None and report.failed:
        folder = RESULTS / request.node.name.replace("/", "-")
        for number, page in enumerate(context.pages):
            await page.screenshot(path=folder / f"page-{number}.png")
        await context.tracing.stop(path=folder / "trace.zip")
    await context.close()


@pytest.fixture
async def page(context: BrowserContext, complaints: Complaints) -> AsyncIterator[Page]:
    """A page of the product; an error in its console or a failed request fails the test."""
    yield await context.new_page()
    assert complaints.errors == []
    assert list(complaints.failures) == []
