"""Facts of a run as api reads them from the stream."""

from datetime import UTC, datetime, timedelta
from typing import Any

from api.projection.facts import Fact, fact_reader
from automations.contracts import results
from automations.contracts.commands import TriggerEvent
from automations.contracts.wire import encode

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def facts_of(run_id: str, changes: list[tuple[str, int | None, str | None]]) -> list[Fact]:
    """Return the facts of a run whose steps change as given: path, output, name; None where a field is unchanged."""
    event = TriggerEvent(id="e", type="case.created", time=NOW, object="case", record_id="1", record={"id": "1"})
    start = results.RunStart(mode="live", cause="event:e", event=event, chain_id=run_id)
    common: dict[str, Any] = {
        "tenant_id": "t", "run_id": run_id, "automation_id": "a", "version": 1, "lane": "live", "order_key": None,
        "started_at": NOW,
    }  # fmt: skip
    made = [results.RunAdvanced(**common, seq=1, at=NOW, status="running", start=start)]
    for number, (path, output, name) in enumerate(changes, start=2):
        step = results.StepView(path=path, id=path, type="x", status="completed", attempts=1, output=output, name=name)
        at = NOW + timedelta(seconds=number)
        made.append(results.RunAdvanced(**common, seq=number, at=at, status="running", steps=(step,)))
    return [fact_reader.read(encode(fact)) for fact in made]
