"""A version of an automation, prepared for running: its actions in order, each with its performer."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from automations.definition import ACTION_TYPES, Action, load_document
from automations.definition.actions.action_type import ActionType
from executor.actions import PERFORMERS
from executor.actions.performer import Performer


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One action of a document, with everything that running it needs."""

    id: str
    type: ActionType
    name: str | None
    params: Mapping[str, Any]
    performer: Performer


@dataclass(frozen=True, slots=True)
class Plan:
    """The actions of one version, in the order they run."""

    actions: tuple[PlannedAction, ...]


def plan_version(document: Mapping[str, Any]) -> Plan:
    """Return the plan of a validated document.

    Raises:
        ValueError: the document is not valid for this release (it was written by a newer one).
    """
    loaded = load_document(document)
    return Plan(
        tuple(
            PlannedAction(
                _id_of(action), ACTION_TYPES[action.type], action.name, action.params, PERFORMERS[action.type]
            )
            for action in loaded.actions
        )
    )


def _id_of(action: Action) -> str:
    if action.id is None:
        raise ValueError("an action of a published document has an id")
    return action.id
