"""A guide as a test reads it: its blocks of code with what the text says of them, and its numbered steps.

A block that follows "Save this as `name`" is a file; another `bash` or `python` block is typed; a `json` or `text`
block is what the commands before it print, where `…` stands for anything and of JSON only a part need be shown.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

GUIDES = Path(__file__).parents[2] / "docs" / "guides"
LANGUAGES = frozenset({"bash", "json", "python", "text", "yaml"})
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_SAVED = re.compile(r"[Ss]ave this as `([\w.-]+)`[^`]*\Z")
_STEP = re.compile(r"^(\d+)\. (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A block of code: what is to be done with it, and where it stands."""

    kind: Literal["file", "typed", "shown"]
    language: str
    text: str
    line: int
    file_name: str = ""


def read_blocks(page: str) -> list[Block]:
    """Return the blocks of a page in their order; one that nothing is to be done with is an error."""
    blocks: list[Block] = []
    end = 0
    for match in _BLOCK.finditer(page):
        language, text = match[1], match[2]
        line = page.count("\n", 0, match.start()) + 1
        saved = _SAVED.search(page[end : match.start()])
        end = match.end()
        assert language in LANGUAGES, f"line {line}: nothing is known to be done with {language or 'this'}"
        if saved:
            blocks.append(Block("file", language, text, line, saved[1]))
        elif language == "bash":
            blocks.append(Block("typed", language, text, line))
        elif language == "python":
            blocks.append(Block("typed", language, f".venv/bin/python - <<'END'\n{text}END\n", line))
        else:
            assert language in ("json", "text"), f"line {line}: the text does not say where to save this"
            assert any(block.kind == "typed" for block in blocks[-1:]), f"line {line}: nothing before it prints this"
            blocks.append(Block("shown", language, text, line))
    return blocks


def read_steps(page: str) -> list[str]:
    """Return the sentences of the numbered steps, which are numbered without a gap."""
    found = _STEP.findall(page)
    assert [int(number) for number, _ in found] == list(range(1, len(found) + 1))
    return [sentence for _, sentence in found]


def assert_printed(shown: str, printed: str) -> None:
    """Fail unless a text is what is shown: `…` is any text, alone on a line any lines; blanks count as one."""
    pattern = "".join(
        r"(?:.*\n)*?" if line == "…" else _pattern(line) + r"\n" for line in map(_one_blank, shown.splitlines())
    )
    lines = "".join(f"{_one_blank(line)}\n" for line in printed.splitlines())
    assert re.fullmatch(pattern, lines), f"shown:\n{shown}\nprinted:\n{printed}"


def assert_answered(shown: Any, answered: Any, place: str = "") -> None:
    """Fail unless a value has what is shown: each field of an object, every element of a list, `…` for anything."""
    if isinstance(shown, dict):
        assert isinstance(answered, dict), f"{place or '/'}: {answered!r} is no object"
        assert not shown.keys() - answered.keys(), f"{place or '/'}: of {set(shown)} there is {set(answered)}"
        for name, value in shown.items():
            assert_answered(value, answered[name], f"{place}/{name}")
    elif isinstance(shown, list):
        assert isinstance(answered, list), f"{place}: {answered!r} is no list"
        assert len(answered) == len(shown), f"{place}: {len(shown)} shown, {len(answered)} there: {answered!r}"
        for number, (value, other) in enumerate(zip(shown, answered, strict=True)):
            assert_answered(value, other, f"{place}/{number}")
    elif isinstance(shown, str) and "…" in shown:
        assert isinstance(answered, str), f"{place}: {answered!r} is no text"
        assert re.fullmatch(_pattern(shown), answered, re.DOTALL), f"{place}: {answered!r} is not {shown!r}"
    else:
        assert (type(shown), shown) == (type(answered), answered), f"{place}: {answered!r} is not {shown!r}"


def _pattern(line: str) -> str:
    return ".*?".join(re.escape(part) for part in re.split(" ?… ?", line))


def _one_blank(line: str) -> str:
    return re.sub(r"\s+", " ", line).strip()
