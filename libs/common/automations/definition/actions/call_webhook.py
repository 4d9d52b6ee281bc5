"""Send an HTTP request to another system and keep its answer."""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from automations.definition.actions.action_type import ActionType, OrTemplate, Output, Params, RequiredText, Text
from automations.templates import is_template

_SCHEMES: Final = ("https://", "http://")


def _require_http(url: str) -> str:
    if not url.lower().startswith(_SCHEMES) and not is_template(url):
        raise PydanticCustomError("url", "A webhook's address begins with https:// or http://")
    return url


class CallWebhookParams(Params):
    """An HTTP request."""

    url: Annotated[RequiredText, AfterValidator(_require_http)]
    """The address, beginning with https:// or http://."""
    method: Annotated[Literal["GET", "POST", "PUT", "PATCH", "DELETE"], OrTemplate()] = "POST"
    """The HTTP method."""
    headers: dict[str, Text] = Field(default_factory=dict, max_length=50)
    """Headers by name."""
    body: Any = None
    """What is sent: an object or a list as JSON, text as it is. Absent, nothing is sent."""


class CallWebhookOutput(Output):
    """The answer."""

    status: int | None = None
    """The HTTP status."""
    headers: dict[str, str] = Field(default_factory=dict)
    """The headers of the answer, names in lower case."""
    body: Any = None
    """The body: a value if it is JSON, text else."""


CALL_WEBHOOK = ActionType(
    type="call_webhook",
    title="Call webhook",
    description="Send an HTTP request to another system and keep its answer.",
    params=CallWebhookParams,
    output=CallWebhookOutput,
)
