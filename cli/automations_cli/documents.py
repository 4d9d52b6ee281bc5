"""Automation documents in files, and what applying one changes."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from automations_cli.failures import CommandFailed, NotThere, WrongUsage

SUFFIXES = (".yaml", ".yml", ".json")
_SEPARATOR = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)
_NOTHING_BUT_COMMENTS = re.compile(r"(?:[ \t]*(?:#.*)?(?:\n|$))*")

JsonObject = dict[str, Any]


@dataclass(frozen=True)
class WrittenDocument:
    """A document as a file holds it; `source` names the file, and which document of it."""

    source: str
    fields: JsonObject


def load_documents(paths: Sequence[Path]) -> list[WrittenDocument]:
    """Return the documents of files and folders; `-` is the standard input.

    Raises:
        NotThere: there is no such file.
        WrongUsage: a folder holds no document.
        CommandFailed: a file cannot be read as YAML or JSON.
    """
    documents: list[WrittenDocument] = []
    for path in paths:
        if str(path) == "-":
            documents += read_documents(sys.stdin.read(), "standard input", is_json=False)
            continue
        for file in _files(path):
            try:
                text = file.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                raise CommandFailed(f"{file} cannot be read: {error}") from None
            documents += read_documents(text, str(file), is_json=file.suffix == ".json")
    return documents


def read_documents(text: str, source: str, *, is_json: bool) -> list[WrittenDocument]:
    """Return the documents of a text: YAML with `---` between them, or JSON (an object, a list, or a page of a list).

    Raises:
        CommandFailed: it cannot be read, or holds something that is no document; with the place.
    """
    from automations.definition.reading import ReadError, read_json, read_yaml

    values: list[object] = []
    try:
        if is_json:
            values = _unfold(read_json(text))
        else:
            for part in split_yaml(text):
                values += _unfold(read_yaml(part))
    except ReadError as error:
        raise CommandFailed(f"{source}: {error.problem.message}") from None
    found = []
    for number, value in enumerate(values, 1):
        name = source if len(values) == 1 else f"{source}, document {number}"
        if not isinstance(value, dict):
            raise CommandFailed(f"{name}: a document is a mapping with name, trigger and actions")
        found.append(WrittenDocument(name, value))
    return found


def split_yaml(text: str) -> list[str]:
    """Return the documents of a YAML text, each on the lines on which it stands in the whole; empty ones are left out.

    A parser's line numbers then are the file's.
    """
    parts, begin = [], 0
    for separator in [*_SEPARATOR.finditer(text), None]:
        end = separator.start() if separator else len(text)
        part = text[begin:end]
        if not _NOTHING_BUT_COMMENTS.fullmatch(part):
            parts.append("\n" * text.count("\n", 0, begin) + part)
        begin = separator.end() if separator else end
    return parts


def choose_existing(fields: Mapping[str, Any], automations: Iterable[JsonObject]) -> JsonObject | None:
    """Return the automation that a document is about, or None where it is a new one.

    It is the one of the document's `id`; else of its own `x-id`; else the one of its name that is not archived.

    Raises:
        NotThere: nothing has the document's `id`.
        CommandFailed: several automations are meant.
    """
    known = list(automations)
    if fields.get("id") is not None:
        found = [one for one in known if one.get("id") == fields["id"]]
        if not found:
            raise NotThere(f"There is no automation {fields['id']}; leave `id` out to create one.")
        return found[0]
    candidates = [one for one in known if one.get("status") != "archived"]
    own_id = fields.get("x-id")
    if own_id is not None:
        found = [one for one in candidates if one.get("x-id") == own_id]
        found = found or [one for one in candidates if "x-id" not in one and one.get("name") == fields.get("name")]
    else:
        found = [one for one in candidates if one.get("name") == fields.get("name")]
    if len(found) > 1:
        raise CommandFailed(
            f"{len(found)} automations are called {fields.get('name')!r}; write the `id` of one into the file.",
            [f"{one['id']}  {one.get('status')}" for one in found],
        )
    return found[0] if found else None


def refuse_same_names(documents: Iterable[WrittenDocument]) -> None:
    """Refuse two documents that would be applied to the same automation one after the other.

    Raises:
        WrongUsage: two have the same id, or the same name and no id.
    """
    seen: dict[tuple[str, str], str] = {}
    for document in documents:
        key = next(
            ((name, str(document.fields[name])) for name in ("id", "x-id", "name") if document.fields.get(name)), None
        )
        if key is None:
            continue
        if key in seen:
            raise WrongUsage(f"{seen[key]} and {document.source} have the same {key[0]}, {key[1]!r}")
        seen[key] = document.source


def describe_change(before: Mapping[str, Any] | None, after: Mapping[str, Any], environment: str) -> str:
    """Return in words what applying a document did; `before` and `after` are the automation as the api shows it."""
    version, status = _version_and_status(after, environment)
    if before is None:
        return f"created v{version}, {status}"
    old_version, old_status = _version_and_status(before, environment)
    words = []
    if old_version is None:
        words.append(f"created v{version} in the {environment}")
    elif version != old_version:
        words.append(f"updated to v{version}")
    if old_version is None or status != old_status:
        words.append(str(status))
    return ", ".join(words) or "unchanged"


def _version_and_status(automation: Mapping[str, Any], environment: str) -> tuple[Any, Any]:
    there = (automation.get("environments") or {}).get(environment) or {}
    return there.get("version"), there.get("status")


def _unfold(value: object) -> list[object]:
    if isinstance(value, dict) and isinstance(value.get("items"), list) and "trigger" not in value:
        return list(value["items"])
    return list(value) if isinstance(value, list) else [value]


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
        if not files:
            raise WrongUsage(f"{path} holds no {', '.join(SUFFIXES)}")
        return files
    if not path.exists():
        raise NotThere(f"There is no file {path}.")
    return [path]
