"""The documents speak of what is there: their links lead somewhere, and what they name exists."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from api.settings import Settings as ApiSettings
from automations.contracts.topics import ALL_TOPICS, Topic
from executor.settings import ExecutorSettings
from notifier.settings import MailSettings, SlackSettings
from trigger_matcher.settings import MatcherSettings

ROOT = Path(__file__).parents[2]
NOT_OURS = frozenset({"node_modules", "dist", "build", "test-results"})
HOUSE = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md", "docs/delivery.md")
CODE_BLOCK = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
CODE = re.compile(r"`([^`\n]+)`")
MAKE_TARGET = re.compile(r"^([a-z-]+):.*## ", re.MULTILINE)
FORBIDDEN = re.compile(r"(?<![\w.])/(?:home|root|Users)/\w|\bT" r"ODO\b|\bF" r"IXME\b")
DECISION_PARTS = ("**Context.**", "**Decision.**", "**Consequences.**", "**Alternatives.**", "**Held by**")
PLANNED: set[tuple[str, str]] = set()
"""Uses of a topic that the contract allows and no service makes yet."""
SETTINGS: dict[str, tuple[type[BaseSettings], ...]] = {
    "api": (ApiSettings,),
    "executor": (ExecutorSettings,),
    "notifier": (MailSettings, SlackSettings),
    "trigger-matcher": (MatcherSettings,),
}


def documents() -> Iterator[Path]:
    """Yield every document of the repository."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS and not name.startswith("."))
        yield from (Path(folder, name) for name in sorted(files) if name.endswith(".md"))


DOCUMENTS = list(documents())
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))


def relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def prose(path: Path) -> str:
    """Return a document without its blocks of code."""
    return CODE_BLOCK.sub("", path.read_text(encoding="utf-8"))


def anchors(path: Path) -> set[str]:
    """Return what a link may name after `#` in a document."""
    titles = HEADING.findall(prose(path))
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}


def named_paths(path: Path) -> set[str]:
    """Return what a document names in code as a file or folder of the repository."""
    top = {entry.name for entry in ROOT.iterdir()}
    words = {word.rstrip("/") for word in CODE.findall(prose(path)) if "/" in word and " " not in word}
    return {word for word in words if word.split("/")[0] in top and not re.search(r"[*<>{}]|N{2,}", word)}


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_relative_link_leads_somewhere(path: Path) -> None:
    """Files, folders, pictures and headings that a document links to exist."""
    dead = []
    for target in LINK.findall(prose(path)):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (path.parent / name).resolve() if name else path
        if not found.exists() or (anchor and anchor not in anchors(found)):
            dead.append(target)
    assert not dead


@pytest.mark.parametrize("path", [*(ROOT / name for name in HOUSE), *DECISIONS], ids=relative)
def test_file_that_a_document_names_exists(path: Path) -> None:
    """What stands in code and looks like a path of the repository is one."""
    generated = {"benchmarks/latest.json"}
    assert not {name for name in named_paths(path) - generated if not (ROOT / name).exists()}


def test_architecture_names_a_test_for_every_promise() -> None:
    """Each row of the promises ends with test files; each of the ten steps names its files."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    promises = page.partition("## Promises")[2].partition("\n## ")[0]
    rows = [row for row in promises.splitlines() if row.startswith("| ") and "shown by" not in row]
    assert len(rows) >= 10
    assert all(re.search(r"`tests/[\w/]+\.py`", row) for row in rows)
    life = page.partition("## The life of an event")[2].partition("\n## ")[0]
    steps = re.findall(r"^\| (\d+) \|.*`[\w/-]+\.py`", life, re.MULTILINE)
    assert [int(step) for step in steps] == list(range(1, 11))


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_make_command_that_a_document_names_exists(path: Path) -> None:
    targets = set(MAKE_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"`make ([a-z-]+)[^`]*`|^make ([a-z-]+)", text, re.MULTILINE))
    assert {first or second for first, second in named} <= targets


def test_readme_tells_every_target_that_people_use() -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in ("up", "test", "demo", "check", "bench", "clean", "help"):
        assert f"make {target}" in page


@pytest.mark.parametrize("topic", ALL_TOPICS, ids=lambda topic: topic.name)
def test_topic_is_named_where_its_readers_and_writers_are_described(topic: Topic) -> None:
    """Each topic stands in the architecture, and in the README of each service that reads or writes it."""
    assert topic.name in (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    for service in {*topic.written_by, *topic.read_by} & {path.name for path in (ROOT / "services").iterdir()}:
        if topic.name == "automations.dead-letters" or (service, topic.name) in PLANNED:
            continue
        readme = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")
        assert f"`{topic.name}`" in readme, f"{service} has to do with {topic.name}"


@pytest.mark.parametrize("service", sorted(SETTINGS))
def test_service_readme_tells_every_setting(service: str) -> None:
    page = (ROOT / "services" / service / "README.md").read_text(encoding="utf-8")
    names = {name.upper() for settings in SETTINGS[service] for name in settings.model_fields}
    assert names
    assert not {name for name in names if f"`{name}`" not in page}


@pytest.mark.parametrize("path", DECISIONS, ids=relative)
def test_decision_says_why_and_what_holds_it(path: Path) -> None:
    """A decision is short, has its five parts in order, and names a check."""
    text = path.read_text(encoding="utf-8")
    places = [text.find(part) for part in DECISION_PARTS]
    assert -1 not in places
    assert places == sorted(places)
    assert len(text.splitlines()) <= 30
    number, title = text.splitlines()[0].removeprefix("# ").split(". ", 1)
    assert path.name.startswith(f"{int(number):04d}-")
    assert title
    assert re.search(r"`(tests/[\w/]+\.py|pyproject\.toml)`", text[places[-1] :])


def test_decisions_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in DECISIONS] == list(range(1, len(DECISIONS) + 1))


@pytest.mark.parametrize("path", DOCUMENTS, ids=relative)
def test_document_speaks_of_the_product_alone(path: Path) -> None:
    """No path of somebody's machine and no note to self is in a document."""
    assert not FORBIDDEN.findall(path.read_text(encoding="utf-8"))
