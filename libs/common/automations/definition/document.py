"""The automation document as a value: what a version is, apart from its status, its environment and its
number.

A document is kept as it was written; this module gives it types. Only validated documents are loaded.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from automations.conditions import All, Condition, compile_condition, parse_condition
from automations.definition.event_patterns import EVENT_LIMIT_CHARACTERS, EVENTS_LIMIT
from automations.durations import read_duration

NAME_LIMIT_CHARACTERS: Final = 200
DESCRIPTION_LIMIT_CHARACTERS: Final = 5_000
ACTIONS_LIMIT: Final = 200
"""The actions of a document, those inside of loops included."""
RUN_STEPS_LIMIT: Final = 10_000
"""The most steps that a run of a document can come to, with every loop at its `max`."""
LOOP_DEPTH_LIMIT: Final = 3
BRANCHES_LIMIT: Final = 50
TARGETS_LIMIT: Final = 50
AT_ONCE_LIMIT: Final = 50
TAGS_LIMIT: Final = 50
TAG_LIMIT_CHARACTERS: Final = 64
ID_PATTERN: Final = r"^[A-Za-z_][A-Za-z0-9_-]{0,63}$"
KEPT_PREFIX: Final = "x-"
"""Fields of such a name are a client's own: they are kept and mean nothing here."""

Event = Annotated[str, Field(min_length=1, max_length=EVENT_LIMIT_CHARACTERS)]
Conditions = dict[str, Any] | list[Any]
Name = Annotated[str, Field(min_length=1, max_length=NAME_LIMIT_CHARACTERS)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True)


class Trigger(_Part):
    """What starts the automation."""

    event: Event | Annotated[list[Event], Field(min_length=1, max_length=EVENTS_LIMIT)]
    """The type of event, such as `case.created`; a pattern such as `case.*`; or a list of those."""
    conditions: Conditions | None = None
    """What must hold for the event; absent or empty, every event that is named starts a run."""


def _read_period(value: object) -> timedelta:
    duration = read_duration(value)
    if not duration:
        raise ValueError("This is longer than 0")
    return duration


Period = Annotated[timedelta, BeforeValidator(_read_period, json_schema_input_type=str | float)]
"""A length of time above 0, as written: `90s`, `15m`, `3d`."""
Pause = Annotated[timedelta, BeforeValidator(read_duration, json_schema_input_type=str | float)]
"""A length of time that may be 0."""
Target = Annotated[str, Field(pattern=ID_PATTERN)]


def _require_targets(value: object) -> object:
    if value == []:
        raise PydanticCustomError("empty", "This names at least one action; a path ends with null")
    if value is None or isinstance(value, str | list):
        return value
    raise PydanticCustomError("type", "This is the id of an action, or a list of ids")


Targets = Annotated[
    Target | Annotated[list[Target], Field(min_length=1, max_length=TARGETS_LIMIT)], BeforeValidator(_require_targets)
]
"""The id of one action, or of several that begin side by side."""


class RetryPolicy(_Part):
    """How often, and after which pauses, an effect is tried again."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 4
    """Attempts in all, the first included."""
    first_delay: Pause = timedelta(seconds=0.5)
    """The pause after the first attempt."""
    factor: Annotated[float, Field(ge=1, le=10)] = 4
    """By how much each pause is longer than the one before."""
    max_delay: Pause = timedelta(seconds=60)
    """The longest pause."""
    within: Period | None = None
    """The time in which all attempts lie; absent, there is no such limit."""


class Goto(_Part):
    """Where a failure leads."""

    next: Targets
    """The action, or several that begin side by side."""


def _require_outcome(value: object) -> object:
    if value in ("fail", "continue") or isinstance(value, Mapping | Goto):
        return value
    raise PydanticCustomError("choice", 'This is "fail", "continue", or an object such as {"next": "tell_somebody"}')


def _require_items(value: object) -> object:
    if isinstance(value, str | list):
        return value
    raise PydanticCustomError("type", "This is a path such as record.contacts, one name in braces, or a list")


Outcome = Annotated[Literal["fail", "continue"] | Goto, BeforeValidator(_require_outcome)]
"""What a failure leads to: the end of the run, the next action, or another one."""


class BranchEntry(_Part):
    """One way out of a branch."""

    when: Conditions | None
    """What must hold for it; the first entry whose conditions hold is taken."""
    next: Target | None
    """The action that it leads to; null, the path ends."""
    name: Annotated[str, Field(max_length=NAME_LIMIT_CHARACTERS)] | None = None
    """What people call it."""


class Action(_Part):
    """One step of the automation.

    Which of the fields from `next` on an action takes depends on its type. An absent `next` and a `next` of
    null differ: absent, the action written after it follows; null, the path ends.
    """

    type: str
    """One of the action types."""
    id: Annotated[str, Field(pattern=ID_PATTERN)] | None = None
    """The name by which later actions refer to it; given by the product where it is absent."""
    name: Annotated[str, Field(max_length=NAME_LIMIT_CHARACTERS)] | None = None
    """What people call it; absent, the type's title is shown."""
    params: dict[str, Any] = Field(default_factory=dict)
    """The parameters of its type; texts in them may hold names."""
    when: Conditions | None = None
    """What must hold when its turn comes; else it is skipped and the path goes on."""
    next: Targets | None = None
    """What follows: an action, several side by side, or null for the end; absent, the action written after it."""
    on_error: Outcome | None = None
    """What its failure leads to: `fail` (the default) ends the run, `continue` goes on, `{next: …}` leads elsewhere."""
    retry: RetryPolicy | None = None
    """How its effect is tried again; absent, four attempts within about ten seconds."""
    timeout: Period | None = None
    """The time for the whole step, its attempts and pauses included; absent, there is no limit."""
    on_timeout: Outcome | None = None
    """What the end of its time leads to, in the forms of `on_error`; absent, `on_error` decides."""
    at_most_once: bool = False
    """Whether its effect is never sent twice, even if nobody can tell whether it arrived."""
    branches: Annotated[list[BranchEntry], Field(min_length=1, max_length=BRANCHES_LIMIT)] | None = None
    """The ways out of a branch, tried in this order."""
    otherwise: Target | None = None
    """The action that a branch leads to if no entry holds; absent or null, the path ends."""
    items: Annotated[str | list[Any], BeforeValidator(_require_items)] | None = None
    """What a loop goes through: a path, a text that is exactly one name, or a list."""
    max: Annotated[int, Field(ge=1, le=RUN_STEPS_LIMIT)] = 1_000
    """The most items that a loop takes; a longer list fails the step."""
    at_once: Annotated[int, Field(ge=1, le=AT_ONCE_LIMIT)] = 1
    """How many items are under way side by side."""
    actions: Annotated[list["Action"], Field(max_length=ACTIONS_LIMIT)] = []
    """What a loop does for each item: a graph of its own."""


class AutomationDocument(_Part):
    """An automation: when something happens and the conditions hold, run the actions."""

    name: Name
    """What people call it."""
    description: Annotated[str, Field(max_length=DESCRIPTION_LIMIT_CHARACTERS)] | None = ""
    """What it is for."""
    trigger: Trigger
    """What starts it."""
    conditions: Conditions | None = None
    """More conditions; they must hold as well as the trigger's."""
    actions: Annotated[list[Action], Field(max_length=ACTIONS_LIMIT)] = []
    """What is done: in this order, where nothing else is said."""
    timeout: Period | None = None
    """The time for a whole run; absent, there is no limit."""
    tags: Annotated[list[Annotated[str, Field(max_length=TAG_LIMIT_CHARACTERS)]], Field(max_length=TAGS_LIMIT)] = []
    """Words to find it by."""
    layout: dict[str, Any] | None = None
    """Where its actions stand on the canvas; it means nothing for the runs."""


DOCUMENT_FIELDS: Final = frozenset(AutomationDocument.model_fields)
"""The fields of a document."""
REQUEST_FIELDS: Final = frozenset(
    {
        "id",
        "tenant_id",
        "version",
        "revision",
        "status",
        "environment",
        "active_since",
        "activation",
        "created_at",
        "created_by",
        "updated_at",
        "updated_by",
        "warnings",
        "problems",
    }
)
"""The fields that a request or an answer has around a document. They are no part of it, so that what was
read can be sent back.
"""


def document_of(raw: Mapping[str, object]) -> dict[str, object]:
    """Return the fields of a request that are the document's, or at least nobody else's."""
    return {field: value for field, value in raw.items() if field not in REQUEST_FIELDS}


def load_document(document: Mapping[str, object]) -> AutomationDocument:
    """Return a validated document with types.

    Raises:
        pydantic.ValidationError: it was not validated.
    """
    return AutomationDocument.model_validate(dict(document))


def compile_trigger(document: Mapping[str, Any]) -> Condition:
    """Return when a validated document's trigger fires: its own conditions joined with the document's.

    Raises:
        ConditionRefused: it was not validated.
    """
    own = parse_condition(document["trigger"].get("conditions"), "/trigger/conditions")
    more = parse_condition(document.get("conditions"), "/conditions")
    return compile_condition(All("", own.parts + more.parts))
