"""What an event means for an automation, told check by check; pure.

The verdict is the one of `automations.listening.judge`, which the matcher asks as well; conditions are explained by
the evaluation that the matcher does. Nothing is decided here a second time.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from api.automations.model import Automation, render_definition
from api.decisions.requests import Subject
from api.events.views import render_event
from automations.conditions.explain import explain_condition
from automations.contracts.definitions import SandboxSwitched
from automations.contracts.events import CrmEvent
from automations.contracts.identity import Lane
from automations.listening import LATE_AFTER, MOST_CAUSES, Listener, is_late, judge, listener_of, listeners_of, scope_of

_WORDS: Mapping[str, str] = {
    "other_event": "Starts no run: it listens to other events.",
    "before_active": "Starts no run: the event is older than the automation's being active.",
    "conditions_false": "Starts no run: {conditions}.",
    "late": "Starts no run: the event waited for too long.",
    "paused": "Starts no run: the automation is paused. The start is listed as skipped.",
    "loop_guard": "Starts no run: too many runs led to the event, one after the other. The start is listed as skipped.",
    "not_active": "Starts no run: the automation is {status}.",
    "sandbox_off": "Starts no run: the sandbox is off.",
}
_STATUS_WORDS: Mapping[str, str] = {
    "draft": "a draft",
    "archived": "archived",
    "paused": "paused",
    "active": "active",
}


class Ground(NamedTuple):
    """What a decision is made on."""

    automation: Automation
    subject: Subject
    switch: SandboxSwitched | None
    event: CrmEvent
    now: datetime


def explain(ground: Ground) -> dict[str, Any]:
    """Return the decision about an event, as REST shows it, without what became of it."""
    automation, subject, _, event, now = ground
    scope = scope_of(event)
    actual = _actual_listener(ground)
    listener = actual or _as_if_active(ground)
    explained = explain_condition(listener.condition.tree, scope)
    verdict = _absent_verdict(ground) if actual is None else judge(actual, event, scope, now)
    status = automation.status_of("sandbox" if subject.environment == "sandbox" else "live")
    reason = explained.sentence.rstrip(".")
    return {
        "event": render_event(event.trigger),
        "automation_id": automation.id,
        "version": subject.version,
        "environment": subject.environment,
        "starts": verdict == "starts",
        "verdict": verdict,
        "sentence": _starting_sentence(subject, reason)
        if verdict == "starts"
        else _WORDS[verdict].format(conditions=reason, status=_STATUS_WORDS[status]),
        "checks": [
            _event_check(listener, event),
            _status_check(ground),
            _since_check(listener, event),
            _age_check(event, now),
            *_chain_checks(event),
            {"check": "conditions", "holds": explained.holds, "sentence": explained.sentence},
        ],
        "conditions": explained.as_json(),
    }


def _actual_listener(ground: Ground) -> Listener | None:
    """Return how the document listens as things stand; a draft listens as if it were published and active."""
    automation, subject = ground.automation, ground.subject
    if subject.environment == "draft":
        return _as_if_active(ground)
    listeners = listeners_of(render_definition(automation), ground.switch)
    return next((one for one in listeners if one.lane == subject.environment), None)


def _as_if_active(ground: Ground) -> Listener:
    subject = ground.subject
    lane: Lane = "sandbox" if subject.environment == "sandbox" else "live"
    return listener_of(render_definition(ground.automation), subject.version or 0, lane, subject.document)


def _absent_verdict(ground: Ground) -> str:
    sandbox = ground.automation.sandbox
    if ground.subject.environment == "sandbox" and sandbox is not None and sandbox.status == "active":
        return "sandbox_off"
    return "not_active"


def _starting_sentence(subject: Subject, reason: str) -> str:
    if subject.environment == "draft":
        return f"Would start a run, once it is published and active: {reason}."
    kind = "dry run" if subject.environment == "sandbox" else "run"
    return f"Starts a {kind}: {reason}."


def _event_check(listener: Listener, event: CrmEvent) -> dict[str, Any]:
    holds = listener.hears(event.trigger.type)
    names = " or ".join(listener.events)
    sentence = (
        f"The event is {event.trigger.type}, and it listens to {names}."
        if holds
        else f"The event is {event.trigger.type}; it listens to {names}."
    )
    return {"check": "event_type", "holds": holds, "sentence": sentence}


def _status_check(ground: Ground) -> dict[str, Any]:
    automation, environment = ground.automation, ground.subject.environment
    if environment == "draft":
        sentence = "This is a draft, looked at as if it were published and active."
        return {"check": "status", "holds": True, "sentence": sentence}
    status = automation.status_of(environment)
    if status == "active" and environment == "sandbox":
        is_on = ground.switch is not None and ground.switch.active
        return {"check": "status", "holds": is_on, "sentence": f"The sandbox is {'on' if is_on else 'off'}."}
    what = "The sandbox document" if environment == "sandbox" else "The automation"
    return {"check": "status", "holds": status == "active", "sentence": f"{what} is {_STATUS_WORDS[status]}."}


def _since_check(listener: Listener, event: CrmEvent) -> dict[str, Any]:
    since = listener.active_since
    if since is None:
        return {"check": "since", "holds": True, "sentence": "Nothing says since when events count."}
    holds = listener.sees(event)
    came = _moment(event.appended_at)
    word = "after" if holds else "before"
    sentence = f"The event came at {came}, {word} the automation became active at {_moment(since)}."
    return {"check": "since", "holds": holds, "sentence": sentence}


def _age_check(event: CrmEvent, now: datetime) -> dict[str, Any]:
    late = is_late(event, now)
    days = LATE_AFTER.days
    sentence = (
        f"The event came at {_moment(event.appended_at)}, more than {days} days ago; events that old start nothing."
        if late
        else f"The event is not older than {days} days."
    )
    return {"check": "age", "holds": not late, "sentence": sentence}


def _chain_checks(event: CrmEvent) -> list[dict[str, Any]]:
    """Return the check of the runs that led to the event, if any did."""
    depth = event.caused_by.depth
    if not depth:
        return []
    holds = depth <= MOST_CAUSES
    led = "1 run led" if depth == 1 else f"{depth} runs led, one after the other,"
    limit = "" if holds else f"; after more than {MOST_CAUSES} nothing is started"
    return [{"check": "chain", "holds": holds, "sentence": f"{led} to the event{limit}."}]


def _moment(moment: datetime) -> str:
    text: str = msgspec.to_builtins(moment.replace(microsecond=0))
    return text.replace("+00:00", "Z")
