"""Where the executor's time goes, as a picture: `python -m benchmarks.flame [PICTURE]`.

The engine alone performs runs of three steps while py-spy looks at its stack, at moments when it holds the interpreter;
what it saw is drawn as a flame graph. A bar is a function; its width is its share of the time, with all it called,
which stands on top of it. Only functions with a share of at least half a percent are drawn.
"""

import asyncio
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from subprocess import PIPE
from typing import Final

from embedded import postgres
from embedded.report import PlainReport

RUNS: Final = 30_000
PICTURE: Final = Path(__file__).parents[1] / "docs" / "images" / "executor-flame.svg"
SAMPLES_A_SECOND: Final = 200

_WIDTH, _BAR, _LEAST_SHARE = 1200, 18, 0.005
_LETTER = 6.2
_FIRST_FRAME: Final = "Runner.run (asyncio"
_LEFT_OUT: Final = ("importlib", "migrat", "_row_bytes", "latencies", "calm_garbage")
_COLOURS: Final = (
    ("executor/engine", "#7aa6dc"),
    ("executor/actions", "#7aa6dc"),
    ("executor/", "#a9c7ea"),
    ("automations/", "#8fc9a9"),
    ("asyncpg", "#eab36b"),
    ("aiosql", "#eab36b"),
    ("journal/", "#eab36b"),
    ("benchmarks/", "#dddddd"),
)


class Bar:
    """A function as it was called from those below it."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.samples = 0
        self.above: dict[str, Bar] = {}

    def add(self, frames: Iterable[str], samples: int) -> None:
        """Take in a stack above this bar that was seen so often."""
        bar = self
        bar.samples += samples
        for frame in frames:
            bar = bar.above.setdefault(frame, Bar(frame))
            bar.samples += samples


def read_stacks(raw: str) -> Bar:
    """Return what py-spy saw, from the event loop upwards, without imports, migrations and what measures."""
    root = Bar("executor")
    for line in raw.splitlines():
        stack, _, samples = line.rpartition(" ")
        frames = [re.sub(r":\d+\)$", ")", frame) for frame in stack.split(";")]
        first = next((place for place, frame in enumerate(frames) if frame.startswith(_FIRST_FRAME)), None)
        if first is not None and not any(word in frame for frame in frames for word in _LEFT_OUT):
            root.add(frames[first + 1 :], int(samples))
    return root


def draw(root: Bar) -> str:
    """Return the picture as SVG."""
    bars = list(_place(root, 0.0, 0, root.samples))
    height = (max(level for _, _, _, level in bars) + 1) * _BAR
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}"',
        ' font-family="monospace" font-size="10">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
    ]
    for bar, left, width, level in bars:
        top = height - (level + 1) * _BAR
        title = f"{bar.name}: {100 * bar.samples / root.samples:.1f} %"
        lines.append(
            f'<g><title>{escape(title)}</title><rect x="{left:.1f}" y="{top}" width="{max(width - 0.5, 0.5):.1f}"'
            f' height="{_BAR - 1}" fill="{_colour(bar.name)}"/>'
        )
        if width > 4 * _LETTER:
            text = _short(bar.name, int((width - 6) / _LETTER))
            lines.append(f'<text x="{left + 3:.1f}" y="{top + 12}" fill="#222222">{escape(text)}</text>')
        lines.append("</g>")
    return "\n".join([*lines, "</svg>"]) + "\n"


def _place(bar: Bar, left: float, level: int, all_samples: int) -> Iterator[tuple[Bar, float, float, int]]:
    width = _WIDTH * bar.samples / all_samples
    yield bar, left, width, level
    for above in sorted(bar.above.values(), key=lambda one: -one.samples):
        if above.samples >= _LEAST_SHARE * all_samples:
            yield from _place(above, left, level + 1, all_samples)
            left += _WIDTH * above.samples / all_samples


def _colour(name: str) -> str:
    return next((colour for room, colour in _COLOURS if room in name), "#cccccc")


def _short(name: str, letters: int) -> str:
    function = name.partition(" (")[0]
    return function if len(function) <= letters else function[: letters - 1] + "…"


async def record(database_url: str, raw: Path) -> None:
    """Have py-spy watch the engine perform runs, and write what it saw."""
    command = ["py-spy", "record", "--gil", "-f", "raw", "-r", str(SAMPLES_A_SECOND), "-o", str(raw), "--"]
    command[0] = str(Path(sys.executable).with_name("py-spy"))
    engine = [sys.executable, "-m", "benchmarks.engine_runs", database_url, str(RUNS)]
    process = await asyncio.create_subprocess_exec(*command, *engine, stdin=PIPE, stdout=PIPE)
    output, _ = await process.communicate(b"go\ngo\n")
    if process.returncode or not raw.exists():
        raise RuntimeError(f"py-spy ended with status {process.returncode}: {output.decode()[-500:]}")


def main() -> int:
    picture = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE
    with tempfile.TemporaryDirectory(prefix="automations-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        server = postgres.start(folder / "database", report=PlainReport(), port=0)
        try:
            asyncio.run(record(server.database_url, folder / "stacks"))
        finally:
            server.stop()
        root = read_stacks((folder / "stacks").read_text())
    picture.write_text(draw(root))
    print(f"{root.samples} samples: {picture}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
