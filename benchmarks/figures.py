"""What a part of the benchmark measured: names, values and what they are compared with."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

LATEST: Final = Path(__file__).with_name("latest.json")


@dataclass(frozen=True)
class Figure:
    """One measured value."""

    name: str
    value: float
    unit: str
    note: str = ""


def save_figures(figures: list[Figure]) -> None:
    """Write the values by name into `latest.json`; those of parts that did not run now stay."""
    known: dict[str, float] = json.loads(LATEST.read_text()) if LATEST.exists() else {}
    known |= {figure.name: round(figure.value, 3) for figure in figures}
    LATEST.write_text(json.dumps(dict(sorted(known.items())), indent=2) + "\n")


def percentile(values: list[float], share: float) -> float:
    """Return the value that the given share (0 to 1) of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
