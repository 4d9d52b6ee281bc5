"""The specification of the graph says what the product does: its documents are judged as it says."""

import pytest

from automations.definition import validate_document
from tests.support.graph_examples import PAGE, GraphExample, RefusedExample, graph_examples, refused_examples


@pytest.mark.parametrize("example", refused_examples(), ids=lambda example: example.title)
def test_document_that_the_specification_refuses_has_these_problems(example: RefusedExample) -> None:
    """All of its problems are found at once, at these places, and no other."""
    found = validate_document(example.raw).problems
    assert {problem.pointer: problem.code for problem in found} == example.problems
    assert len(found) == len(example.problems)


@pytest.mark.parametrize("example", graph_examples(), ids=lambda example: example.title)
def test_execution_tells_of_every_step(example: GraphExample) -> None:
    """An execution says what becomes of each action of its list, and speaks of no step that cannot be."""
    top = {action["id"] for action in example.document["actions"]}
    inner = {each["id"] for action in example.document["actions"] for each in action.get("actions", ())}
    told = example.then["steps"]
    assert top <= set(told)
    for path in [*told, *example.given]:
        assert path in top or path.rpartition(".")[2] in inner, path
    assert set(example.then) <= {"status", "steps", "attempts", "vars", "output"}


def test_rules_are_numbered_without_a_gap() -> None:
    """A rule can be cited by its number."""
    numbers = [int(line[4 : line.index(".**")]) for line in PAGE.read_text().splitlines() if line.startswith("- **")]
    assert numbers == list(range(1, len(numbers) + 1))
    assert len(graph_examples()) > 20
