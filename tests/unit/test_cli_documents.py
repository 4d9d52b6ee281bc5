"""Documents in files: how they are read, written, and matched with what is there."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.definition.reading import read_yaml
from automations_cli.demonstration import DOCUMENT, is_same_document
from automations_cli.documents import (
    WrittenDocument,
    choose_existing,
    describe_change,
    load_documents,
    read_documents,
    refuse_same_names,
    split_yaml,
)
from automations_cli.failures import CommandFailed, NotThere, WrongUsage
from automations_cli.yaml_text import choose_file_fields, render_yaml

TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_yaml_that_is_printed_is_read_back_as_the_same_value(value: object) -> None:
    assert read_yaml(render_yaml(value)) == value


@pytest.mark.parametrize(
    "text", ["1e5", "no", "2026-01-01", "null", "0x1f", "-3", "1.0", "~", "=", "a: b", "# c", "|", "0\x85"]
)
def test_yaml_keeps_text_that_looks_like_something_else(text: str) -> None:
    assert read_yaml(render_yaml({"a": text})) == {"a": text}


def test_yaml_shows_long_text_as_a_block() -> None:
    assert render_yaml({"body": "Hello\n\nBye\n"}) == "body: |\n  Hello\n\n  Bye\n"


def test_file_of_an_automation_holds_what_apply_takes() -> None:
    """The figures that the api adds do not go into a file; a client's own fields do."""
    shown = {
        "id": "a",
        "version": 3,
        "status": "active",
        "environment": "live",
        "name": "N",
        "x-id": "k",
        "draft": None,
    }
    assert choose_file_fields(shown | {"runs_7_days": 3, "warnings": []}) == {
        "id": "a",
        "status": "active",
        "version": 3,
        "name": "N",
        "x-id": "k",
    }


def test_several_documents_keep_the_lines_of_their_file() -> None:
    """An error in the third document names the line that an editor shows."""
    text = "# head\n---\nname: a\n---\n\nname: b\n---\nname: [\n"
    assert split_yaml(text)[0] == "\n\nname: a\n"
    with pytest.raises(CommandFailed, match="line 9"):
        read_documents(text, "file.yaml", is_json=False)


@pytest.mark.parametrize(
    ("text", "is_json", "names"),
    [
        ("name: a\n", False, ["a"]),
        ("---\nname: a\n---\nname: b\n...\n", False, ["a", "b"]),
        ('[{"name": "a"}, {"name": "b"}]', True, ["a", "b"]),
        ('{"items": [{"name": "a"}]}', True, ["a"]),
        ("# nothing\n", False, []),
    ],
)
def test_documents_are_read_from_yaml_and_json(text: str, is_json: bool, names: list[str]) -> None:
    assert [one.fields["name"] for one in read_documents(text, "f", is_json=is_json)] == names


@pytest.mark.parametrize(("text", "is_json"), [("- 3\n", False), ("name: a\nname: b\n", False), ("{", True)])
def test_what_is_no_document_is_refused_with_its_file(text: str, is_json: bool) -> None:
    with pytest.raises(CommandFailed, match=r"deals\.yaml"):
        read_documents(text, "deals.yaml", is_json=is_json)


def test_folder_gives_its_documents_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("name: b\n")
    (tmp_path / "a.json").write_text('{"name": "a"}')
    (tmp_path / "notes.txt").write_text("nothing")
    assert [one.fields["name"] for one in load_documents([tmp_path])] == ["a", "b"]
    with pytest.raises(NotThere, match="missing"):
        load_documents([tmp_path / "missing.yaml"])


def automation(number: str, name: str, status: str = "active", **more: object) -> dict[str, Any]:
    return {"id": number, "name": name, "status": status, **more}


def test_document_is_about_the_automation_of_its_id_else_x_id_else_name() -> None:
    known = [automation("1", "A"), automation("2", "B", **{"x-id": "k"}), automation("3", "C", "archived")]
    assert choose_existing({"id": "1", "name": "B"}, known) == known[0]
    assert choose_existing({"x-id": "k", "name": "renamed"}, known) == known[1]
    assert choose_existing({"name": "A"}, known) == known[0]
    assert choose_existing({"name": "C"}, known) is None
    assert choose_existing({"x-id": "new", "name": "A"}, known) == known[0]
    assert choose_existing({"x-id": "new", "name": "B"}, known) is None
    with pytest.raises(NotThere, match="9"):
        choose_existing({"id": "9"}, known)
    with pytest.raises(CommandFailed, match="2 automations"):
        choose_existing({"name": "A"}, [*known, automation("4", "A")])


def test_two_documents_for_one_automation_are_refused() -> None:
    same = [WrittenDocument("a.yaml", {"name": "A"}), WrittenDocument("b.yaml", {"name": "A"})]
    with pytest.raises(WrongUsage, match=r"a\.yaml and b\.yaml"):
        refuse_same_names(same)


def shown(version: int, status: str) -> dict[str, Any]:
    return {"environments": {"live": {"version": version, "status": status}, "sandbox": None}}


def test_change_is_described_by_version_and_status() -> None:
    assert describe_change(None, shown(1, "draft"), "live") == "created v1, draft"
    assert describe_change(shown(1, "draft"), shown(1, "draft"), "live") == "unchanged"
    assert describe_change(shown(1, "draft"), shown(2, "active"), "live") == "updated to v2, active"
    assert describe_change(shown(1, "active"), shown(1, "paused"), "live") == "paused"


def test_demo_document_is_known_again_by_what_it_says() -> None:
    """The ids that actions are given, and the order of keys, say nothing."""
    document = read_yaml(DOCUMENT.read_bytes())
    assert isinstance(document, dict)
    kept = {**document, "id": "1", "actions": [{**one, "id": one["type"]} for one in document["actions"]]}
    assert is_same_document(kept, document)
    kept["actions"][0]["params"] = {"queue_id": "mine"}
    assert not is_same_document(kept, document)
