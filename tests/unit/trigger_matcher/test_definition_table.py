"""How the matcher holds definitions: what listens after each record of the definitions topic."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from automations.contracts.definitions import (
    AutomationDefined,
    AutomationStatus,
    LiveDocument,
    SandboxDocument,
    SandboxSwitched,
)
from automations.contracts.identity import Lane
from automations.listening import Listener
from trigger_matcher.definitions import DefinitionTable
from trigger_matcher.matching import Group

SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
LATER = SINCE + timedelta(hours=1)


def document(event: Any = "case.created", conditions: Any = None) -> dict[str, Any]:
    return {"name": "n", "trigger": {"event": event, "conditions": conditions}, "actions": []}


def defined(
    status: AutomationStatus = "active",
    live: dict[str, Any] | None = None,
    sandbox: SandboxDocument | None = None,
    automation_id: str = "a1",
) -> AutomationDefined:
    return AutomationDefined(
        tenant_id="default",
        automation_id=automation_id,
        revision=1,
        status=status,
        active_since=SINCE,
        live=LiveDocument(version=1, document=live or document()),
        sandbox=sandbox,
    )


def dry(status: AutomationStatus = "active", since: datetime | None = SINCE) -> SandboxDocument:
    return SandboxDocument(version=2, document=document(), status=status, active_since=since)


def switched(active: bool = True, since: datetime = SINCE) -> SandboxSwitched:
    return SandboxSwitched(tenant_id="default", revision=1, active=active, since=since)


def listening(table: DefinitionTable, lane: Lane = "live", event_type: str = "case.created") -> list[Listener]:
    return table.index().listeners(("default", lane, event_type))


def taken(*definitions: AutomationDefined | SandboxSwitched) -> DefinitionTable:
    table = DefinitionTable()
    for definition in definitions:
        automation_id = definition.automation_id if isinstance(definition, AutomationDefined) else None
        table.take("default", automation_id, definition)
    return table


def test_active_automation_listens_and_paused_one_reports() -> None:
    (active,) = listening(taken(defined("active")))
    (paused,) = listening(taken(defined("paused")))
    assert (active.is_paused, active.version, active.active_since) == (False, 1, SINCE)
    assert paused.is_paused


def test_draft_archived_and_deleted_automations_do_not_listen() -> None:
    assert listening(taken(defined("draft"))) == []
    table = taken(defined("active"), defined("archived"))
    assert listening(table) == []
    table = taken(defined("active"))
    table.take("default", "a1", None)
    assert listening(table) == []
    assert table.held == 0


def test_new_version_replaces_the_old_one_even_under_another_event() -> None:
    table = taken(defined(live=document("case.created")))
    assert len(listening(table)) == 1
    table.take("default", "a1", defined(live=document("case.closed")))
    assert listening(table) == []
    assert len(listening(table, event_type="case.closed")) == 1


def test_several_events_and_patterns_are_each_listened_to() -> None:
    table = taken(defined(live=document(["case.created", "case.*", "deal.won"])))
    assert [len(listening(table, event_type=name)) for name in ("case.*", "deal.won", "case.created")] == [1, 1, 0]
    table.take("default", "a1", None)
    assert listening(table, event_type="case.*") == []


def test_sandbox_document_listens_only_while_the_switch_is_on() -> None:
    table = taken(defined("draft", sandbox=dry()))
    assert listening(table, "sandbox") == []
    table.take("default", None, switched())
    assert [one.version for one in listening(table, "sandbox")] == [2]
    table.take("default", None, switched(active=False))
    assert listening(table, "sandbox") == []
    table.take("default", None, switched())
    table.take("default", None, None)
    assert listening(table, "sandbox") == []


def test_sandbox_document_that_is_not_active_does_not_listen() -> None:
    assert listening(taken(switched(), defined(sandbox=dry("draft"))), "sandbox") == []
    assert listening(taken(switched(), defined(sandbox=dry("paused"))), "sandbox") == []


def test_sandbox_sees_events_since_the_later_of_its_document_and_the_switch() -> None:
    assert listening(taken(switched(since=LATER), defined(sandbox=dry())), "sandbox")[0].active_since == LATER
    assert listening(taken(switched(), defined(sandbox=dry(since=LATER))), "sandbox")[0].active_since == LATER
    assert listening(taken(switched(), defined(sandbox=dry(since=None))), "sandbox")[0].active_since == SINCE


def test_promotion_moves_the_document_in_one_record() -> None:
    table = taken(switched(), defined(sandbox=dry()), defined(live=document("case.closed")))
    assert listening(table, "sandbox") == []
    assert len(listening(table, event_type="case.closed")) == 1


def test_automation_that_cannot_be_understood_is_left_out_and_nothing_else_suffers() -> None:
    strange: list[dict[str, Any]] = [
        document(conditions={"amount": {"between_moons": 3}}),
        document(event=["case.created", 5]),
        document(event="case*"),
        document(event=None),
        {"steps": []},
        {},
    ]
    for written in strange:
        table = taken(defined(automation_id="good"), defined(live=written or {"trigger": None}, automation_id="bad"))
        assert [one.automation_id for one in listening(table)] == ["good"]
        assert (table.held, table.left_out) == (1, 1)
        table.take("default", "bad", defined(automation_id="bad"))
        assert (table.held, table.left_out) == (2, 0)


def test_what_a_newer_version_made_of_an_automation_does_not_leave_the_old_one_running() -> None:
    table = taken(defined(), defined(live={"trigger": {"when": "x"}}))
    assert listening(table) == []


def test_index_is_the_same_value_until_something_changes() -> None:
    table = taken(defined())
    assert table.index() is table.index()


def records_of(automation_id: str) -> st.SearchStrategy[tuple[str | None, Any]]:
    definitions = st.builds(
        defined,
        st.sampled_from(["draft", "active", "paused", "archived"]),
        st.builds(document, st.sampled_from(["case.created", "case.closed"]), st.just({"priority": "low"})),
        st.none() | st.builds(dry, st.sampled_from(["draft", "active"])),
        st.just(automation_id),
    )
    return st.tuples(st.just(automation_id), st.none() | definitions)


steps = st.lists(
    st.sampled_from(["a1", "a2", "a3"]).flatmap(records_of)
    | st.tuples(st.none(), st.none() | st.builds(switched, st.booleans())),
    max_size=15,
)


@given(steps)
def test_any_history_ends_in_the_index_of_its_last_records(history: list[tuple[str | None, Any]]) -> None:
    """Taking every record, and asking for the index between them, gives what the last record of each gives."""
    step_by_step, afresh = DefinitionTable(), DefinitionTable()
    for automation_id, definition in history:
        step_by_step.take("default", automation_id, definition)
        step_by_step.index()
    for automation_id, definition in dict(history).items():
        afresh.take("default", automation_id, definition)
    assert _shape(step_by_step) == _shape(afresh)
    assert step_by_step.held == afresh.held


def _shape(table: DefinitionTable) -> dict[Group, list[tuple[str, int, bool]]]:
    lanes: tuple[Lane, ...] = ("live", "sandbox")
    return {
        ("default", lane, event_type): sorted(
            (one.automation_id, one.version, one.is_paused) for one in listening(table, lane, event_type)
        )
        for lane in lanes
        for event_type in ("case.created", "case.closed")
    }
