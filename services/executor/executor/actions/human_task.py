"""Ask a person: the run waits until a team member completes the task."""

from datetime import timedelta
from typing import Any

from automations.definition.actions.human_task import HumanTaskParams
from executor.actions.performer import Answer, Circumstances, Output, Performer
from executor.actions.requests import AskPerson, Request

_SAMPLES: dict[str, Any] = {"string": "sample", "number": 0, "integer": 0, "boolean": True, "array": [], "object": {}}


def render(params: HumanTaskParams, circumstances: Circumstances) -> Request:
    due_at = circumstances.at + params.due if isinstance(params.due, timedelta) else params.due
    return AskPerson(
        title=params.title,
        instructions=params.instructions,
        assignee=params.assignee or None,
        groups=tuple(params.groups),
        form=params.form,
        due_at=due_at,
        priority=params.priority,
        sample=params.sample,
    )


def read(_request: Request, answer: Answer, _circumstances: Circumstances) -> Output:
    return dict(answer)


def simulate(request: Request, _circumstances: Circumstances) -> Answer:
    assert isinstance(request, AskPerson)
    if isinstance(request.sample, dict):
        return request.sample
    return sample_of(request.form)


def sample_of(form: dict[str, Any] | None) -> dict[str, Any]:
    """Return an output that a form could have given: defaults, first examples or choices, or plain values."""
    properties = (form or {}).get("properties")
    if not isinstance(properties, dict):
        return {"approved": True} if form is None else {}
    return {name: _field_sample(field) for name, field in properties.items() if isinstance(field, dict)}


def _field_sample(field: dict[str, Any]) -> Any:
    if "default" in field:
        return field["default"]
    for name in ("examples", "enum"):
        choices = field.get(name)
        if isinstance(choices, list) and choices:
            return choices[0]
    kind = field.get("type")
    return _SAMPLES.get(kind) if isinstance(kind, str) else None


HUMAN_TASK = Performer("human_task", render, read, simulate)
