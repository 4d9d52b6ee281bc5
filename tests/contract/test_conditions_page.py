"""The specification of conditions is run: every row of every table on its page."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from automations.conditions import (
    OPERATORS,
    ConditionRefused,
    compile_condition,
    describe_condition,
    explain_condition,
    parse_condition,
)
from automations.definition import read_json, read_yaml
from automations.paths import Scope

PAGE = (Path(__file__).parents[2] / "docs" / "conditions.md").read_text()
TABLE = re.compile(r"^\|.*\|\n\|(?:---\|)+\n(?:\|.*\|\n)+", re.MULTILINE)


def rows(*wanted: str) -> list[Any]:
    """Return the rows of all tables that have these columns, each by column, named by its line."""
    found = []
    for table in TABLE.finditer(PAGE):
        lines = table[0].splitlines()
        head = cells(lines[0])
        if set(wanted) <= set(head):
            first = PAGE[: table.start()].count("\n") + 3
            for number, line in enumerate(lines[2:]):
                row = dict(zip(head, cells(line), strict=True))
                found.append(pytest.param(row, id=f"line {first + number}"))
    return found


def cells(line: str) -> list[str]:
    return [cell.strip().removeprefix("`").removesuffix("`") for cell in line.strip("|").split(" | ")]


def scope_of(row: dict[str, str]) -> Scope:
    now = datetime.fromisoformat(row["now"]) if "now" in row else None
    return Scope(
        record=json.loads(row.get("record", "{}")),
        event=json.loads(row.get("event", "{}")) | ({"time": now} if now else {}),
        changes=json.loads(row.get("changes", "null")),
        now=now,
        zone=UTC if row.get("zone", "UTC") == "UTC" else ZoneInfo(row["zone"]),
    )


@pytest.mark.parametrize("row", rows("condition", "holds"))
def test_example_has_the_stated_verdict(row: dict[str, str]) -> None:
    """Evaluation and explanation give the verdict that the page states."""
    tree = parse_condition(read_json(row["condition"]))
    scope = scope_of(row)
    assert compile_condition(tree).holds(scope) is {"yes": True, "no": False}[row["holds"]]
    assert explain_condition(tree, scope).holds is compile_condition(tree).holds(scope)


@pytest.mark.parametrize("row", rows("refused", "at"))
def test_refused_example_is_refused_at_the_stated_place(row: dict[str, str]) -> None:
    """One problem, with the pointer that the page states."""
    with pytest.raises(ConditionRefused) as refused:
        parse_condition(read_json(row["refused"]))
    assert [problem.pointer for problem in refused.value.problems] == [row["at"]]


@pytest.mark.parametrize("row", rows("JSON", "YAML"))
def test_json_yaml_and_words_are_one(row: dict[str, str]) -> None:
    """Both notations give one value, and its words are those of the page."""
    assert read_json(row["JSON"]) == read_yaml(row["YAML"])
    assert describe_condition(parse_condition(read_yaml(row["YAML"]))) == row["in words"]


def notes(trace: dict[str, Any]) -> Iterator[str]:
    if trace.get("note"):
        yield trace["note"]
    for part in trace.get("parts", ()):
        yield from notes(part)


@pytest.mark.parametrize("row", rows("condition", "reason"))
def test_explanation_has_the_stated_words(row: dict[str, str]) -> None:
    """The reason and the note are those of the page."""
    explained = explain_condition(parse_condition(json.loads(row["condition"])), scope_of(row))
    assert explained.sentence == row["reason"]
    assert list(notes(explained.as_json())) == ([row["note"]] if row["note"] else [])


def test_page_has_every_rule_and_operator() -> None:
    """Rules are numbered without a gap, and each operator stands in the overview and in an example."""
    assert [int(number) for number in re.findall(r"^- \*\*(\d+)\.\*\*", PAGE, re.MULTILINE)] == list(range(1, 48))
    examples = " ".join(row.values[0]["condition"] for row in rows("condition", "holds"))
    for operator in OPERATORS:
        assert f"`{operator}`" in PAGE.partition("## What conditions are")[0]
        assert f'"{operator}"' in examples
