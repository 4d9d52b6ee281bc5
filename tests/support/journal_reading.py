"""The executor's journal of one automation, read past the product.

It holds inputs; what they came to is what replaying them gives.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from automations.contracts.results import RunAdvanced
from executor.engine.inputs import Started, input_decoder
from executor.engine.plan import Plan, plan_version
from executor.engine.transition import apply_input, start_run

_ENTRIES = """
SELECT journal.run_id::text AS run_id, journal.input FROM executor.journal JOIN executor.runs USING (run_id)
WHERE automation_id = $1 ORDER BY run_id, journal.seq
"""
_VERSIONS = "SELECT version, document FROM executor.versions WHERE automation_id = $1"


class JournalReading(NamedTuple):
    """What the journal says at one moment."""

    facts: Mapping[str, Sequence[RunAdvanced]]
    """Of each run, in the journal's order."""

    def completions(self) -> Counter[tuple[str, str]]:
        """Return how often each step, by run and path, was completed."""
        return Counter(
            (run_id, step.path)
            for run_id, facts in self.facts.items()
            for fact in facts
            for step in fact.steps
            if step.status == "completed"
        )

    def check(self, runs: int, steps: int) -> None:
        """Assert that so many runs were completed, by a journal without a gap in which each step is completed once."""
        assert len(self.facts) == runs
        for run_id, facts in self.facts.items():
            assert [fact.seq for fact in facts] == list(range(1, len(facts) + 1)), run_id
            assert [fact.status for fact in facts if fact.status != "running"] == ["completed"], run_id
        completions = self.completions()
        assert len(completions) == runs * steps
        assert set(completions.values()) == {1}, "a completed step is never performed again"


async def load_journal(database_url: str, automation_id: str) -> JournalReading:
    """Return what the journal says of an automation's runs."""
    connection = await asyncpg.connect(database_url)
    try:
        rows = await connection.fetch(_ENTRIES, automation_id)
        versions = await connection.fetch(_VERSIONS, automation_id)
    finally:
        await connection.close()
    plans = {row["version"]: plan_version(msgspec.json.decode(row["document"])) for row in versions}
    inputs: dict[str, list[bytes]] = {}
    for row in rows:
        inputs.setdefault(row["run_id"], []).append(row["input"])
    return JournalReading({run_id: _replay(given, plans) for run_id, given in inputs.items()})


def _replay(inputs: Sequence[bytes], plans: Mapping[int, Plan]) -> list[RunAdvanced]:
    started, *others = map(input_decoder.decode, inputs)
    assert isinstance(started, Started)
    plan = plans[started.command.version]
    moved = start_run(started, plan)
    facts = [moved.fact]
    for given in others:
        moved = apply_input(moved.run, plan, given)
        facts.append(moved.fact)
    return [fact for fact in facts if fact is not None]
