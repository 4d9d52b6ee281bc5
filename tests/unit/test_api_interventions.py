"""What a rerun from a step takes over, from any end that a step came to."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.interventions.copying import copy_steps
from api.problems import Refused
from automations.contracts.step_errors import StepError
from automations.contracts.wire import encode

DOCUMENT: dict[str, Any] = {
    "name": "Ask first",
    "trigger": {"event": "case.created"},
    "actions": [
        {"id": "ask", "type": "human_task", "timeout": "1d", "on_timeout": "continue"},
        {"id": "tell", "type": "notify_user", "params": {"user": "a", "message": "m"}, "on_error": {"next": "last"}},
        {"id": "call", "type": "notify_user", "params": {"user": "a", "message": "m"}},
        {"id": "last", "type": "notify_user", "params": {"user": "a", "message": "m"}, "next": None},
    ],
}
DOCUMENT["actions"][2]["next"] = "last"
FAILED, LATE = StepError(kind="refused", message="no"), StepError(kind="timeout", message="late")


def row(path: str, status: str, reason: str | None = None, error: StepError | None = None) -> Mapping[str, Any]:
    return {
        "path": path,
        "status": status,
        "reason": reason,
        "output": '{"n": 1}' if status == "completed" else None,
        "error": None if error is None else encode(error).decode(),
        "step_ended_at": None,
    }


def copied(*rows: Mapping[str, Any], document: Mapping[str, Any] = DOCUMENT) -> dict[str, str]:
    return {step.id: step.status for step in copy_steps(document, rows, "last").copied}


@pytest.mark.parametrize(
    ("first", "kept"),
    [
        (row("ask", "completed"), {"ask": "completed"}),
        (row("ask", "failed", error=LATE), {"ask": "failed"}),
        (row("ask", "failed", error=FAILED), {}),
        (row("ask", "skipped", "when_false"), {"ask": "skipped"}),
        (row("ask", "skipped", "path_not_taken"), {}),
        (row("ask", "cancelled"), {}),
        (row("ask", "waiting"), {}),
        (row("tell", "failed", error=LATE), {"tell": "failed"}),
        (row("call", "failed", error=FAILED), {}),
        (row("last", "completed"), {}),
        (row("each[0].ask", "completed"), {}),
    ],
)
def test_what_the_run_can_go_on_from_is_taken_over(first: Mapping[str, Any], kept: dict[str, str]) -> None:
    """A failure only where the document leads on from it, a time-out by its own way; the step itself begins anew."""
    assert copied(first) == kept


def test_rerun_from_the_start_takes_nothing_over() -> None:
    assert copy_steps(DOCUMENT, [row("ask", "completed")], None).copied == ()


def test_everything_behind_the_step_begins_anew() -> None:
    rows = [row(name, "completed") for name in ("ask", "tell", "call", "last")]
    assert [step.id for step in copy_steps(DOCUMENT, rows, "tell").copied] == ["ask"]


def test_step_that_does_not_exist_is_refused_with_the_nearest() -> None:
    with pytest.raises(Refused) as refused:
        copy_steps(DOCUMENT, [], "tel")
    [problem] = refused.value.problems
    assert (refused.value.status, problem.pointer) == (422, "/from_step")
    assert 'Did you mean "tell"?' in problem.message
