"""What an event means for an automation, as a tree of checks and clauses; pure."""

from __future__ import annotations

from collections.abc import Mapping

from rich.text import Text
from rich.tree import Tree

from automations_cli.showing.words import JsonObject, one_line

_GROUP_WORDS = {"all": "all of these", "any": "one of these", "not": "not all of these"}


def render_decision(told: JsonObject, title: str) -> Tree:
    """Return an explanation: the verdict, each check with its sign, and below the conditions each clause."""
    tree = Tree(_headline(told, title), guide_style="bright_black")
    for check in told.get("checks") or ():
        node = tree.add(_line(check.get("holds"), check.get("sentence")))
        if check.get("check") == "conditions":
            _add_parts(node, told.get("conditions"))
    run, skipped = told.get("run"), told.get("skipped")
    if isinstance(run, Mapping):
        tree.add(Text(f"it started the run {run.get('id')}, {run.get('status')}", style="cyan"))
    if isinstance(skipped, Mapping):
        tree.add(Text(f"its start was skipped: {one_line(skipped.get('sentence'))}", style="yellow"))
    return tree


def _headline(told: JsonObject, title: str) -> Text:
    line = Text(one_line(title), style="bold")
    version = told.get("version")
    about = "draft" if version is None else f"v{version}"
    line.append(f" {about}", style="bright_black")
    if told.get("environment") == "sandbox":
        line.append(" (sandbox)", style="magenta")
    line.append("\n")
    return line.append(_line(told.get("starts"), told.get("sentence")))


def _add_parts(node: Tree, group: object) -> None:
    if not isinstance(group, Mapping):
        return
    for part in group.get("parts") or ():
        if part.get("kind") == "clause":
            clause = node.add(_line(part.get("holds"), part.get("sentence")))
            if part.get("note"):
                clause.add(Text(f"note: {one_line(part['note'])}", style="yellow"))
        else:
            words = _GROUP_WORDS.get(str(part.get("kind")), str(part.get("kind")))
            _add_parts(node.add(_line(part.get("holds"), words)), part)


def _line(holds: object, sentence: object) -> Text:
    line = Text("✓ " if holds else "✗ ", style="green" if holds else "red")
    return line.append(one_line(sentence or ""), style="default")
