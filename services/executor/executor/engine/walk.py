"""How a run goes on along its graph, until everything left is under way.

An edge is settled when its source has ended, or no way led there. An action begins once, when all its incoming
edges are settled and one is live; where none is live it is passed by, and its own edges are dead. So
sequences, joins and branches are one rule, and a transition looks at no more than what it touches.
"""

from executor.engine.beginnings import begin_step
from executor.engine.endings import is_live, withdraw
from executor.engine.items import look_at_item
from executor.engine.plan import PlannedAction
from executor.engine.progress import Progress
from executor.engine.run import prefix_of
from executor.engine.states import next_step_state


def go_on(progress: Progress) -> None:
    """Walk on from what has just ended or may begin; end the run where nothing is left to do."""
    while True:
        if progress.settled:
            _look_at_edges(progress, progress.settled.popleft())
        elif progress.ready:
            path = progress.ready.popleft()
            if path not in progress.steps and not progress.is_closed(prefix_of(path)):
                begin_step(progress, path)
        elif progress.touched:
            prefix = max(progress.touched, key=len)
            del progress.touched[prefix]
            look_at_item(progress, prefix)
        else:
            break
    _end_where_nothing_is_left(progress)


def _look_at_edges(progress: Progress, path: str) -> None:
    prefix = prefix_of(path)
    if progress.is_closed(prefix):
        return
    for edge in progress.plan.at(path).outgoing:
        target = prefix + edge.target
        if target in progress.steps or target in progress.unreached:
            continue
        action = progress.plan.actions[edge.target]
        verdict = _verdict(progress, action, prefix)
        if verdict is None:
            continue
        if verdict:
            progress.ready.append(target)
        else:
            _pass_by(progress, action, target)


def _verdict(progress: Progress, action: PlannedAction, prefix: str) -> bool | None:
    """Return whether a way leads to the action; None while one of its incoming edges is not settled."""
    live = False
    for edge in action.incoming:
        source = progress.steps.get(prefix + edge.source)
        if source is None:
            if prefix + edge.source not in progress.unreached:
                return None
        elif source.under_way:
            return None
        elif not live:
            live = is_live(progress, edge, source)
    return live


def _pass_by(progress: Progress, action: PlannedAction, path: str) -> None:
    progress.unreached[path] = None
    status = next_step_state("pending", "pass_by")
    progress.note(path, status, name=action.name, reason="path_not_taken", ended_at=progress.at)
    progress.settle(path)


def _end_where_nothing_is_left(progress: Progress) -> None:
    if progress.ended_at is not None or progress.effects:
        return
    if progress.state == "queued":
        return
    if progress.state == "running":
        if any(progress.under_way()):
            return
    else:
        if progress.in_flight():
            return
        for loop in list(progress.under_way()):
            withdraw(progress, loop)
    progress.move_run("settle")
    progress.ended_at, progress.timeout_at = progress.at, None
