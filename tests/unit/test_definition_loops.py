"""Which automations would start themselves again, and which would not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automations.definition import validate_document
from automations.definition.document import document_of
from automations.definition.loops import Known, events_caused, find_loops, may_loop, patterns_hearing
from automations.definition.reading import read_yaml

SAMPLES = Path(__file__).parents[2] / "examples" / "automations"


def known(name: str, event: Any, action: dict[str, Any], conditions: Any = None) -> Known:
    raw = {"name": name, "trigger": {"event": event, "conditions": conditions}, "actions": [action]}
    validated = validate_document(raw)
    assert validated.document is not None, validated.problems
    return Known(name, validated.document)


def update(**fields: Any) -> dict[str, Any]:
    return {"type": "update_field", "params": {"fields": fields}}


QUEUE = {"type": "assign_to_queue", "params": {"queue_id": "tier-2"}}
TASK = {"type": "create_task", "params": {"title": "Call", "priority": "high"}}
SLACK = {"type": "send_notification", "params": {"channel": "slack", "message": "m"}}

DIRECT: list[Any] = [
    ("case.updated", update(priority="high"), None),
    ("case.updated", update(priority="{{ record.severity }}"), {"priority": "high"}),
    ("case.updated", update(priority="high"), {"priority": "high"}),
    ("case.updated", update(priority="high"), {"priority": ["low", "high"]}),
    ("case.updated", update(priority="high"), {"priority": {"changed_to": "high"}}),
    ("case.updated", update(priority="high"), {"priority": {"changed": True}}),
    ("case.updated", update(priority="high"), {"owner": "ines"}),
    ("case.updated", update(priority="high"), {"any": [{"priority": "low"}, {"owner": "ines"}]}),
    ("case.updated", update(priority="high"), {"not": {"priority": "low"}}),
    ("case.updated", update(priority="high"), {"event.actor.type": "automation"}),
    ("case.*", update(priority="high"), None),
    ("*", update(priority="high"), None),
    (["lead.created", "case.updated"], update(priority="high"), None),
    ("opportunity.stage_changed", update(stage="won"), None),
    ("case.status_changed", update(status="open"), {"owner": "ines"}),
    ("case.updated", QUEUE, None),
    ("case.updated", QUEUE, {"queue": "tier-2"}),
    ("case.updated", QUEUE, {"queue": {"changed": True}}),
    ("task.created", TASK, None),
    ("task.created", TASK, {"priority": "high"}),
    ("*", TASK, None),
]


@pytest.mark.parametrize(("event", "action", "conditions"), DIRECT)
def test_automation_that_writes_what_it_listens_to_is_named(event: Any, action: Any, conditions: Any) -> None:
    subject = known("a", event, action, conditions)
    assert may_loop(subject.document)
    [loop] = find_loops(subject, [])
    assert (loop.pointer, loop.code) == ("/actions/0", "loop")
    assert [link.automation_id for link in loop.chain] == ["a"]
    assert loop.chain[0].event in loop.message


HARMLESS: list[Any] = [
    ("case.created", update(priority="high"), None),
    ("case.updated", SLACK, None),
    ("lead.updated", TASK, None),
    ("case.stage_changed", update(priority="high"), None),
    ("case.updated", update(priority="high"), {"priority": "low"}),
    ("case.updated", update(priority="high"), {"priority": ["low", "normal"]}),
    ("case.updated", update(priority="high"), {"priority": {"ne": "high"}}),
    ("case.updated", update(priority="high"), {"priority": {"changed_to": "low"}}),
    ("case.updated", update(amount=5), {"amount": {"gte": 10}}),
    ("case.updated", update(priority="high"), {"owner": {"changed": True}}),
    ("case.updated", update(priority="high"), {"owner": {"changed_to": "ines"}}),
    ("case.updated", update(priority="high"), {"all": [{"owner": "x"}, {"priority": "low"}]}),
    ("case.updated", update(priority="high"), {"not": {"priority": "high"}}),
    ("case.updated", update(account={"country": "DE"}), {"account.country": "FR"}),
    ("case.updated", update(priority="high"), {"event.actor.type": {"ne": "automation"}}),
    ("case.updated", update(priority="high"), {"event.actor.type": "user"}),
    ("case.updated", QUEUE, {"queue": "tier-1"}),
    ("case.updated", QUEUE, {"queue": {"exists": False}}),
    ("task.created", TASK, {"priority": "low"}),
    ("task.created", TASK, {"title": {"changed": True}}),
    (["case.created", "lead.updated"], TASK, None),
]


@pytest.mark.parametrize(("event", "action", "conditions"), HARMLESS)
def test_automation_that_cannot_start_itself_is_not_named(event: Any, action: Any, conditions: Any) -> None:
    assert find_loops(known("a", event, action, conditions), []) == []


def test_chain_through_others_is_told_in_its_order() -> None:
    """The first of the chain is the automation that was asked about, the last writes what it listens to."""
    subject = known("a", "task.created", update(status="open"))
    between = known("b", "task.status_changed", update(priority="high"))
    last = known("c", ["task.updated", "case.*"], TASK, {"priority": "high"})
    aside = known("d", "task.updated", SLACK)
    [loop] = find_loops(subject, [between, last, aside])
    assert [(link.automation_id, link.event) for link in loop.chain] == [("a", "task.updated"), ("c", "task.created")]
    assert '"c" listens to that and creates a task' in loop.message
    assert loop.as_dict()["chain"] == [link.as_dict() for link in loop.chain]


def test_chain_is_broken_by_what_the_one_between_asks_for() -> None:
    subject = known("a", "case.updated", update(priority="high"), {"priority": "low"})
    back = update(priority="low")
    assert find_loops(subject, [known("b", "case.updated", back, {"priority": "normal"})]) == []
    [loop] = find_loops(subject, [known("b", "case.updated", back, {"priority": "high"})])
    assert len(loop.chain) == 2


def test_what_an_automation_asks_for_still_holds_when_the_next_is_asked() -> None:
    """Two automations for two regions do not start each other: the region is written by neither."""
    one = known("a", "case.updated", update(priority="low"), {"region": "EMEA", "priority": "high"})
    other = known("b", "case.updated", update(priority="high"), {"region": "APAC", "priority": "low"})
    assert find_loops(one, [other]) == []
    same = known("b", "case.updated", update(priority="high"), {"region": "EMEA", "priority": "low"})
    assert len(find_loops(one, [same])) == 1


def test_each_action_with_which_a_chain_begins_is_named_once() -> None:
    raw = {
        "name": "n",
        "trigger": {"event": ["case.updated", "case.status_changed"]},
        "actions": [SLACK, update(status="open"), TASK, update(priority="high")],
    }
    document = validate_document(raw).document
    assert document is not None
    assert [loop.pointer for loop in find_loops(Known(None, document), [])] == ["/actions/1", "/actions/3"]


def test_samples_give_no_false_alarm() -> None:
    documents = []
    for path in sorted(SAMPLES.glob("*.yaml")):
        fields = read_yaml(path.read_bytes())
        assert isinstance(fields, dict)
        document = validate_document(document_of(fields)).document
        assert document is not None
        documents.append(Known(path.stem, document))
    for subject in documents:
        assert find_loops(subject, [other for other in documents if other is not subject]) == []


def test_caused_events_are_found_by_types_and_patterns() -> None:
    subject = known("a", ["case.*", "lead.updated"], update(stage="won"))
    caused = events_caused(subject.document)
    assert caused == {"case.updated", "case.stage_changed", "lead.updated", "lead.stage_changed"}
    assert patterns_hearing({"case.updated"}) == {"case.updated", "case.*", "*"}


EVENTS = st.sampled_from(["case.updated", "case.created", "case.*", "*", "task.created", "task.updated"])
ACTIONS = st.sampled_from([update(priority="high"), update(status="open"), QUEUE, TASK, SLACK])
WISHES = st.sampled_from(
    [None, {"priority": "high"}, {"priority": "low"}, {"status": {"changed": True}}, {"owner": "x"}]
)
AUTOMATIONS = st.lists(st.tuples(EVENTS, ACTIONS, WISHES), min_size=1, max_size=6)


@given(AUTOMATIONS)
def test_every_chain_ends_with_what_the_first_listens_to(written: list[tuple[str, Any, Any]]) -> None:
    """Each link is an automation that is there, each event one that its action causes; the search always ends."""
    documents = [known(str(place), *one) for place, one in enumerate(written)]
    by_id = {one.automation_id: one for one in documents}
    for subject in documents:
        for loop in find_loops(subject, [other for other in documents if other is not subject]):
            assert loop.chain[0].automation_id == subject.automation_id
            heard = patterns_hearing({loop.chain[-1].event})
            assert subject.document["trigger"]["event"] in heard
            for link, following in zip(loop.chain, loop.chain[1:], strict=False):
                assert by_id[following.automation_id].document["trigger"]["event"] in patterns_hearing({link.event})
