"""The guides and the README do what they say: each command is typed as it stands, and prints what is shown below it."""

import asyncio
import json
import os
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support import tools
from tests.support.command import Shell
from tests.support.eventually import eventually
from tests.support.guide import GUIDES, Block, assert_answered, assert_printed, read_blocks
from tests.support.product import Product

ROOT = Path(__file__).parents[2]
WITHOUT_COMMANDS = {"README.md", "in-the-browser.md"}
PAGES = sorted(page for page in GUIDES.glob("*.md") if page.name not in WITHOUT_COMMANDS)
ACTS = re.compile(r"^\s*-d | -d | -X | -P |\b(?:apply|complete|publish|status|sed|python publish\.py)\b", re.MULTILINE)
"""What changes something; such a block is typed once. Another one looks, and may be typed until it sees it."""
TYPED_SECONDS = 120.0
"""How long what is typed may take."""


class Reader:
    """Somebody who follows a guide in one shell, in a folder of their own beside the product's environment."""

    def __init__(self, product: Product, folder: Path) -> None:
        self._product = product
        self._folder = folder
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        addresses = {
            "AUTOMATIONS_API_URL": product.api_url,
            "KAFKA_BOOTSTRAP_SERVERS": product.kafka_bootstrap_servers,
        }
        self._env = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(folder), **addresses}

    def save(self, name: str, text: str) -> None:
        """Save a file, with the addresses of this product."""
        (self._folder / name).write_text(self._here(text), encoding="utf-8")

    async def type(self, commands: str) -> str:
        """Return what commands print; all of them succeed, and what they set holds for the next ones."""
        script = f"set -aeuo pipefail; [ ! -f .set ] || . ./.set\n{self._here(commands)}\nexport -p >.set"
        process = await asyncio.create_subprocess_exec(
            *("bash", "-c", script),
            cwd=self._folder,
            env=self._env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        output, errors = await asyncio.wait_for(process.communicate(), TYPED_SECONDS)
        assert process.returncode == 0, f"{commands}\nended with {process.returncode}: {errors.decode()}"
        return output.decode()

    def _here(self, text: str) -> str:
        text = text.replace("http://127.0.0.1:8080", self._product.api_url)
        return text.replace("127.0.0.1:9092", self._product.kafka_bootstrap_servers)


@pytest.mark.parametrize("name", sorted(WITHOUT_COMMANDS))
def test_page_without_commands_has_none(name: str) -> None:
    assert read_blocks((GUIDES / name).read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
async def test_guide_is_followed_to_its_end(page: Path, product: Product, tmp_path: Path) -> None:
    """Each block is saved or typed in its turn, and the product answers as the page shows."""
    await follow_page(page.read_text(encoding="utf-8"), Reader(product, tmp_path))


@pytest.fixture
async def samples(product: Product) -> AsyncIterator[None]:
    """The automations that `make up` begins with, one of whose runs waits; they and what else was made are archived."""
    before = {each["id"] for each in (await product.call("GET", "/automations"))["items"]}
    applied = await Shell(product).run("apply", "-f", str(ROOT / "examples" / "automations"), "--json")
    samples = {each["id"] for each in applied.json()["items"]}
    asking = next(each for each in applied.json()["items"] if each["name"] == "Discount approval in negotiation")
    await product.publish({"type": "opportunity.stage_changed", "record": {"id": "readme", "stage": "negotiation"}})
    await product.until_waiting(asking["id"])
    yield
    for each in (await product.call("GET", "/automations"))["items"]:
        if each["id"] not in before or each["id"] in samples:
            await product.call("PATCH", f"/automations/{each['id']}", {"status": "archived"})


@pytest.mark.usefixtures("samples")
@pytest.mark.parametrize("way", ["Kafka", "REST"])
async def test_readme_is_followed(way: str, product: Product, tmp_path: Path) -> None:
    """What the README shows of a way to use the product works as it stands, with the samples there."""
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    await follow_page(page.partition(f"\n### {way}\n")[2].partition("\n##")[0], Reader(product, tmp_path))


async def follow_page(page: str, reader: Reader) -> None:
    """Do what the blocks of a page say, in their order."""
    blocks = read_blocks(page)
    assert blocks
    if any("kcat" in block.text for block in blocks):
        tools.require("kcat")
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.kind == "file":
            reader.save(block.file_name, block.text)
        elif block.kind == "typed":
            shown = following if following is not None and following.kind == "shown" else None
            await follow(reader, block, shown)


async def follow(reader: Reader, block: Block, shown: Block | None) -> None:
    """Type the commands of a block, again while they only look and do not see yet what is shown."""

    async def attempt() -> bool:
        printed = await reader.type(block.text)
        if shown is not None:
            assert_shown(shown, printed)
        return True

    if shown is None or ACTS.search(block.text):
        await attempt()
    else:
        await eventually(attempt)


def assert_shown(shown: Block, printed: str) -> None:
    """Fail unless commands printed what is shown."""
    if shown.language == "json":
        assert_answered(json.loads(shown.text), json.loads(printed))
    else:
        assert_printed(shown.text, printed)
