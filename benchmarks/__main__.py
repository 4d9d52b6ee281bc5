"""`python -m benchmarks [PART …]`: measures all parts, or those named, prints a table and writes latest.json."""

import os
import sys
from collections.abc import Callable, Coroutine

import psutil
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.engine import measure_engine
from benchmarks.figures import Figure, save_figures
from benchmarks.matcher import measure_matcher
from benchmarks.pipeline import measure_pipeline

PARTS: dict[str, Callable[[Console], Coroutine[None, None, list[Figure]]]] = {
    "matcher": measure_matcher,
    "pipeline": measure_pipeline,
    "engine": measure_engine,
}


def main() -> int:
    console = Console()
    wanted = sys.argv[1:] or list(PARTS)
    unknown = [name for name in wanted if name not in PARTS]
    if unknown:
        console.print(f"no part is named {', '.join(unknown)}; there are: {', '.join(PARTS)}")
        return 2
    load = os.getloadavg()[0]
    console.print(f"{psutil.cpu_count()} cores; load before the start {load:.1f}" + (" (busy)" if load > 1 else ""))
    figures: list[Figure] = []
    for name in wanted:
        figures += uvloop.run(PARTS[name](console))
    save_figures(figures)
    table = Table("figure", "value", "unit", "note", title="Measured")
    for figure in figures:
        table.add_row(figure.name, f"{figure.value:,.2f}", figure.unit, figure.note)
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
