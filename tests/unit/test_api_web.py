"""The UI is served beside the API, without getting in its way."""

from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from api.problems import add_problem_handlers
from api.web import add_web, find_web_dist


def client_of(dist: Path | None) -> httpx.AsyncClient:
    app = FastAPI()
    add_problem_handlers(app)
    add_web(app, dist)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / "secret.txt").write_text("secret")
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<title>UI</title>")
    (folder / "assets" / "app-1a2b.js").write_text("1")
    return folder


async def test_pages_of_the_ui_get_its_first_page_and_hashed_files_are_kept_for_good(dist: Path) -> None:
    async with client_of(dist) as client:
        page = await client.get("/automations/17")
        assert page.text == "<title>UI</title>"
        assert page.headers["cache-control"] == "no-cache"
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        asset = await client.get("/assets/app-1a2b.js")
        assert "immutable" in asset.headers["cache-control"]


async def test_unknown_paths_of_the_api_and_missing_files_are_problems(dist: Path) -> None:
    async with client_of(dist) as client:
        for path in ("/api/v1/nowhere", "/api", "/assets/gone.js"):
            answer = await client.get(path)
            assert answer.status_code == 404
            assert answer.headers["content-type"] == "application/problem+json"


async def test_nothing_outside_the_folder_is_served(dist: Path) -> None:
    async with client_of(dist) as client:
        for path in ("/%2e%2e/secret.txt", "/..%2fsecret.txt"):
            assert "secret" not in (await client.get(path)).text


async def test_without_a_built_ui_a_page_names_the_description_of_the_api(tmp_path: Path) -> None:
    assert find_web_dist(tmp_path) is None
    async with client_of(None) as client:
        assert "/api/v1/openapi.json" in (await client.get("/")).text
        assert (await client.get("/nowhere")).status_code == 404
