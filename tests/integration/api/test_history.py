"""What a batch of facts comes to, on a real PostgreSQL: new runs are inserted, others saved over what is there."""

import random
import uuid
from collections.abc import AsyncIterator
from typing import Any

import pytest

from api.app import MIGRATIONS, SCHEMA
from api.projection.facts import Fact
from api.projection.fold import fold_facts
from api.projection.store import HistoryStore, queries
from automations.migrations import migrate
from automations.postgres import Pool, PostgresSettings, UniqueViolation, open_pool
from tests.support.run_facts import NOW, facts_of


@pytest.fixture(scope="module")
async def pool(postgres_settings: PostgresSettings) -> AsyncIterator[Pool]:
    await migrate(postgres_settings, SCHEMA, MIGRATIONS)
    async with open_pool(postgres_settings, SCHEMA) as pool:
        await HistoryStore(pool).ensure_months({(NOW.year, NOW.month)})
        yield pool


async def stored(pool: Pool, batches: list[list[Fact]]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return all runs and steps after these batches were saved in empty tables."""
    await pool.execute("TRUNCATE runs, steps")
    store = HistoryStore(pool)
    for batch in batches:
        await store.save(fold_facts(batch))
    runs = await pool.fetch("SELECT * FROM runs ORDER BY run_id")
    steps = await pool.fetch("SELECT * FROM steps ORDER BY run_id, path")
    return [dict(row) for row in runs], [dict(row) for row in steps]


def stream_of(choose: random.Random) -> list[Fact]:
    """Return facts of a few runs, each run's in order."""
    runs = []
    for _ in range(choose.randint(1, 4)):
        changes = [
            (choose.choice("abc"), choose.choice([None, 1, 2]), choose.choice([None, "x", "y"]))
            for _ in range(choose.randint(0, 5))
        ]
        runs.append(facts_of(str(uuid.UUID(int=choose.getrandbits(128))), changes))
    stream = []
    while any(runs):
        stream.append(choose.choice([facts for facts in runs if facts]).pop(0))
    return stream


@pytest.mark.parametrize("seed", range(40))
async def test_history_is_the_same_however_the_stream_is_cut_and_repeated(pool: Pool, seed: int) -> None:
    """Batches may begin anywhere, and again anywhere before: with runs that are new, that are known, and both."""
    choose = random.Random(seed)
    stream = stream_of(choose)
    at_once = await stored(pool, [stream])
    assert len(at_once[0]) == len({fact.run_id for fact in stream})
    batches, place = [], 0
    while place < len(stream):
        begin, place = choose.randint(0, place), choose.randint(place + 1, len(stream))
        batches.append(stream[begin:place])
    assert await stored(pool, batches) == at_once


async def test_batch_with_a_run_that_is_there_already_saves_the_others_too(pool: Pool) -> None:
    """One run was saved before, another begins, a third goes on: each has all its steps afterwards."""
    known, new, going_on = (
        facts_of(str(uuid.UUID(int=number)), [("a", 1, "x"), ("b", 2, None)]) for number in range(3)
    )
    runs, steps = await stored(pool, [known + going_on[:1], known + new + going_on[1:]])
    assert [(row["run_id"].int, row["seq"]) for row in runs] == [(0, 3), (1, 3), (2, 3)]
    assert [(row["run_id"].int, row["path"]) for row in steps] == [(n, path) for n in range(3) for path in "ab"]


async def test_new_runs_are_inserted_plainly(pool: Pool) -> None:
    """So that what is there already is noticed, by the index, and not looked for."""
    folded = fold_facts(facts_of(str(uuid.uuid4()), []))
    rows = list(map(tuple, folded.runs.values()))
    async with pool.acquire() as connection:
        await queries.enter_runs(connection, rows=rows)
        with pytest.raises(UniqueViolation):
            await queries.enter_runs(connection, rows=rows)
