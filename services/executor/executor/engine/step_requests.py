"""From an action and what happened so far to the request of its step."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from pydantic import ValidationError

from automations.contracts.events import event_names
from automations.contracts.identity import idempotency_key
from automations.contracts.results import StepError
from automations.paths import Scope
from automations.templates import RenderError, render_params
from executor.actions.performer import Circumstances, NotPossible
from executor.actions.requests import Request
from executor.engine.plan import PlannedAction
from executor.engine.run import Run


class RenderedStep(NamedTuple):
    """A step ready to begin, or the error that keeps it from beginning."""

    params: dict[str, Any]
    request: Request | None
    error: StepError | None
    missing: tuple[str, ...] = ()


def circumstances_of(run: Run, path: str, at: datetime) -> Circumstances:
    """Return what the step at `path`, begun at `at`, may depend on besides its parameters."""
    return Circumstances(run.event, at, idempotency_key(run.run_id, path))


def render_step(run: Run, action: PlannedAction, path: str, at: datetime) -> RenderedStep:
    """Return the action's parameters filled in, and its request; never raises for what a record holds."""
    scope = Scope(
        record=run.event.record,
        event=event_names(run.event),
        changes=run.event.changes,
        steps=run.outputs(),
        now=at,
    )
    try:
        rendered = render_params(action.params, scope)
    except RenderError as error:
        return _refused(dict(action.params), str(error))
    missing = tuple(rendered.missing)
    try:
        params = action.type.params.model_validate(rendered.value)
        request = action.performer.render(params, circumstances_of(run, path, at))
    except ValidationError as error:
        return _refused(rendered.value, _explain(error), missing)
    except NotPossible as error:
        return _refused(rendered.value, str(error), missing)
    return RenderedStep(rendered.value, request, None, missing)


def _refused(params: Mapping[str, Any], message: str, missing: tuple[str, ...] = ()) -> RenderedStep:
    return RenderedStep(dict(params), None, StepError(kind="invalid", message=message), missing)


def _explain(error: ValidationError) -> str:
    problems = (f"`{'.'.join(map(str, problem['loc']))}`: {problem['msg']}" for problem in error.errors())
    return "the parameters do not fit once their names are filled in: " + "; ".join(problems)
