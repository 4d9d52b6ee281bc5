"""From an action and what happened so far to what its step does: names are filled in once, when it begins."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec
from pydantic import ValidationError

from automations.contracts.step_errors import StepError
from automations.definition.actions.action_type import Params
from automations.paths import Scope
from automations.templates import RenderError, render_params, render_text
from executor.actions.performer import Circumstances, NotPossible
from executor.actions.requests import Request
from executor.engine.plan import PlannedAction, PlannedLoop
from executor.engine.run import Run


class CannotBegin(ValueError):
    """The step cannot be done with what its names came to; `error` says what would be right."""

    def __init__(self, error: StepError, params: Mapping[str, Any], missing: tuple[str, ...] = ()) -> None:
        super().__init__(error.message)
        self.error = error
        self.params = params
        self.missing = missing


class FilledIn(msgspec.Struct, frozen=True, gc=False):
    """An action's parameters with their names filled in."""

    shown: Mapping[str, Any]
    """As people see them."""
    params: Params
    """With types."""
    missing: tuple[str, ...] = ()
    """Names that had no value."""


def circumstances_of(run: Run, path: str, at: datetime) -> Circumstances:
    """Return what the step at `path`, begun at `at`, may depend on besides its parameters."""
    return Circumstances(run.event, at, run.run_id, path)


def fill_in(action: PlannedAction, scope: Scope | None) -> FilledIn:
    """Return the action's parameters for a step; the scope may be left out where no names stand in them.

    Raises:
        CannotBegin: a text fails, or what came out does not fit.
    """
    if action.ready_params is not None:
        return FilledIn(action.params, action.ready_params)
    assert scope is not None
    try:
        rendered = action.filled_params(scope)
    except RenderError as error:
        raise _refusal(str(error), action.params) from error
    missing = tuple(rendered.missing)
    try:
        return FilledIn(rendered.value, action.model.model_validate(rendered.value), missing)
    except ValidationError as error:
        raise _refusal(_explain(error), rendered.value, missing) from error


def render_request(action: PlannedAction, filled: FilledIn, circumstances: Circumstances) -> Request:
    """Return what the step asks of the world, or of a person.

    Raises:
        CannotBegin: it cannot be asked for this record.
    """
    assert action.performer is not None
    try:
        return action.performer.render(filled.params, circumstances)
    except NotPossible as error:
        raise _refusal(str(error), filled.shown, filled.missing) from error


def render_items(loop: PlannedLoop, scope: Scope) -> list[Any]:
    """Return the items of a loop, fixed from now on; no value is no items.

    Raises:
        CannotBegin: it is no list, or too long.
    """
    try:
        if loop.items_at is not None:
            items = loop.items_at(scope)
        elif isinstance(loop.items, str):
            items = render_text(loop.items, scope, pointer="/items").value
        else:
            items = cast("list[object]", render_params({"items": loop.items}, scope).value["items"])
    except RenderError as error:
        raise _refusal(str(error), {}) from error
    if items is None:
        return []
    if not isinstance(items, list | tuple):
        raise _refusal(f"`items` is {_kind_of(items)}; a loop goes through a list", {})
    if len(items) > loop.max:
        raise _refusal(f"`items` has {len(items)} elements; this loop takes at most {loop.max} (`max`)", {})
    return list(items)


def notes_of(missing: tuple[str, ...]) -> tuple[str, ...]:
    """Return what to note on a step whose names had no value."""
    return tuple(f"the record has no {name}" for name in missing) if missing else ()


def _kind_of(value: object) -> str:
    return {str: "a text", dict: "an object", bool: "true or false"}.get(type(value), "a number")


def _refusal(message: str, params: Mapping[str, Any], missing: tuple[str, ...] = ()) -> CannotBegin:
    return CannotBegin(StepError(kind="invalid", message=message), params, missing)


def _explain(error: ValidationError) -> str:
    problems = (f"`{'.'.join(map(str, problem['loc']))}`: {problem['msg']}" for problem in error.errors())
    return "the parameters do not fit once their names are filled in: " + "; ".join(problems)
