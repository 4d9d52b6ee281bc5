"""The diagrams of `docs/run-states.md`: `python -m tests.support.state_diagrams` draws them anew from the tables."""

import re
from pathlib import Path

from executor.engine.states import RUN_STATES, STEP_STATES, draw_diagram

PAGE = Path(__file__).parents[2] / "docs" / "run-states.md"
COMMAND = "python -m tests.support.state_diagrams"
DIAGRAMS = {"run": draw_diagram(RUN_STATES, "running"), "step": draw_diagram(STEP_STATES, "pending")}


def drawn(page: str) -> str:
    """Return the page with its diagrams as the tables have them."""
    for name, diagram in DIAGRAMS.items():
        block = re.compile(rf"(<!-- {name} -->\n```mermaid\n).*?(```)", re.DOTALL)
        assert block.search(page), f"the page has no place for the diagram of a {name}"
        page = block.sub(lambda match, diagram=diagram: f"{match[1]}{diagram}\n{match[2]}", page)
    return page


if __name__ == "__main__":
    PAGE.write_text(drawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
