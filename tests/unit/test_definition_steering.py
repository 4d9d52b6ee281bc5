"""The fields by which actions are steered: what each type takes, and how it is said what does not fit."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from automations.definition import ACTION_TYPES, catalogue, load_document, validate_document
from automations.definition.actions.delay import DelayParams
from automations.definition.actions.human_task import HumanTaskParams
from automations.definition.document import Action, Goto, RetryPolicy
from automations.definition.moments import read_moment
from automations.problems import Problem

Json = dict[str, Any]
MINIMAL: dict[str, Json] = {
    "send_email": {"params": {"to": "a@b.c", "subject": "s"}},
    "update_field": {"params": {"field": "f"}},
    "create_task": {"params": {"title": "t"}},
    "notify_user": {"params": {"user": "u", "message": "m"}},
    "assign_to_queue": {"params": {"queue_id": "q"}},
    "send_notification": {"params": {"channel": "slack", "message": "m"}},
    "call_webhook": {"params": {"url": "https://example.com"}},
    "human_task": {},
    "branch": {"branches": [{"when": {"a": 1}, "next": "last"}]},
    "for_each": {"items": "things", "actions": [{"type": "human_task"}]},
    "delay": {"params": {"for": "1h"}},
    "set": {"params": {"values": {"a": 1}}},
    "stop": {"when": {"a": 1}},
}
VALUES: Json = {
    "when": {"b": 2},
    "next": "last",
    "on_error": "continue",
    "retry": {"max_attempts": 2},
    "timeout": "3d",
    "on_timeout": {"next": "last"},
    "at_most_once": True,
    "branches": [{"when": {"a": 1}, "next": "last"}],
    "otherwise": "last",
    "items": "things",
    "max": 5,
    "at_once": 2,
    "actions": [{"type": "human_task"}],
}


def check(kind: str, **fields: Any) -> list[Problem]:
    """Return the problems of one action, after which another one stands that it may lead to."""
    action = {"type": kind, "id": "first", **MINIMAL[kind], **fields}
    last = {"type": "notify_user", "id": "last", "params": {"user": "u", "message": "m"}}
    if kind != "branch":
        action.setdefault("next", "last")
    return validate_document({"name": "n", "trigger": {"event": "e"}, "actions": [action, last]}).problems


def codes(kind: str, **fields: Any) -> dict[str, str]:
    return {problem.pointer: problem.code for problem in check(kind, **fields)}


@pytest.mark.parametrize("kind", ACTION_TYPES)
@pytest.mark.parametrize("field", VALUES)
def test_type_takes_the_fields_it_lists_and_no_other(kind: str, field: str) -> None:
    """A field that would do nothing is refused where it stands."""
    extra = {"timeout": "3d"} if field == "on_timeout" and "timeout" in ACTION_TYPES[kind].takes else {}
    taken = field in ACTION_TYPES[kind].takes
    assert codes(kind, **{field: VALUES[field]}, **extra) == ({} if taken else {f"/actions/0/{field}": "not_taken"})


def test_every_field_of_an_action_is_some_types() -> None:
    """What stands in the model is taken by a type, and what a type takes stands in the model."""
    taken = {field for kind in ACTION_TYPES.values() for field in kind.takes}
    assert taken | {"type", "id", "name", "params"} == set(Action.model_fields)
    assert all(set(kind.needs) <= set(kind.takes) for kind in ACTION_TYPES.values())


def test_catalogue_has_a_schema_of_the_fields() -> None:
    """A form for a type's fields can be made from its entry: each has words, and no reference leads away."""
    for entry in catalogue():
        schema = entry["fields"]
        assert list(schema["properties"]) == list(ACTION_TYPES[entry["type"]].takes)
        assert schema["required"] == list(ACTION_TYPES[entry["type"]].needs)
        assert "$ref" not in str(schema)
        assert all(field["description"] for field in schema["properties"].values())


@pytest.mark.parametrize("kind", [kind for kind in ACTION_TYPES if ACTION_TYPES[kind].needs])
def test_needed_field_is_required(kind: str) -> None:
    """Its place is beside the type, and who wrote it into the parameters is told so."""
    for field in ACTION_TYPES[kind].needs:
        (problem,) = (problem for problem in check(kind, **{field: None}) if problem.code == "missing")
        assert problem.pointer == f"/actions/0/{field}"
        problems = check(kind, **{field: None}, params={field: VALUES[field]})
        assert any('not in "params"' in problem.message for problem in problems)


@pytest.mark.parametrize(
    ("kind", "fields", "pointer", "words"),
    [
        ("notify_user", {"on_error": "stop"}, "on_error", 'such as {"next": "tell_somebody"}'),
        ("notify_user", {"on_error": {"next": "last", "nxt": 1}}, "on_error/nxt", 'Did you mean "next"?'),
        ("notify_user", {"on_error": {}}, "on_error/next", "is required"),
        ("notify_user", {"next": {"id": "last"}}, "next", "the id of an action, or a list of ids"),
        ("notify_user", {"next": []}, "next", "names at least one action"),
        ("notify_user", {"next": "a b"}, "next", "begins with a letter"),
        ("notify_user", {"timeout": "soon"}, "timeout", "A duration is written like"),
        ("notify_user", {"timeout": 0}, "timeout", "longer than 0"),
        ("notify_user", {"retry": 3}, "retry", "an object"),
        ("notify_user", {"retry": {"max_attempts": 0}}, "retry/max_attempts", "at least 1"),
        ("notify_user", {"retry": {"max_attempts": 101}}, "retry/max_attempts", "at most 100"),
        ("notify_user", {"retry": {"factor": 11}}, "retry/factor", "at most 10"),
        ("notify_user", {"retry": {"delay": 1}}, "retry/delay", "no field"),
        ("notify_user", {"retry": {"within": "never"}}, "retry/within", "A duration"),
        ("notify_user", {"at_most_once": "yes"}, "at_most_once", "true or false"),
        ("notify_user", {"when": {"a": {"gt!": 1}}}, "when/a/gt!", ""),
        ("human_task", {"on_timeout": "fail"}, "timeout", 'leave "on_timeout" out'),
        ("branch", {"next": "last"}, "next", 'its entries and "otherwise"'),
        ("branch", {"branches": []}, "branches", "at least one entry"),
        ("branch", {"branches": [{"when": {}, "next": ["last"]}]}, "branches/0/next", "text"),
        ("branch", {"branches": [{"next": "last"}]}, "branches/0/when", "is required"),
        ("branch", {"branches": [{"when": {}, "next": "last", "to": 1}]}, "branches/0/to", "no field"),
        ("branch", {"branches": [{"when": {"any": 1}, "next": "last"}]}, "branches/0/when/any", ""),
        ("for_each", {"actions": []}, "actions", "at least one action"),
        ("for_each", {"actions": {}}, "actions", "a list"),
        ("for_each", {"items": 5}, "items", "a path"),
        ("for_each", {"at_once": 51}, "at_once", "at most 50"),
        ("for_each", {"max": 0}, "max", "at least 1"),
        ("delay", {"params": {}}, "params", "`for` or `until` is required"),
        ("delay", {"params": {"for": "1h", "until": "2030-01-01"}}, "params", "not both"),
        ("delay", {"params": {"until": "tomorrow"}}, "params/until", "A time is written like"),
        ("set", {"params": {"values": {}}}, "params/values", ""),
        ("set", {"params": {"values": {"a b": 1}}}, "params/values/a b", "begins with a letter"),
        ("stop", {"params": {"status": "cancelled"}}, "params/status", "completed"),
    ],
)  # fmt: skip
def test_message_says_what_would_be_right(kind: str, fields: Json, pointer: str, words: str) -> None:
    """One field is wrong: it is named, and the words help on."""
    (problem,) = check(kind, **fields)
    assert problem.pointer == f"/actions/0/{pointer}"
    assert words in problem.message


@pytest.mark.parametrize(
    ("word", "meant"),
    [("wait", "delay"), ("if", "branch"), ("loop", "for_each"), ("approval", "human_task"), ("end", "stop")],
)
def test_word_of_another_product_leads_to_ours(word: str, meant: str) -> None:
    """Who comes from elsewhere is told what it is called here."""
    raw = {"name": "n", "trigger": {"event": "e"}, "actions": [{"type": word}]}
    (problem,) = validate_document(raw).problems
    assert f'Did you mean "{meant}"?' in problem.message


def test_run_has_a_time_of_its_own() -> None:
    """The document's `timeout` is a length of time above 0."""
    raw = {"name": "n", "trigger": {"event": "e"}, "actions": [{"type": "human_task"}]}
    document = validate_document(raw | {"timeout": "30d"}).document
    assert document is not None
    assert load_document(document).timeout == timedelta(days=30)
    wrongs: list[object] = ["0s", "soon", [], -1]
    for wrong in wrongs:
        (problem,) = validate_document(raw | {"timeout": wrong}).problems
        assert problem.pointer == "/timeout"


def test_loaded_action_has_types() -> None:
    """Durations are lengths of time, a target is one, and what is absent has its default."""
    action = Action.model_validate(
        {"type": "call_webhook", "retry": {"within": "1h"}, "timeout": "90s", "on_error": {"next": ["a", "b"]}}
    )
    assert action.retry == RetryPolicy(within=timedelta(hours=1))
    assert action.retry is not None
    assert (action.retry.max_attempts, action.retry.factor) == (4, 4)
    assert (action.retry.first_delay, action.retry.max_delay) == (timedelta(seconds=0.5), timedelta(seconds=60))
    assert action.timeout == timedelta(seconds=90)
    assert action.on_error == Goto(next=["a", "b"])
    assert (action.on_timeout, action.at_most_once, action.max, action.at_once) == (None, False, 1_000, 1)
    assert "next" not in action.model_fields_set


@pytest.mark.parametrize(
    ("written", "moment"),
    [
        ("2030-05-31", datetime(2030, 5, 31, tzinfo=UTC)),
        ("2030-05-31T09:30", datetime(2030, 5, 31, 9, 30, tzinfo=UTC)),
        ("2030-05-31 09:30:00Z", datetime(2030, 5, 31, 9, 30, tzinfo=UTC)),
        (" 2030-05-31T09:30:00+02:00 ", datetime(2030, 5, 31, 7, 30, tzinfo=UTC)),
        (1_900_000_000, datetime(2030, 3, 17, 17, 46, 40, tzinfo=UTC)),
        ("1900000000.5", datetime(2030, 3, 17, 17, 46, 40, 500_000, tzinfo=UTC)),
        (datetime(2030, 5, 31), datetime(2030, 5, 31, tzinfo=UTC)),
    ],
)
def test_moment_is_read_as_it_is_written(written: object, moment: datetime) -> None:
    """ISO 8601 and seconds since 1970 give an aware time in UTC; without a zone, UTC is meant."""
    assert read_moment(written) == moment
    assert read_moment(written).utcoffset() == timedelta(0)


@pytest.mark.parametrize(
    "written",
    ["", "tomorrow", "2030-13-01", "20300531", "31.05.2030", "2030-W22", True, None, [], {}, 1e300, float("nan")],
)
def test_moment_that_is_none_is_refused(written: object) -> None:
    """The message says how a time is written."""
    with pytest.raises(ValueError, match="A time is written like"):
        read_moment(written)


def test_delay_takes_what_its_names_became() -> None:
    """Once rendered, a name is a length of time or a time; one without a value leaves nothing to wait for."""
    assert DelayParams.model_validate({"for": 90}).for_ == timedelta(seconds=90)
    assert DelayParams.model_validate({"until": "2030-01-01"}).until == datetime(2030, 1, 1, tzinfo=UTC)
    with pytest.raises(ValidationError, match="is required"):
        DelayParams.model_validate({"until": None})


@pytest.mark.parametrize(
    ("written", "due"),
    [
        ("2d", timedelta(days=2)),
        (3600, timedelta(hours=1)),
        ("2030-01-01", datetime(2030, 1, 1, tzinfo=UTC)),
        ("2030-01-01T08:00:00+01:00", datetime(2030, 1, 1, 7, tzinfo=UTC)),
        ("{{ record.due }}", "{{ record.due }}"),
    ],
)
def test_task_is_due_after_some_time_or_at_one(written: object, due: object) -> None:
    """Both are told apart by how they are written."""
    assert HumanTaskParams.model_validate({"due": written}).due == due


def test_due_that_is_neither_is_refused() -> None:
    """The message names both forms."""
    (problem,) = check("human_task", params={"due": "next week"})
    assert problem.pointer == "/actions/0/params/due"
    assert "2h 30m" in problem.message
    assert "2030-05-31" in problem.message
