"""A service that can be ended between two durable writes: `python -m tests.support.crashing_service SERVICE FOLDER`.

It is the service as it runs in earnest. Once a file `armed` in the folder names a point, the process ends when it next
passes that point, as if it had lost its power: nothing is finished, closed or said. The file is then called `crashed`.
"""

import os
import runpy
import sys
from pathlib import Path
from typing import Final

from automations.durable_points import POINTS, DurablePoint, listen

CRASHED: Final = 86
"""How a process ends that met its point; nothing else ends so."""


def main() -> None:
    service, folder = sys.argv[1:]
    armed = Path(folder) / "armed"

    def end_where_armed(point: DurablePoint) -> None:
        if armed.exists() and armed.read_text() == point:
            armed.rename(armed.with_name("crashed"))
            os._exit(CRASHED)

    listen(end_where_armed)
    del sys.argv[1:]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


def arm(folder: Path, point: DurablePoint) -> None:
    """Have the service of this folder end when it next passes the point."""
    if point not in POINTS:
        raise ValueError(f"{point!r} is no durable point; there are: {', '.join(POINTS)}")
    unfinished = folder / "arming"
    unfinished.write_text(point)
    unfinished.rename(folder / "armed")


def crashed_at(folder: Path) -> str | None:
    """Return the point at which the service ended, and forget it; None where it met none."""
    mark = folder / "crashed"
    if not mark.exists():
        return None
    point = mark.read_text()
    mark.unlink()
    return point


if __name__ == "__main__":
    main()
