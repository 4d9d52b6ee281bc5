"""What may become of an automation."""

from datetime import UTC, datetime, timedelta
from typing import get_args

import pytest

from api.automations.changes import (
    TRANSITIONS,
    WrongState,
    decide_create,
    decide_draft,
    decide_promote,
    decide_publish,
    decide_status,
    same_document,
)
from api.automations.model import Automation
from automations.contracts.definitions import AutomationStatus

NOW = datetime(2026, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
STATUSES: tuple[AutomationStatus, ...] = get_args(AutomationStatus)


def automation(status: AutomationStatus = "draft") -> Automation:
    return decide_create("t", "a", {"name": "one"}, "live", status, NOW).automation


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_status_changes_only_along_its_transitions(before: AutomationStatus, after: AutomationStatus) -> None:
    present = automation(before)
    if after == before:
        assert decide_status(present, "live", after, LATER) is None
    elif after in TRANSITIONS[before]:
        change = decide_status(present, "live", after, LATER)
        assert change is not None
        assert change.automation.status == after
        assert change.automation.active_since == (LATER if after == "active" else None)
        assert change.automation.revision == present.revision + 1
    else:
        with pytest.raises(WrongState, match=before):
            decide_status(present, "live", after, LATER)


def test_publish_while_active_keeps_the_moment_of_activation() -> None:
    change = decide_publish(automation("active"), {"name": "two"}, "live", None, LATER)
    assert change is not None
    assert change.automation.active_since == NOW
    assert change.version == (2, "live", {"name": "two"})


def test_publish_of_the_same_document_changes_nothing() -> None:
    assert decide_publish(automation("active"), {"name": "one"}, "live", None, LATER) is None


def test_archived_automation_takes_no_version() -> None:
    with pytest.raises(WrongState, match="archived"):
        decide_publish(automation("archived"), {"name": "two"}, "live", None, LATER)


def test_versions_of_both_environments_are_counted_together() -> None:
    first = decide_publish(automation("active"), {"name": "s"}, "sandbox", "active", LATER)
    assert first is not None
    second = decide_publish(first.automation, {"name": "l"}, "live", None, LATER)
    assert second is not None
    assert second.automation.sandbox is not None
    assert (second.automation.sandbox.version, second.automation.last_version) == (2, 3)
    promoted = decide_promote(second.automation, LATER).automation
    assert promoted.live is not None
    assert (promoted.live.version, promoted.sandbox, promoted.last_version) == (2, None, 3)


def test_draft_is_nothing_that_the_stream_hears_of() -> None:
    change = decide_draft(automation("active"), {"name": "d"}, LATER)
    assert not change.stream_hears
    assert change.automation.revision == 1
    assert change.automation.etag != automation("active").etag


def test_documents_differ_in_types_but_not_in_the_order_of_keys() -> None:
    assert same_document({"a": 1, "b": {"c": 2, "d": 3}}, {"b": {"d": 3, "c": 2}, "a": 1})
    assert not same_document({"a": 1}, {"a": True})
    assert not same_document({"a": [1, 2]}, {"a": [2, 1]})
