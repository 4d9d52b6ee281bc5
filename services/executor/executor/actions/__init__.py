"""What each type of action does, purely: parameters become a request, an answer becomes the step's output.

What steers the run (branch, delay, for_each, set, stop) asks nothing of the world: `executor.engine` knows it.
Actions perform nothing themselves; `executor.gate` does, so that none of them can forget a dry run.
A new action is a file here and a line in this table, beside its definition in the common library.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from executor.actions.assign_to_queue import ASSIGN_TO_QUEUE
from executor.actions.call_webhook import CALL_WEBHOOK
from executor.actions.create_task import CREATE_TASK
from executor.actions.human_task import HUMAN_TASK
from executor.actions.notify_user import NOTIFY_USER
from executor.actions.performer import Performer
from executor.actions.send_email import SEND_EMAIL
from executor.actions.send_notification import SEND_NOTIFICATION
from executor.actions.update_field import UPDATE_FIELD

PERFORMERS: Final[Mapping[str, Performer]] = MappingProxyType(
    {
        performer.type: performer
        for performer in (
            SEND_EMAIL,
            UPDATE_FIELD,
            CREATE_TASK,
            NOTIFY_USER,
            ASSIGN_TO_QUEUE,
            SEND_NOTIFICATION,
            CALL_WEBHOOK,
            HUMAN_TASK,
        )
    }
)
