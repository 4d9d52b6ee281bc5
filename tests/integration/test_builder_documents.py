"""A document means the same in the builder, in the API and in a file, whichever of them wrote it.

The builder's own model runs here (`web/src/model`, through Node.js); what it would save is compared as the API stores
it. Numbers are those of JSON in a browser, doubles: integers are drawn as far as those hold every one.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from api.automations.model import Automation
from api.automations.requests import ANSWER_FIELDS
from api.automations.store import Figures
from api.automations.views import render_automation, render_listed
from automations.contracts.definitions import LiveDocument
from automations.definition import compile_trigger, document_of, read_json, read_yaml, validate_document
from automations.definition.document import Action, load_document
from automations.definition.graph import graph_of
from automations.paths import Scope
from automations_cli.yaml_text import choose_document, render_yaml
from tests.support.random_graphs import RandomDocument, random_documents

WEB = Path(__file__).parents[2] / "web"
EXACT = 2**53
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00{}%"), max_size=20)
words = texts.filter(lambda text: bool(text.strip()))
scalars = st.none() | st.booleans() | st.integers(-EXACT, EXACT) | st.floats(allow_nan=False, allow_infinity=False)
plain_values = scalars | texts
values = st.recursive(
    plain_values, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
names = st.sampled_from(["{{ record.name }}", "Case {{ record.number | default: 'none' }}", "{{ event.time }}"])
filled = words | names
fields = st.sampled_from(["priority", "account.type", "record.all", "open cases", "größe", "0", "1", "__proto__"])
own_fields = st.dictionaries(texts.map(lambda text: f"x-{text}"), values, max_size=2)
extra = st.dictionaries(texts.filter(lambda text: text not in ("from", "fields")), values, max_size=2)


def action(kind: str, **params: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An action of a type, with parameters of its own and some that nobody knows."""
    known = st.fixed_dictionaries(params)
    optional = {"name": st.none() | texts, "id": st.none()}
    return st.builds(
        lambda required, more, optional, own: {
            "type": kind,
            "params": {**more, **required},
            **optional,
            **own,
        },
        known,
        extra,
        st.fixed_dictionaries({}, optional=optional),
        own_fields,
    )


actions = st.one_of(
    action("assign_to_queue", queue_id=filled),
    action("send_email", to=st.lists(filled, min_size=1, max_size=2), subject=filled),
    action("send_notification", channel=st.just("slack"), message=filled),
    action("update_field", field=words, value=values),
    action("update_field", fields=st.dictionaries(words, values, min_size=1, max_size=3)),
    action("call_webhook", url=st.just("https://example.com/{{ record.id }}"), body=values),
    action("human_task"),
    st.just({"type": "human_task"}),
)
listed = st.lists(plain_values.filter(lambda value: value is not None), min_size=1, max_size=3)
any_text = st.sampled_from(["a", "high", "2026-03-01", ""])
operands: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(["eq", "ne", "changed_to"], plain_values),
    **dict.fromkeys(["gt", "gte", "lt", "lte"], st.integers(-EXACT, EXACT) | any_text),
    **dict.fromkeys(["in", "not_in", "changed_from"], listed),
    **dict.fromkeys(["contains", "not_contains"], any_text | st.integers(-9, 9)),
    **dict.fromkeys(["starts_with", "ends_with", "matches"], any_text),
    **dict.fromkeys(["exists", "is_empty", "changed"], st.booleans()),
    **dict.fromkeys(["older_than", "within_last", "within_next"], st.sampled_from(["3d", "2h", "1w", 90])),
}


@st.composite
def any_clause(draw: st.DrawFn) -> Any:
    """Draw what stands behind a field: a value, a list, or operators, of which those for text may ignore its case."""
    if draw(st.booleans()):
        return draw(plain_values | listed)
    names = draw(st.lists(st.sampled_from(sorted(operands)), min_size=1, max_size=3))
    clause = {name: draw(operands[name]) for name in names}
    return clause | {"ignore_case": draw(st.booleans())} if "eq" in names and draw(st.booleans()) else clause


@st.composite
def any_group(draw: st.DrawFn, depth: int = 3) -> Any:
    """Draw a group: fields with their clauses, groups within it by name, or a list of groups."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.dictionaries(fields, any_clause(), min_size=1, max_size=3))
    inner = any_group(depth - 1)
    if draw(st.integers(0, 3)) == 0:
        return draw(st.lists(inner, min_size=1, max_size=3))
    kinds = {
        "all": st.lists(inner, min_size=1, max_size=2),
        "any": st.lists(inner, min_size=1, max_size=3),
        "not": inner,
    }
    named = draw(st.lists(st.sampled_from(sorted(kinds)), min_size=1, max_size=2, unique=True))
    mapping: dict[str, Any] = draw(st.dictionaries(fields, any_clause(), max_size=2))
    return mapping | {kind: draw(kinds[kind]) for kind in named}


conditions = st.none() | any_group()
events = st.sampled_from(["case.created", "opportunity.stage_changed", "case.*", "*"])
triggers = st.builds(
    lambda event, more, own: {"event": event, **more, **own},
    events | st.lists(events, min_size=1, max_size=3, unique=True),
    st.fixed_dictionaries({}, optional={"conditions": conditions}),
    own_fields,
)
documents = st.builds(
    lambda document, own: document | own,
    st.fixed_dictionaries(
        {"name": words, "trigger": triggers, "actions": st.lists(actions, min_size=1, max_size=5)},
        optional={
            "description": st.none() | texts,
            "conditions": conditions,
            "tags": st.lists(texts, max_size=3),
            "layout": st.none()
            | st.fixed_dictionaries({"positions": st.dictionaries(texts, values, max_size=2)})
            | st.dictionaries(texts, values, max_size=2),
        },
    ),
    own_fields,
)


class Builder:
    """The builder's model in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def open(self, document: object, *operations: dict[str, Any]) -> dict[str, Any]:
        """Return what the builder would save: as opened, after the operations, and after undoing them."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        request = {"document": document, "operations": operations}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, "the builder's model ended; what it said stands above"
        saved = read_json(answer)
        assert isinstance(saved, dict)
        return saved


@pytest.fixture(scope="module")
def builder() -> Iterator[Builder]:
    command = [str(WEB / "with-node"), "node", str(WEB / "scripts" / "open-documents.mjs")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield Builder(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(60) == 0


def meaning(raw: object) -> str:
    """Return the document as the API stores it, in one spelling: fields in order, 1 as 1.0."""
    assert isinstance(raw, dict)
    own = {name: value for name, value in document_of(raw).items() if name not in ANSWER_FIELDS}
    validated = validate_document(own)
    assert validated.problems == []
    return json.dumps(in_one_spelling(validated.document), sort_keys=True)


def in_one_spelling(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: in_one_spelling(part) for name, part in value.items()}
    if isinstance(value, list):
        return [in_one_spelling(part) for part in value]
    return value + 0.0 if isinstance(value, int | float) and not isinstance(value, bool) else value


def answered(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as the API answers it: with ids on its actions, and with what stands around it."""
    stored = validate_document(document).document
    assert stored is not None
    live = LiveDocument(version=3, document=stored)
    automation = Automation(
        tenant_id="default",
        id="8c1f0f5e-6a34-4a6e-8f57-3a1f5d6b7c80",
        status="active",
        active_since=NOON,
        revision=3,
        edition=5,
        last_version=3,
        live=live,
        created_at=NOON,
        updated_at=NOON,
    )
    shown = render_listed(automation, Figures()) | render_automation(automation, "live", pending=True)
    answer = read_json(json.dumps(shown, default=datetime.isoformat))
    assert isinstance(answer, dict)
    return answer


thorough = settings(max_examples=100, suppress_health_check=list(HealthCheck))


@thorough
@given(document=documents)
def test_document_of_the_api_is_saved_back_unchanged_in_meaning(builder: Builder, document: dict[str, Any]) -> None:
    """Opened and saved, edited and undone: the API stores the same as before."""
    assume(not validate_document(document).problems)
    rename = {"kind": "rename", "name": "Another name"}
    append = {"kind": "addAction", "action": {"id": "added", "type": "human_task", "params": {}}, "after": "$trigger"}
    saved = builder.open(answered(document), rename, append)
    assert saved["refused"] == []
    assert meaning(saved["opened"]) == meaning(document)
    assert meaning(saved["undone"]) == meaning(document)
    assert meaning(saved["edited"]) != meaning(document)


@thorough
@given(document=documents)
def test_document_of_a_yaml_file_is_saved_back_unchanged_in_meaning(builder: Builder, document: dict[str, Any]) -> None:
    """Read from a file, opened, saved, and got as a file again: the same."""
    assume(not validate_document(document).problems)
    stored = read_yaml(render_yaml(document))
    assert isinstance(stored, dict)
    saved = builder.open(answered(stored))["opened"]
    again = read_yaml(render_yaml(choose_document(answered(saved))))
    assert meaning(again) == meaning(document)


record_values = plain_values | any_text | st.lists(any_text, max_size=2)
records = st.dictionaries(fields.map(lambda field: field.removeprefix("record.")), record_values, max_size=4)


@thorough
@given(document=documents, record=records, changes=st.none() | st.dictionaries(fields, values, max_size=2))
def test_conditions_written_anew_from_the_editors_rows_mean_the_same(
    builder: Builder, document: dict[str, Any], record: dict[str, Any], changes: dict[str, Any] | None
) -> None:
    """Every spelling can be shown as rows and groups: written from those alone, the same events start a run."""
    validated = validate_document(document)
    assume(validated.document is not None and not validated.problems)
    assert validated.document is not None
    rewritten = builder.open(answered(document))["rewritten"]
    again = validate_document(rewritten)
    assert again.problems == []
    assert again.document is not None
    scope = Scope(record=record, changes=changes, now=NOON)
    assert compile_trigger(again.document).holds(scope) == compile_trigger(validated.document).holds(scope)


@thorough
@given(data=st.data(), head=documents, written=st.lists(actions, min_size=1, max_size=5))
def test_document_built_in_the_builder_is_what_the_api_and_a_file_hold(
    builder: Builder, data: st.DataObject, head: dict[str, Any], written: list[dict[str, Any]]
) -> None:
    """Made by the builder's operations alone, it is valid, stored as it stands, and opened again as it was."""
    operations = [
        {"kind": "setTrigger", "event": head["trigger"]["event"]},
        {"kind": "setConditions", "conditions": head["trigger"].get("conditions"), "top": head.get("conditions")},
        {"kind": "describe", "description": head.get("description") or ""},
    ]
    places = ["$trigger"]
    for number, each in enumerate(written):
        made = {"params": {}, **each, "id": f"step_{number}"}
        operations.append({"kind": "addAction", "action": made, "after": data.draw(st.sampled_from(places))})
        places.append(made["id"])
    for _ in range(data.draw(st.integers(0, 3))):
        mover, after = data.draw(st.sampled_from(places[1:])), data.draw(st.sampled_from(places))
        operations.append({"kind": "moveAction", "id": mover, "after": after})
        operations.append({"kind": "place", "positions": {mover: {"x": 120, "y": 240.5}}})
    built = builder.open({"name": head["name"], "trigger": {"event": "case.created"}, "actions": []}, *operations)
    document = built["edited"]
    validated = validate_document(document)
    assume(not validated.problems)
    assert built["refused"] == []
    assert sorted(each["id"] for each in document["actions"]) == sorted(places[1:])
    assert validated.document == document
    assert meaning(read_yaml(render_yaml(document))) == meaning(document)
    assert builder.open(answered(document))["opened"] == document


def edges_seen(actions: Sequence[Action]) -> list[list[object]]:
    """Return the edges that the services see in a list and in those of its loops, in one order."""
    own = [list(edge) for edges in graph_of(actions).outgoing.values() for edge in edges]
    return sorted(own + [edge for action in actions if action.actions for edge in edges_seen(action.actions)], key=str)


@thorough
@given(graph=random_documents())
def test_graph_is_drawn_with_the_edges_that_the_services_see(builder: Builder, graph: RandomDocument) -> None:
    """Opened and saved, it is the same document; every edge of it, and no other, is on the canvas."""
    validated = validate_document(graph.raw)
    assert validated.document is not None
    opened = builder.open(answered(graph.raw))
    assert meaning(opened["opened"]) == meaning(graph.raw)
    assert sorted(opened["edges"], key=str) == edges_seen(load_document(validated.document).actions)


PORTS = ["next", "otherwise", "error", "timeout", "branch:0", "branch:1"]


@st.composite
def graph_edits(draw: st.DrawFn, raw: dict[str, Any]) -> list[dict[str, Any]]:
    """Draw what a person does to the edges of a graph: actions come and go, and edges are drawn and cut."""
    ids = st.sampled_from([action["id"] for action in raw["actions"]])
    edits: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 4))):
        subject, other = draw(ids), draw(ids)
        added = {"id": f"added_{number}", "type": "notify_user", "params": {"user": "u", "message": "m"}}
        edits.append(
            draw(
                st.sampled_from(
                    [
                        {"kind": "addAction", "action": added, "after": subject},
                        {"kind": "removeAction", "id": subject},
                        {"kind": "moveAction", "id": subject, "after": other},
                        {"kind": "connect", "source": subject, "target": other},
                        {
                            "kind": "disconnect",
                            "source": subject,
                            "target": other,
                            "port": draw(st.sampled_from(PORTS)),
                        },
                        {"kind": "removeEntry", "id": subject, "entry": draw(st.integers(0, 1))},
                    ]
                )
            )
        )
    return edits


@thorough
@given(data=st.data(), graph=random_documents(loop_depth=1))
def test_graph_edited_in_the_builder_has_edges_that_everybody_reads_alike(
    builder: Builder, data: st.DataObject, graph: RandomDocument
) -> None:
    """Whatever is drawn and cut, nothing but a path that was cut off or a name that is gone can be wrong with it."""
    edits = data.draw(graph_edits(graph.raw))
    saved = builder.open(answered(graph.raw), *edits)
    assert meaning(saved["undone"]) == meaning(graph.raw)
    wrong = {problem.code for problem in validate_document(saved["edited"]).problems}
    assert wrong <= {"unreachable", "missing", "empty"}
