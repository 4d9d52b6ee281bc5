"""Pause the run until somebody in the team has looked at it and completed the task."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from automations.definition.actions.action_type import (
    STEERING_FIELDS,
    ActionType,
    Due,
    OrTemplate,
    Output,
    Params,
    Text,
)
from automations.definition.forms import form_problems
from automations.problems import Problem


class HumanTaskParams(Params):
    """A task for a person, and what is asked of them."""

    title: Text = "Complete this task"
    """What is to be decided or done, in a few words."""
    instructions: Text | None = None
    """What the person needs to know."""
    assignee: Text | None = None
    """The user who is asked; absent, anybody may complete the task."""
    groups: list[Text] = Field(default_factory=list)
    """The groups whose members may complete it."""
    form: dict[str, Any] | None = None
    """What is asked, as a JSON Schema of an object; absent, a decision and notes."""
    due: Due | None = None
    """When it is to be done: a length of time from the step (`2d`), a date or a time. It only reminds."""
    priority: Annotated[Literal["low", "normal", "high", "urgent"], OrTemplate()] | None = None
    """How urgent it is."""
    sample: Any = None
    """The output that a dry run goes on with, instead of asking anybody."""


class HumanTaskOutput(Output):
    """What the person answered, by the fields of the form."""


def _check_form(params: Mapping[str, Any]) -> Iterable[Problem]:
    form = params.get("form")
    return form_problems(form, "/form") if isinstance(form, Mapping) else ()


HUMAN_TASK = ActionType(
    type="human_task",
    title="Human task",
    description="Pause the run until a team member completes a task.",
    params=HumanTaskParams,
    output=HumanTaskOutput,
    waits_for_person=True,
    checks=_check_form,
    takes=(*STEERING_FIELDS, "timeout", "on_timeout"),
)
