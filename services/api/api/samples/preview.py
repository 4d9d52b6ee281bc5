"""What a trigger would have matched of the events that are kept; pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.samples.store import Sample
from automations.conditions import ConditionRefused, parse_condition
from automations.contracts.commands import Cause
from automations.contracts.events import CrmEvent
from automations.definition import compile_trigger
from automations.definition.event_patterns import events_match, events_problems, parse_events
from automations.listening import scope_of
from automations.problems import Problem, pointer_join


@dataclass(frozen=True, slots=True)
class Preview:
    """A trigger that is being written, or what is wrong with it."""

    document: Mapping[str, Any]
    problems: list[Problem]

    def listens_to(self, event_type: str) -> bool:
        """Return whether the trigger names events of this type."""
        return events_match(parse_events(self.document["trigger"]["event"]), event_type)


def read_preview(body: Mapping[str, Any]) -> Preview:
    """Return the trigger that a request asks about; only its events and conditions matter."""
    trigger = body.get("trigger")
    problems = [
        Problem(pointer_join("", name), "is not taken here; send `trigger` and `conditions`", "unknown_field")
        for name in body
        if name not in ("trigger", "conditions")
    ]
    if not isinstance(trigger, Mapping):
        return Preview(
            body, [*problems, Problem("/trigger", 'is required, such as {"event": "case.created"}', "missing")]
        )
    problems += events_problems(trigger.get("event"))
    for raw, pointer in ((trigger.get("conditions"), "/trigger/conditions"), (body.get("conditions"), "/conditions")):
        try:
            parse_condition(raw, pointer)
        except ConditionRefused as refused:
            problems += refused.problems
    return Preview(body, problems)


def decide_preview(preview: Preview, samples: Sequence[Sample]) -> list[bool]:
    """Return for each sample whether the conditions hold, as the matcher evaluates them."""
    condition = compile_trigger(preview.document)
    return [condition.holds(scope_of(event_of(sample))) for sample in samples]


def event_of(sample: Sample) -> CrmEvent:
    """Return the sample's event as conditions see it; its identity and cause are not kept."""
    return CrmEvent(sample.tenant_id, sample.event, "", "", Cause(), sample.at)
