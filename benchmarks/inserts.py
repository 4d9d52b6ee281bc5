"""What PostgreSQL takes at the most: the journal's own rows, 500 to a commit by `unnest`, and nothing beside them.

`python -m benchmarks.inserts URL INPUT_BYTES FACT_BYTES SECONDS` prints rows per second, the better of one and of
four connections.
"""

import asyncio
import os
import sys
import uuid
from time import perf_counter
from typing import Final

import asyncpg

ROWS: Final = 500
_TABLE: Final = """
    DROP TABLE IF EXISTS bench_rows;
    CREATE TABLE bench_rows (
        run_id uuid NOT NULL, seq integer NOT NULL, input bytea NOT NULL, fact bytea NOT NULL,
        PRIMARY KEY (run_id, seq)
    )
"""
_INSERT: Final = """
    INSERT INTO bench_rows (run_id, seq, input, fact)
    SELECT * FROM unnest($1::uuid[], $2::integer[], $3::bytea[], $4::bytea[])
"""


async def _fill(url: str, input_bytes: int, fact_bytes: int, until: float) -> int:
    """Return how many rows one connection wrote; four to a run, as three steps and their start give."""
    connection = await asyncpg.connect(url)
    seqs = [place % 4 + 1 for place in range(ROWS)]
    inputs, facts = ([os.urandom(size) for _ in range(ROWS)] for size in (input_bytes, fact_bytes))
    written = 0
    while perf_counter() < until:
        runs = [uuid.uuid4() for _ in range(ROWS // 4)]
        await connection.execute(_INSERT, [runs[place // 4] for place in range(ROWS)], seqs, inputs, facts)
        written += ROWS
    await connection.close()
    return written


async def _rows_per_second(url: str, input_bytes: int, fact_bytes: int, seconds: float, connections: int) -> float:
    connection = await asyncpg.connect(url)
    await connection.execute(_TABLE)
    await connection.execute("CHECKPOINT")
    await connection.close()
    started = perf_counter()
    filling = [_fill(url, input_bytes, fact_bytes, started + seconds) for _ in range(connections)]
    written = sum(await asyncio.gather(*filling))
    return written / (perf_counter() - started)


async def _measure(url: str, input_bytes: int, fact_bytes: int, seconds: float) -> float:
    return max([await _rows_per_second(url, input_bytes, fact_bytes, seconds, count) for count in (1, 4)])


if __name__ == "__main__":
    print(asyncio.run(_measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))))
