"""What services say to each other: stored, and readable across releases."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from automations.contracts import topics
from automations.contracts.commands import start_run_reader
from automations.contracts.controls import control_reader
from automations.contracts.dead_letters import dead_letter_reader
from automations.contracts.definitions import definition_reader
from automations.contracts.notifications import notification_result_reader, send_notification_reader
from automations.contracts.results import result_reader
from automations.contracts.schemas import COMMAND, MESSAGES, render_schema, stored_path
from automations.contracts.wire import Reader, encode

EXAMPLES = Path(__file__).with_name("examples")
READERS: dict[str, Reader[Any]] = {
    "automation_defined": definition_reader,
    "cancel_run": control_reader,
    "complete_task": control_reader,
    "dead_letter": dead_letter_reader,
    "notification_result": notification_result_reader,
    "run_advanced": result_reader,
    "sandbox_switched": definition_reader,
    "send_notification": send_notification_reader,
    "start_run": start_run_reader,
    "start_skipped": result_reader,
}
RECORDED = sorted(EXAMPLES.glob("*.json"))


@pytest.mark.parametrize("name", sorted(MESSAGES))
def test_stored_schema_is_that_of_the_code(name: str) -> None:
    path = stored_path(name)
    assert path.exists(), f"no schema is stored for {name}; run: {COMMAND}"
    assert path.read_text(encoding="utf-8") == render_schema(MESSAGES[name]), f"{name} has changed; run: {COMMAND}"


def test_every_stored_schema_belongs_to_a_message() -> None:
    assert {path.stem for path in stored_path("x").parent.glob("*.json")} == set(MESSAGES)


def test_every_message_has_an_example_and_a_reader() -> None:
    """An example is named after its message, with the release that recorded it behind a dot."""
    assert {path.name.split(".")[0] for path in RECORDED} == set(MESSAGES) == set(READERS)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_message_recorded_by_an_earlier_release_is_still_read(path: Path) -> None:
    """Nothing that the recorded message says is lost or understood otherwise."""
    name = path.name.split(".")[0]
    recorded = json.loads(path.read_text(encoding="utf-8"))
    message = READERS[name].read(path.read_bytes())
    assert type(message) is MESSAGES[name]
    assert not _lost(recorded, json.loads(encode(message)))


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_message_of_a_newer_release_is_read_without_its_new_fields(path: Path) -> None:
    name = path.name.split(".")[0]
    recorded = json.loads(path.read_text(encoding="utf-8"))
    newer = json.dumps({**recorded, "a_field_of_tomorrow": {"x": [1]}}).encode()
    assert READERS[name].read(newer) == READERS[name].read(path.read_bytes())


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem)
def test_fields_that_a_recorded_message_lacks_have_defaults(path: Path) -> None:
    """A message without its optional fields is read: what became a field later must be optional."""
    message = MESSAGES[path.name.split(".")[0]]
    required = {field.encode_name for field in msgspec.structs.fields(message) if field.required}
    recorded = json.loads(path.read_text(encoding="utf-8"))
    bare = {key: value for key, value in recorded.items() if key in required or key == "type"}
    READERS[path.name.split(".")[0]].read(json.dumps(bare).encode())


@pytest.mark.parametrize("topic", topics.ALL_TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_a_key_an_owner_and_a_retention(topic: topics.Topic) -> None:
    assert re.fullmatch(r"(crm|automations)\.[a-z-]+", topic.name)
    assert topic.key
    assert topic.written_by
    assert topic.read_by
    assert topic.kept is not None or topic is topics.DEFINITIONS


def test_all_topics_lists_every_topic_once() -> None:
    declared = [value for value in vars(topics).values() if isinstance(value, topics.Topic)]
    assert sorted(topic.name for topic in declared) == sorted(topic.name for topic in topics.ALL_TOPICS)


def _lost(said: Any, read: Any) -> bool:
    """Whether something that was said is not in what was read; a default may be left out, times may be rewritten."""
    if isinstance(said, dict):
        return any(key not in read or _lost(value, read[key]) for key, value in said.items())
    if isinstance(said, list):
        return len(said) != len(read) or any(_lost(one, other) for one, other in zip(said, read, strict=True))
    return bool(said != read)
