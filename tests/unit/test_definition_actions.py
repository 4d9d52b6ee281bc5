"""What every type of action tells of itself, and what it takes."""

import ast
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import automations.definition.actions as actions_room
from automations.definition import ACTION_TYPES, catalogue, validate_document
from automations.durations import read_duration
from automations.paths import Scope
from automations.templates import render_params

ROOM = Path(actions_room.__file__).parent
MINIMAL: dict[str, dict[str, Any]] = {
    "send_email": {"to": "a@b.c", "subject": "s"},
    "update_field": {"field": "f"},
    "create_task": {"title": "t"},
    "notify_user": {"user": "u", "message": "m"},
    "assign_to_queue": {"queue_id": "..."},
    "send_notification": {"channel": "slack", "message": "m"},
    "call_webhook": {"url": "https://example.com"},
    "human_task": {},
    "branch": {},
    "for_each": {},
    "delay": {"for": "1h"},
    "set": {"values": {"a": 1}},
    "stop": {},
}


def params_of(kind: str, **params: Any) -> Any:
    return ACTION_TYPES[kind].params.model_validate(params)


def test_new_action_is_one_file_and_one_line() -> None:
    """Every file of the room but the shape itself is one type of action, named after it, and stands in the table."""
    files = {path.stem for path in ROOM.glob("*.py")} - {"__init__", "action_type"}
    assert files == set(ACTION_TYPES)
    for kind, action in ACTION_TYPES.items():
        assert action.type == kind
        assert action.params.__module__.rpartition(".")[2] == kind


def test_catalogue_describes_every_action() -> None:
    """Each entry is JSON, has words for people, and every parameter and output explains itself."""
    entries = json.loads(json.dumps(catalogue()))
    assert [entry["type"] for entry in entries] == list(ACTION_TYPES)
    for entry in entries:
        assert entry["title"]
        assert entry["description"].endswith(".")
        for part in ("params", "output"):
            assert entry[part]["type"] == "object"
            for name, field in entry[part].get("properties", {}).items():
                assert field.get("description"), f"{entry['type']}.{part}.{name} has no words"
                assert {"type": "null"} not in field.get("anyOf", []), f"{name} offers null in a form"


@pytest.mark.parametrize("kind", ACTION_TYPES)
def test_action_requires_little(kind: str) -> None:
    """What is listed here is enough, and each of it is needed, or `fields` in place of `field`."""
    entry = {item["type"]: item for item in catalogue()}[kind]
    params_of(kind, **MINIMAL[kind])
    assert set(entry["params"].get("required", [])) <= set(MINIMAL[kind])
    for name in MINIMAL[kind]:
        with pytest.raises(ValidationError):
            params_of(kind, **{each: value for each, value in MINIMAL[kind].items() if each != name})


@pytest.mark.parametrize(
    ("kind", "params"),
    [
        ("create_task", {"title": "t", "due_in": "{{ record.days }}d", "priority": "{{ record.priority }}"}),
        ("call_webhook", {"url": "{{ record.url }}", "method": "{% if record.x %}PUT{% else %}POST{% endif %}"}),
        ("send_email", {"to": ["{{ record.email }}"], "subject": "{{ record.name }}"}),
    ],
)
def test_names_may_stand_wherever_a_value_will_be(kind: str, params: dict[str, Any]) -> None:
    """A choice, a duration and an address accept a text with names, and are checked once it is rendered."""
    raw = {"name": "n", "trigger": {"event": "e"}, "actions": [{"type": kind, "params": params}]}
    assert validate_document(raw).problems == []


def test_rendered_parameters_have_their_types() -> None:
    """After rendering, numbers have become durations and texts, and a name without a value is empty text."""
    written = {"title": "{{ record.number }}", "due_in": "{{ record.seconds }}", "description": "{{ record.zip }}"}
    rendered = render_params(written, Scope(record={"number": 7, "seconds": 90}))
    params = params_of("create_task", **rendered.value)
    assert (params.title, params.due_in, params.description) == ("7", timedelta(seconds=90), None)
    missing = render_params({"user": "u", "message": "{{ record.zip }}"}, Scope())
    assert params_of("notify_user", **missing.value).message == ""


def test_rendered_choice_that_is_none_is_refused() -> None:
    """A name may give what is no choice; the step then fails with words."""
    rendered = render_params({"title": "t", "priority": "{{ record.p }}"}, Scope(record={"p": "asap"}))
    with pytest.raises(ValidationError, match="low"):
        params_of("create_task", **rendered.value)


def test_update_field_takes_one_field_or_several() -> None:
    """Both forms tell the same: the new value of each field."""
    assert params_of("update_field", field="a", value=1).changes() == {"a": 1}
    assert params_of("update_field", field="a", value=None).changes() == {"a": None}
    assert params_of("update_field", fields={"a": 1, "b": None}).changes() == {"a": 1, "b": None}
    refused: list[dict[str, Any]] = [{}, {"fields": {}}, {"field": "a", "fields": {"a": 1}}, {"value": 1}]
    for wrong in refused:
        with pytest.raises(ValidationError):
            params_of("update_field", **wrong)


def test_email_sender_is_written_from() -> None:
    """The document says `from`."""
    assert params_of("send_email", to="a", subject="s", **{"from": "x@y"}).from_ == "x@y"


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h 30m", 9000),
        ("1.5h", 5400),
        ("3d", 259_200),
        ("1w", 604_800),
        ("P1DT2H", 93_600),
        ("pt5m", 300),
        (60, 60),
        ("60", 60),
        (0.5, 0.5),
        (timedelta(minutes=1), 60),
    ],
)
def test_duration_is_read_as_people_write_it(written: object, seconds: float) -> None:
    """Units, ISO 8601 and plain seconds mean the same length of time."""
    assert read_duration(written) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "written", ["", "3 fortnights", "d3", "-1d", "P", True, None, [], -5, 1e300, "9999w", float("nan")]
)
def test_duration_that_is_none_is_refused(written: object) -> None:
    """The message says how a duration is written, or what its bounds are."""
    with pytest.raises(ValueError, match="duration"):
        read_duration(written)


def test_vocabulary_is_pure() -> None:
    """Documents, conditions, paths and texts reach no network, no file, no clock and no chance."""
    allowed = {
        "automations", "collections", "contextlib", "copy", "dataclasses", "datetime", "difflib", "functools", "io",
        "itertools", "json", "jsonschema_rs", "liquid", "math", "msgspec", "operator", "pydantic", "pydantic_core",
        "re", "re2", "sys", "types", "typing", "yaml",
    }  # fmt: skip
    package = ROOM.parent.parent
    plain = ("durations.py", "paths.py", "templates.py", "plain_texts.py", "template_language.py", "problems.py")
    files = [package / name for name in plain]
    files += [*package.glob("conditions/**/*.py"), *package.glob("definition/**/*.py")]
    own = {"automations.conditions", "automations.definition", "automations.durations", "automations.paths"}
    own |= {"automations.problems", "automations.templates", "automations.plain_texts", "automations.template_language"}
    for file in files:
        tree = ast.parse(file.read_text())
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.partition(".")[0] in allowed, f"{file.name} imports {name}"
                assert not name.startswith("automations.") or any(name.startswith(room) for room in own), name
        for clock in ("datetime.now(", "utcnow(", "date.today(", "time.time("):
            assert clock not in file.read_text(), f"{file.name} reads the clock"
