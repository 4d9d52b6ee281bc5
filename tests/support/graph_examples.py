"""The examples of `docs/graph.md`: executions to be carried out, and documents to be refused.

A block of YAML with `given` and `then` is an execution; one with `problems` is refused; both have no head,
which is filled in here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automations.definition import read_yaml, validate_document

PAGE = Path(__file__).parents[2] / "docs" / "graph.md"
_BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)
_HEAD = {"name": "n", "trigger": {"event": "case.created"}}


@dataclass(frozen=True, slots=True)
class GraphExample:
    """An execution: the document, what its steps come to, and what follows."""

    title: str
    """Its section and its line in the page."""
    document: dict[str, Any]
    """Validated, with ids."""
    record: dict[str, Any]
    given: dict[str, Any]
    then: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RefusedExample:
    """A document that is refused, with the code of each problem by its pointer."""

    title: str
    raw: dict[str, Any]
    problems: dict[str, str]


def graph_examples() -> list[GraphExample]:
    """Return the executions of the page, in its order."""
    found = []
    for title, block in _blocks():
        if "then" in block:
            validated = validate_document(_HEAD | {"actions": block["actions"]})
            assert validated.document is not None, (title, validated.problems)
            found.append(
                GraphExample(title, validated.document, block.get("record", {}), block["given"], block["then"])
            )
    return found


def refused_examples() -> list[RefusedExample]:
    """Return the documents of the page that are refused, in its order."""
    return [
        RefusedExample(title, _HEAD | {"actions": block["actions"]}, block["problems"])
        for title, block in _blocks()
        if "problems" in block
    ]


def _blocks() -> Iterator[tuple[str, dict[str, Any]]]:
    text = PAGE.read_text()
    for match in _BLOCK.finditer(text):
        before = text[: match.start()]
        section = before.rpartition("\n## ")[2].partition("\n")[0]
        block = read_yaml(match[1])
        assert isinstance(block, dict)
        yield f"{section}:{before.count(chr(10)) + 1}", block
