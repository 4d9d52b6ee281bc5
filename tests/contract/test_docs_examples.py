"""The reference pages say what the product does: every example in them is run."""

import re
from pathlib import Path
from typing import Any

import pytest

from automations.definition import ACTION_TYPES, catalogue, read_json, read_yaml, validate_document
from automations.definition.actions.action_type import EFFECT_FIELDS
from automations.definition.document import Action, AutomationDocument, RetryPolicy

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```(json|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SHARED_FIELDS = {*EFFECT_FIELDS, "on_timeout"}


def as_document(value: Any) -> dict[str, Any] | None:
    """Return the document that an example is, or the smallest one around it, or nothing if it is something else."""
    head = {"name": "n", "trigger": {"event": "e"}, "actions": [{"type": "human_task"}]}
    if not isinstance(value, dict):
        return None
    if "trigger" in value and "actions" in value:
        return {name: part for name, part in value.items() if name not in ("status", "environment")}
    if "type" in value and "params" in value and value["type"] in ACTION_TYPES:
        return head | {"actions": [value]}
    if set(value) == {"conditions"}:
        return head | value
    return None


def documents() -> list[Any]:
    """Return every example that looks like a document, named by its page and line."""
    found = []
    for page in sorted(DOCS.glob("*.md")):
        text = page.read_text()
        for match in BLOCK.finditer(text):
            document = as_document((read_json if match[1] == "json" else read_yaml)(match[2]))
            if document is not None:
                line = text[: match.start()].count("\n") + 1
                found.append(pytest.param(document, id=f"{page.name}:{line}"))
    return found


@pytest.mark.parametrize("document", documents())
def test_example_that_looks_like_a_document_is_valid(document: dict[str, Any]) -> None:
    """Nobody copies an example that the product refuses, or warns of."""
    validated = validate_document(document)
    assert (validated.problems, validated.warnings) == ([], [])


def test_reference_names_every_field_and_parameter() -> None:
    """The tables of the reference have each parameter in the words of the catalogue, and no other."""
    page = (DOCS / "automations.md").read_text()
    sections = {part.partition("\n")[0]: part for part in page.split("\n### ")[1:]}
    for entry in catalogue():
        section = sections[entry["type"]].partition("\n## ")[0]
        assert entry["description"] in section
        table = re.findall(r"^\| `(\w+)` \| ([^|]*?) ?\|", section, re.MULTILINE)
        schema, beside = entry["params"], entry["fields"]
        own = [name for name in beside["properties"] if name not in SHARED_FIELDS]
        assert [name for name, _ in table] == [*schema.get("properties", {}), *own]
        required = {name for name, need in table if need == "required"}
        assert required == {*schema.get("required", []), *beside["required"]}
        if tuple(beside["properties"]) != EFFECT_FIELDS:
            takes = section.rpartition("Takes")[2].partition("\n\n")[0]
            assert all(f"`{name}`" in takes for name in beside["properties"] if name in SHARED_FIELDS)
        for name in entry["output"].get("properties", {}):
            assert f"`{name}`" in section.partition("Leaves")[2].partition("\n")[0]
    for model in (AutomationDocument, Action, RetryPolicy):
        for name in set(model.model_fields) - {"trigger"}:
            assert f"\n| `{name}` |" in page
