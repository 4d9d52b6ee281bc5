"""Documents as YAML that is read back as the same value; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_LINE_CHARACTERS = 110
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_SHOWN_AROUND = ("id", "status", "environment", "version")
_DOCUMENT_FIELDS = ("name", "description", "tags", "trigger", "conditions", "actions", "layout")


class _DocumentDumper(yaml.SafeDumper):
    """Long texts as blocks; no aliases, for documents have none."""

    def ignore_aliases(self, data: Any) -> bool:
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if "\n" in text and text.isprintable() is False and text.replace("\n", "").isprintable():
        style = "|"
    elif _NUMBER.fullmatch(text):
        # JSON's numbers reach further than those of YAML 1.1, which the library knows.
        style = "'"
    elif "\x85" in text:
        # A line break of YAML 1.1: read back, it would be another one.
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_DocumentDumper.add_representer(str, _represent_text)


def render_yaml(value: object) -> str:
    """Return a value of JSON as YAML."""
    text = yaml.dump(value, Dumper=_DocumentDumper, sort_keys=False, allow_unicode=True, width=_LINE_CHARACTERS)
    return str(text)


def choose_document(automation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document of an automation as the api shows it, without what the api adds around it."""
    own = {name: automation[name] for name in automation if name.startswith("x-")}
    return {name: automation[name] for name in _DOCUMENT_FIELDS if name in automation} | own


def choose_file_fields(automation: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a file of an automation holds, so that applying it again changes nothing."""
    around = {name: automation[name] for name in _SHOWN_AROUND if automation.get(name) is not None}
    if around.get("environment") == "live":
        del around["environment"]
    return around | choose_document(automation)
