"""Change one or several fields of the record."""

from collections.abc import Iterator
from typing import Any, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from automations.definition.actions.action_type import ActionType, Output, Params, Text
from automations.definition.caused_events import CausedEvent, change_of


class UpdateFieldParams(Params):
    """Either one field with its value, or several fields at once."""

    field: Text | None = None
    """The name of the field to change."""
    value: Any = None
    """Its new value; null empties the field."""
    fields: dict[str, Any] | None = Field(default=None, max_length=100)
    """Several fields with their new values, instead of `field` and `value`."""

    @model_validator(mode="after")
    def _names_a_field(self) -> Self:
        if not self.field and not self.fields:
            raise PydanticCustomError("missing", "`field` with `value`, or `fields`, is required")
        if self.field and self.fields is not None:
            raise PydanticCustomError("one_of", "Give either `field` with `value`, or `fields`, not both")
        return self

    def changes(self) -> dict[str, Any]:
        """Return the new value of each field."""
        return dict(self.fields) if self.fields else {str(self.field): self.value}


class UpdateFieldOutput(Output):
    """The record after the change."""

    record_id: str | None = None
    """The record that was changed."""
    fields: dict[str, Any] = Field(default_factory=dict)
    """The fields as they were written."""


def _causes(params: UpdateFieldParams) -> Iterator[CausedEvent]:
    return change_of(params.changes())


UPDATE_FIELD = ActionType(
    type="update_field",
    title="Update field",
    description="Change one or more fields of the record.",
    params=UpdateFieldParams,
    output=UpdateFieldOutput,
    causes=_causes,
)
