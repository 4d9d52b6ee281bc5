"""The executor's journal of one automation, read past the product."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import asyncpg
import msgspec

from automations.contracts.results import RunAdvanced

_facts = msgspec.json.Decoder(RunAdvanced)

_ENTRIES = """
SELECT journal.run_id::text AS run_id, journal.fact FROM executor.journal JOIN executor.runs USING (run_id)
WHERE automation_id = $1 ORDER BY run_id, journal.seq
"""


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
    finally:
        await connection.close()
    facts: dict[str, list[RunAdvanced]] = {}
    for row in rows:
        facts.setdefault(row["run_id"], []).append(_facts.decode(row["fact"]))
    return JournalReading(facts)
