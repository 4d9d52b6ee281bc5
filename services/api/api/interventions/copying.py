"""What a rerun takes over from the run that is run again; pure.

A rerun from a step keeps what the steps before it came to. Kept is what the run can go on from: completed steps,
those whose own conditions did not hold, and failures that the document leads on from. What ended the run, or had
not ended with it, begins anew.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from api.problems import Refused
from automations.contracts.commands import CopiedStep
from automations.contracts.results import OMITTED
from automations.contracts.step_errors import StepError
from automations.definition import Action, load_document
from automations.definition.graph import Graph, graph_of
from automations.problems import Problem, list_words, suggest_nearest

Row = Mapping[str, Any]

_EARLIEST = datetime.min.replace(tzinfo=UTC)
_TIMED_OUT = "timeout"
_error_decoder = msgspec.json.Decoder(StepError)


class Anew(NamedTuple):
    """Where a rerun begins, and what it does not do again."""

    step: str | None
    copied: tuple[CopiedStep, ...]


def copy_steps(document: Mapping[str, Any], steps: Sequence[Row], step: str | None) -> Anew:
    """Return what a rerun that begins at a step takes over; without a step nothing.

    Raises:
        Refused: a run cannot begin at such a step (422), or what came before it is not known any more (409).
    """
    if step is None:
        return Anew(None, ())
    actions = load_document(document).actions
    by_id = {str(action.id): action for action in actions}
    if step not in by_id:
        raise _no_such_step(step, actions)
    if any(row["path"] == step and row["reason"] == "path_not_taken" for row in steps):
        message = "no way led to this step in the run; begin at one before it"
        raise _refused_step(Problem("/from_step", message, "not_reached"), by_id)
    anew = _reached_from(graph_of(actions), step)
    kept = [row for row in steps if row["path"] in by_id and row["path"] not in anew]
    kept.sort(key=lambda row: row["step_ended_at"] or _EARLIEST)
    copied = tuple(_copy(row) for row in kept if _can_go_on_from(by_id[row["path"]], row))
    lost = [each.id for each in copied if each.output == OMITTED]
    if lost:
        message = (
            f"The results of {list_words(lost)} were too large to be kept, and the steps from {step} on may need them. "
            "Run it again from the start."
        )
        raise Refused(409, message, reason="results_not_kept", steps=lost)
    return Anew(step, copied)


def _can_go_on_from(action: Action, row: Row) -> bool:
    match row["status"]:
        case "completed":
            return True
        case "skipped":
            return bool(row["reason"] != "path_not_taken")
        case "failed":
            timed_out = row["error"] is not None and _error_decoder.decode(row["error"]).kind == _TIMED_OUT
            route = action.on_timeout if timed_out and action.on_timeout is not None else action.on_error
            return route is not None and route != "fail"
        case _:
            return False


def _copy(row: Row) -> CopiedStep:
    return CopiedStep(
        id=row["path"],
        status=row["status"],
        output=None if row["output"] is None else msgspec.json.decode(row["output"]),
        error=None if row["error"] is None or row["status"] != "failed" else _error_decoder.decode(row["error"]),
    )


def _reached_from(graph: Graph, own: str) -> set[str]:
    found, waiting = {own}, [own]
    while waiting:
        for edge in graph.outgoing[waiting.pop()]:
            if edge.target not in found:
                found.add(edge.target)
                waiting.append(edge.target)
    return found


def _no_such_step(step: str, actions: Sequence[Action]) -> Refused:
    known = {str(action.id): action for action in actions}
    own = step.rpartition(".")[2]
    for around, action in known.items():
        if own in _inner_ids(action):
            message = f'is inside of the loop "{around}"; begin at "{around}"'
            return _refused_step(Problem("/from_step", message, "inside_loop"), known)
    message = f'the run\'s version has no step "{step[:80]}".{suggest_nearest(step, known)} It has {list_words(known)}.'
    return _refused_step(Problem("/from_step", message, "unknown_step"), known)


def _inner_ids(action: Action) -> set[str]:
    inner = action.actions or ()
    return {str(each.id) for each in inner}.union(*(_inner_ids(each) for each in inner))


def _refused_step(problem: Problem, known: Mapping[str, Action]) -> Refused:
    return Refused(422, problem.message, problems=[problem], steps=list(known))
