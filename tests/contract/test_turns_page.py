"""The specification of turns: its rules can be cited by their numbers, and each names tests that there are."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "turns.md"
RULES = re.split(r"^- \*\*(\d+)\.\*\* ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
_CITED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_rules_are_numbered_without_a_gap() -> None:
    assert [int(number) for number in RULES[::2]] == list(range(1, len(RULES) // 2 + 1))


@pytest.mark.parametrize(("number", "text"), list(zip(RULES[::2], RULES[1::2], strict=True)))
def test_rule_names_tests_that_show_it(number: str, text: str) -> None:
    cited = _CITED.findall(text)
    assert cited, f"rule {number} names no test"
    for path, name in cited:
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}
