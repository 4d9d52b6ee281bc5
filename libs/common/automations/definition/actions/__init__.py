"""The types of action, one file each. A new one is a file here and a line in this table.

The table's order is the order of the palette.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from automations.definition.actions.action_type import ActionType
from automations.definition.actions.assign_to_queue import ASSIGN_TO_QUEUE
from automations.definition.actions.branch import BRANCH
from automations.definition.actions.call_webhook import CALL_WEBHOOK
from automations.definition.actions.create_task import CREATE_TASK
from automations.definition.actions.delay import DELAY
from automations.definition.actions.for_each import FOR_EACH
from automations.definition.actions.human_task import HUMAN_TASK
from automations.definition.actions.notify_user import NOTIFY_USER
from automations.definition.actions.send_email import SEND_EMAIL
from automations.definition.actions.send_notification import SEND_NOTIFICATION
from automations.definition.actions.set import SET
from automations.definition.actions.stop import STOP
from automations.definition.actions.update_field import UPDATE_FIELD

ACTION_TYPES: Final[Mapping[str, ActionType]] = MappingProxyType(
    {
        action.type: action
        for action in (
            SEND_EMAIL,
            UPDATE_FIELD,
            CREATE_TASK,
            NOTIFY_USER,
            ASSIGN_TO_QUEUE,
            SEND_NOTIFICATION,
            CALL_WEBHOOK,
            HUMAN_TASK,
            BRANCH,
            FOR_EACH,
            DELAY,
            SET,
            STOP,
        )
    }
)


def catalogue() -> list[dict[str, Any]]:
    """Return what is known of each type of action, with JSON Schemas of its parameters and its output."""
    return [action.describe() for action in ACTION_TYPES.values()]
