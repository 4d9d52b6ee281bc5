"""How a loop goes through its items: so many at once, in order, each with a graph of its own to walk."""

from typing import Any

from automations.contracts.step_errors import StepError
from executor.engine.endings import close_item, complete_step, fail_step, forget_below, withdraw
from executor.engine.plan import PlannedLoop
from executor.engine.progress import Progress
from executor.engine.run import ItemResult, LoopItem, Step, item_of, prefix_of


def begin_items(progress: Progress, path: str) -> None:
    """Begin as many items of the loop as may be under way; end it when none is left."""
    planned = _planned(progress, path)
    loop = progress.loop(path)
    if loop.error is None and not progress.is_closed(prefix_of(path)):
        free = planned.at_once - len(loop.under_way)
        begun = len(loop.under_way) + len(loop.results)
        values = _values_around(progress, path)
        fresh = {begun + place: LoopItem(item=item, vars=values) for place, item in enumerate(loop.waiting[:free])}
        error = progress.hold("what the values come to that each item gets", values, len(fresh)) if values else None
        if error is not None:
            loop = progress.change_loop(path, error=error)
        elif fresh:
            under_way = {**loop.under_way, **fresh}
            loop = progress.change_loop(path, waiting=loop.waiting[free:], under_way=under_way)
            progress.ready.extend(f"{path}[{index}].{planned.graph.start}" for index in fresh)
    if not loop.under_way:
        _end_loop(progress, progress.steps[path])


def look_at_item(progress: Progress, prefix: str) -> None:
    """End an item of a loop in which nothing is under way any more, and go on with the loop."""
    item = progress.item(prefix)
    path, index = item_of(prefix)
    if item is None or progress.is_closed(prefix_of(path)):
        return
    if item.error is not None:
        if progress.in_flight(prefix):
            return
        for inner in list(progress.under_way(prefix)):
            withdraw(progress, inner)
    elif any(progress.under_way(prefix)):
        return
    result = ItemResult(status="failed" if item.error else "completed", output=_outputs(progress, prefix))
    forget_below(progress, prefix)
    loop = progress.loop(path)
    error = loop.error
    if item.error is not None and error is None and not _planned(progress, path).keeps_going:
        error = _item_error(index, item.error)
    under_way = {number: other for number, other in loop.under_way.items() if number != index}
    progress.change_loop(path, under_way=under_way, results={**loop.results, index: result}, error=error)
    begin_items(progress, path)


def time_out_loop(progress: Progress, step: Step, error: StepError) -> None:
    """Have a loop fail whose time is up: its items end as a run does, and the loop when all of them have."""
    loop = progress.loop(step.path)
    progress.change_step(step, timeout_at=None)
    progress.change_loop(step.path, error=error)
    for index, item in loop.under_way.items():
        if item.error is None:
            close_item(progress, f"{step.path}[{index}].", error)


def _end_loop(progress: Progress, step: Step) -> None:
    loop = progress.loop(step.path)
    items: list[dict[str, Any]] = [
        {"status": result.status, "output": result.output} for _, result in sorted(loop.results.items())
    ]
    if loop.error is not None:
        items += [{"status": "cancelled", "output": {}} for _ in loop.waiting]
        fail_step(progress, step, loop.error, output={"items": items})
    else:
        complete_step(progress, step, {"items": items}, held=True)


def _outputs(progress: Progress, prefix: str) -> dict[str, Any]:
    return {
        step.path[len(prefix) :]: step.output
        for step in progress.steps.values()
        if step.status == "completed" and prefix_of(step.path) == prefix
    }


def _values_around(progress: Progress, path: str) -> dict[str, Any]:
    item = progress.item(prefix) if (prefix := prefix_of(path)) else None
    return progress.vars if item is None else item.vars


def _planned(progress: Progress, path: str) -> PlannedLoop:
    planned = progress.plan.at(path).loop
    assert planned is not None
    return planned


def _item_error(index: int, error: StepError) -> StepError:
    detail = {"index": index, "kind": error.kind}
    return StepError(kind="item_failed", message=f"item {index + 1} failed: {error.message}", detail=detail)
