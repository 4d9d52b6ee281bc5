"""What a document must be, and that every problem is said at once."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.definition import (
    ACTION_TYPES,
    DOCUMENT_FIELDS,
    REQUEST_FIELDS,
    compile_trigger,
    document_of,
    load_document,
    validate_document,
)
from automations.definition.action_checks import LATER_ACTION_TYPES
from automations.definition.validation import LATER_FIELDS
from automations.paths import Scope

EXAMPLE: dict[str, Any] = {
    "name": "Auto-assign high-priority cases",
    "trigger": {"event": "case.created", "conditions": {"priority": "critical"}},
    "actions": [
        {"type": "assign_to_queue", "params": {"queue_id": "..."}},
        {"type": "send_notification", "params": {"channel": "slack", "message": "Critical case created"}},
    ],
}
NOTIFY: dict[str, Any] = {"type": "notify_user", "params": {"user": "ada", "message": "hello"}}


def example(**changes: Any) -> dict[str, Any]:
    return copy.deepcopy(EXAMPLE) | changes


def with_actions(*actions: Any) -> dict[str, Any]:
    return example(actions=list(actions))


def problems(raw: object, **options: bool) -> dict[str, str]:
    """Return the code of each problem by its pointer."""
    validated = validate_document(raw, **options)
    assert (validated.document is None) is bool(validated.problems)
    return {problem.pointer: problem.code for problem in validated.problems}


def test_first_example_is_valid_as_it_stands() -> None:
    """The smallest useful automation needs no ids, and gets them written back."""
    validated = validate_document(EXAMPLE)
    assert (validated.problems, validated.warnings) == ([], [])
    assert validated.document is not None
    assert [action["id"] for action in validated.document["actions"]] == ["assign_to_queue", "send_notification"]
    for action in validated.document["actions"]:
        del action["id"]
    assert validated.document == EXAMPLE


def test_ids_are_the_type_and_its_number_in_the_lists_order() -> None:
    """An id that is absent or null is given; one that somebody else has written is stepped over."""
    actions = [NOTIFY, NOTIFY | {"id": None}, NOTIFY | {"id": "notify_user_3"}, NOTIFY]
    validated = validate_document(with_actions(*actions))
    assert validated.document is not None
    given_ids = [action["id"] for action in validated.document["actions"]]
    assert given_ids == ["notify_user", "notify_user_2", "notify_user_3", "notify_user_4"]


def test_validation_leaves_what_it_was_given_unchanged() -> None:
    """The document that comes back is another object."""
    raw = example()
    validated = validate_document(raw)
    assert raw == EXAMPLE
    assert validated.document is not None
    validated.document["trigger"]["event"] = "other"
    assert raw == EXAMPLE


def test_all_problems_are_reported_at_once() -> None:
    """Each wrong field is named, wherever it stands."""
    raw = {
        "nme": "x",
        "description": 5,
        "tags": ["a", 5],
        "layout": [],
        "trigger": {"evnt": "a", "conditions": {"a": {"gte": [1]}}},
        "conditions": [1],
        "actions": [
            5,
            {"type": "send_emial"},
            {"type": "find_records"},
            {},
            {"type": "send_email", "params": {"subject": "{{ nope }}", "cc": {"a": 1}}, "retry": 4},
            {"type": "send_email", "id": "a b", "name": 7, "params": {"to": ["x", {}], "subject": "x"}},
            {"type": "human_task", "params": []},
        ],
    }
    assert problems(raw) == {
        "/nme": "unknown_field",
        "/name": "missing",
        "/description": "type",
        "/tags/1": "type",
        "/layout": "type",
        "/trigger/evnt": "unknown_field",
        "/trigger/event": "missing",
        "/trigger/conditions/a/gte": "type",
        "/conditions/0": "type",
        "/actions/0": "type",
        "/actions/1/type": "unknown_type",
        "/actions/2/type": "not_available",
        "/actions/3/type": "missing",
        "/actions/4/retry": "type",
        "/actions/4/params/to": "missing",
        "/actions/4/params/cc": "type",
        "/actions/4/params/subject": "unknown_name",
        "/actions/5/id": "pattern",
        "/actions/5/name": "type",
        "/actions/5/params/to/1": "type",
        "/actions/6/params": "type",
    }


@pytest.mark.parametrize(
    ("raw", "pointer", "words"),
    [
        (example(condtions={}), "/condtions", 'Did you mean "conditions"?'),
        (with_actions({"type": "send_emial"}), "/actions/0/type", 'Did you mean "send_email"?'),
        (with_actions({"type": "create_task", "params": {}}), "/actions/0/params/title", '"title" is required.'),
        (with_actions(NOTIFY | {"id": "1st"}), "/actions/0/id", "begins with a letter or _"),
        (with_actions(NOTIFY | {"id": "a"}, NOTIFY | {"id": "a"}), "/actions/1/id", "that of action 1"),
        (example(tags=["a", 5]), "/tags/1", 'Entry 2 of "tags" is text, not a number.'),
        (example(trigger="case.created"), "/trigger", '{"event": "case.created"}'),
        (example(name=" "), "/name", "must not be empty"),
        (example(name=None), "/name", "is text, not null"),
    ],
)
def test_message_says_what_would_be_right(raw: object, pointer: str, words: str) -> None:
    """A message names the field and helps on."""
    (problem,) = validate_document(raw).problems
    assert (problem.pointer, words in problem.message) == (pointer, True)


@pytest.mark.parametrize("field", sorted(LATER_FIELDS))
def test_document_that_asks_for_a_later_rule_is_refused(field: str) -> None:
    """What is not built yet is refused, never silently left out."""
    assert problems(example(**{field: 1})) == {f"/{field}": "not_available"}


@pytest.mark.parametrize("kind", sorted(LATER_ACTION_TYPES))
def test_action_of_a_later_type_is_refused(kind: str) -> None:
    """A type that is planned is not called unknown."""
    assert kind not in ACTION_TYPES
    assert problems(with_actions({"type": kind})) == {"/actions/0/type": "not_available"}


@pytest.mark.parametrize("event", ["case.*", "*", ["case.created"], ["case.created", "account.*"]])
def test_trigger_names_one_event_a_pattern_or_several(event: object) -> None:
    validated = validate_document(example(trigger={"event": event}))
    assert validated.document is not None
    assert load_document(validated.document).trigger.event == event


@pytest.mark.parametrize("event", [[], "case*", "case created", "", None, 5, "x" * 201])
def test_trigger_with_an_event_that_cannot_be_understood_is_refused(event: object) -> None:
    assert list(problems(example(trigger={"event": event}))) == ["/trigger/event"]


def test_step_is_named_only_after_it_ran() -> None:
    """Text may speak of the steps of earlier actions, by given ids too, and not of its own or later ones."""
    speaks = {"type": "notify_user", "params": {"user": "a", "message": "{{ steps.create_task.output.id }}"}}
    task = {"type": "create_task", "params": {"title": "call"}}
    assert problems(with_actions(task, speaks)) == {}
    assert problems(with_actions(speaks, task)) == {"/actions/0/params/message": "unknown_step"}
    assert problems(with_actions(speaks | {"id": "create_task"})) == {"/actions/0/params/message": "unknown_step"}


def test_unknown_parameter_is_a_warning() -> None:
    """A parameter that the action does not know is kept and reported, with the nearest that it knows."""
    validated = validate_document(
        with_actions({"type": "notify_user", "params": {"user": "a", "message": "", "mesage": 1}})
    )
    assert validated.problems == []
    assert [(warning.pointer, warning.code) for warning in validated.warnings] == [
        ("/actions/0/params/mesage", "unknown_parameter")
    ]
    assert '"message"' in validated.warnings[0].message
    assert validated.document is not None
    assert validated.document["actions"][0]["params"]["mesage"] == 1


def test_draft_may_be_without_actions() -> None:
    """What a builder saves by itself may be unfinished; what is published may not."""
    for raw in (example(actions=[]), {name: part for name, part in EXAMPLE.items() if name != "actions"}):
        assert problems(raw) == {"/actions": "missing"}
        validated = validate_document(raw, draft=True)
        assert validated.document == raw
        assert [warning.pointer for warning in validated.warnings] == ["/actions"]


@pytest.mark.parametrize(
    ("raw", "pointer"),
    [
        (example(name="a\x00"), "/name"),
        (example(description="\ud800"), "/description"),
        (with_actions(NOTIFY | {"x-note": {"a/b": "\udfff"}}), "/actions/0/x-note/a~1b"),
        (example(**{"x-\x00": 1}), ""),
        (example(layout={"x": float("inf")}), "/layout/x"),
        (example(layout={"x": 10**400}), "/layout/x"),
    ],
)
def test_text_that_cannot_be_stored_is_refused(raw: object, pointer: str) -> None:
    """NUL, half a character and numbers beyond a double are found wherever they stand."""
    assert pointer in problems(raw)


def test_document_has_limits() -> None:
    """The size, the depth and the number of actions are limited, each with its own words."""
    deep: dict[str, Any] = {}
    for _ in range(60):
        deep = {"a": deep}
    assert set(problems(example(layout=deep)).values()) == {"too_deep"}
    assert problems(example(layout={"a": "x" * 262_144})) == {"": "too_large"}
    assert problems(with_actions(*[NOTIFY] * 201)) == {"/actions": "too_many"}
    assert problems(with_actions(*[NOTIFY] * 200)) == {}
    assert problems(example(name="x" * 201)) == {"/name": "too_long"}


@pytest.mark.parametrize("raw", [None, [], "text", 5])
def test_document_is_an_object(raw: object) -> None:
    """Anything else is one problem of the whole."""
    assert problems(raw) == {"": "type"}


def test_clients_own_fields_are_kept() -> None:
    """A name that begins with x- is the client's own, at the top and in an action."""
    raw = example(**{"x-owner": {"team": 1}})
    raw["actions"][0]["x-note"] = "mine"
    validated = validate_document(raw)
    assert validated.document is not None
    assert validated.document["x-owner"] == {"team": 1}
    assert validated.document["actions"][0]["x-note"] == "mine"


def test_answer_can_be_sent_back() -> None:
    """What the API adds around a document is taken off again, and is never a document's own field."""
    assert not DOCUMENT_FIELDS & REQUEST_FIELDS
    answer = example() | dict.fromkeys(REQUEST_FIELDS, "x")
    assert document_of(answer) == EXAMPLE


def test_conditions_at_the_top_join_the_triggers() -> None:
    """Both must hold, also where they speak of one field."""
    document = validate_document(example(conditions={"region": "EMEA"})).document
    assert document is not None
    condition = compile_trigger(document)
    assert condition.holds(Scope(record={"priority": "critical", "region": "EMEA"}))
    assert not condition.holds(Scope(record={"priority": "critical"}))
    assert not condition.holds(Scope(record={"region": "EMEA"}))
    assert len(condition.tree.parts) == 2


def test_conditions_may_be_a_list_of_groups() -> None:
    """In both places; each group must hold."""
    groups = [{"region": "EMEA"}, {"any": [{"source": "web"}, {"amount": {"gt": 5}}]}]
    for raw in (example(conditions=groups), example(trigger={"event": "case.created", "conditions": groups})):
        document = validate_document(raw).document
        assert document is not None
        assert groups in (load_document(document).conditions, load_document(document).trigger.conditions)
        record = {"priority": "critical", "region": "EMEA", "amount": 6}
        assert compile_trigger(document).holds(Scope(record=record))
        assert not compile_trigger(document).holds(Scope(record=record | {"amount": 5}))


def test_loaded_document_has_types() -> None:
    """A validated document loads, and absent parts have their defaults."""
    document = validate_document(with_actions(NOTIFY, {"type": "human_task"})).document
    assert document is not None
    loaded = load_document(document)
    assert loaded.trigger.event == "case.created"
    assert [(action.id, action.type) for action in loaded.actions] == [
        ("notify_user", "notify_user"),
        ("human_task", "human_task"),
    ]
    assert (loaded.description, loaded.tags, loaded.actions[1].params) == ("", [], {})


PARAMS: dict[str, dict[str, Any]] = {
    "send_email": {"to": "a@b.c", "subject": "s"},
    "update_field": {"field": "f", "value": [1]},
    "create_task": {"title": "t", "due_in": "3d"},
    "assign_to_queue": {"queue_id": "q"},
    "notify_user": {"user": "u", "message": "m"},
    "send_notification": {"channel": "slack", "message": "{{ record.name }}"},
    "call_webhook": {"url": "https://example.com", "body": {"a": 1}},
    "human_task": {},
}
ACTIONS = st.builds(
    lambda kind, extra: {"type": kind, "params": PARAMS[kind], **extra},
    st.sampled_from(sorted(PARAMS)),
    st.fixed_dictionaries({}, optional={"id": st.sampled_from(["a", "human_task", "b_2", None]), "name": st.just("n")}),
)
CONDITIONS = st.none() | st.dictionaries(st.sampled_from(["a", "b.c"]), st.none() | st.integers() | st.booleans())
DOCUMENTS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "name": st.just("n"),
        "trigger": st.builds(
            lambda conditions: {"event": "case.created", "conditions": conditions},
            CONDITIONS | st.lists(CONDITIONS, max_size=2),
        ),
        "actions": st.lists(ACTIONS, min_size=1, max_size=5, unique_by=lambda action: action.get("id") or object()),
    },
    optional={"description": st.just("d"), "tags": st.just(["t"]), "layout": st.just({"a": {"x": 1}})},
)


@given(raw=DOCUMENTS)
def test_stored_document_validates_to_itself(raw: dict[str, Any]) -> None:
    """What validation gives back is valid, and a second validation changes nothing."""
    first = validate_document(raw)
    assert first.problems == []
    second = validate_document(first.document)
    assert (second.document, second.problems, second.warnings) == (first.document, [], first.warnings)


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["{{ x", "human_task"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["name", "trigger", "event", "conditions", "actions", "type", "params", "id", "to", "form"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(raw=JSON)
def test_validation_never_fails(raw: object) -> None:
    """Whatever is sent, the answer is a document or problems with pointers that lead into it, or to what is missing."""
    validated = validate_document(raw)
    assert (validated.document is None) is bool(validated.problems)
    for problem in validated.problems:
        assert problem.pointer == "" or problem.pointer.startswith("/")
        assert problem.message.endswith((".", "?"))
