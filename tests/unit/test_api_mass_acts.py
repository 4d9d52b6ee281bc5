"""What a request for an act on many runs may say."""

from datetime import UTC, datetime
from typing import Any

import pytest

from api.mass_acts.requests import MOST_RUNS, read_act
from api.problems import Refused
from api.runs.store import RunFilter

RUN = "5b0d8a6e-6f0b-5a57-9d3c-0a4a3f1f7c11"


def wrong(body: dict[str, Any]) -> dict[str, str]:
    """Return what is wrong, by pointer."""
    with pytest.raises(Refused) as refused:
        read_act(body)
    assert refused.value.status == 422
    return {problem.pointer: problem.message for problem in refused.value.problems}


def test_named_runs_count_once() -> None:
    asked = read_act({"act": "cancel", "runs": [RUN, RUN.upper()], "reason": "Wrong list"})
    assert (asked.act, asked.run_ids, asked.reason) == ("cancel", (RUN,), "Wrong list")


def test_filter_is_read_as_in_the_list_of_runs() -> None:
    """A moment without a zone is UTC; a record is named by its id, or with its object before it."""
    raw = {"automation_id": "a", "status": "failed", "mode": "live", "record": "case/7", "since": "2026-03-01T12:00:00"}
    asked = read_act({"act": "rerun", "filter": raw})
    since = datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert asked.automation_id == "a"
    assert asked.wanted == RunFilter(status="failed", mode="live", since=since, record_id="7", object="case")
    assert asked.run_ids is None


def test_empty_filter_is_every_run_and_must_be_said() -> None:
    """Nothing at all is no act on everything."""
    assert read_act({"act": "cancel", "filter": {}}).wanted == RunFilter()
    assert set(wrong({"act": "cancel"})) == {"/runs"}
    assert "either" in wrong({"act": "cancel", "runs": [RUN], "filter": {}})["/runs"]


def test_number_of_named_runs_is_limited() -> None:
    assert str(MOST_RUNS) in wrong({"act": "cancel", "runs": [RUN] * (MOST_RUNS + 1)})["/runs"]
    assert set(wrong({"act": "cancel", "runs": []})) == {"/runs"}


def test_everything_that_is_wrong_is_named_with_what_would_be_right() -> None:
    body = {"act": "stop", "filter": {"stage": "won", "status": "late", "until": 7}, "resaon": "x"}
    found = wrong(body)
    assert set(found) == {"/act", "/resaon", "/filter/stage", "/filter/status", "/filter/until"}
    assert 'Did you mean "reason"?' in found["/resaon"]
    assert "running or completed" in found["/filter/status"]
    assert "2026-03-01T12:00:00Z" in found["/filter/until"]
