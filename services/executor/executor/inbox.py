"""Takes inputs from outside in: completed tasks, and what became of notifications.

An input is a row before it is acknowledged. Whoever inserts it tries to take the run up; a run that
another process holds finds it when that process gives the run up. While this process has no room for more
runs it takes none up, and whoever sweeps next does.
"""

from typing import Any
from uuid import UUID

from aiokafka import ConsumerRecord

from automations.clock import utc_now
from automations.contracts.controls import CancelRun, control_reader
from automations.contracts.notifications import NotificationResult, notification_result_reader
from automations.contracts.step_errors import StepError
from automations.contracts.topics import RUN_CONTROLS
from automations.contracts.wire import UnreadableMessage
from automations.messaging.batches import Batch
from automations.messaging.dead_letters import dead_letter
from automations.messaging.publisher import Publisher, Record
from automations.messaging.room import Room
from executor.engine.inputs import CancelRequested, EffectFailed, EffectSucceeded, Input, TaskSubmitted
from executor.enrolment.accept import READER
from executor.journal.rows import CANCEL_KEY, LeftInput, PendingInput
from executor.journal.store import Journal
from executor.runner import Runner


class Inbox:
    """The reader of controls and of notifier's results."""

    def __init__(self, journal: Journal, runner: Runner, room: Room, publisher: Publisher) -> None:
        self._journal = journal
        self._runner = runner
        self._room = room
        self._publisher = publisher

    async def take(self, batch: Batch) -> None:
        """Return when each input of the batch lies in its run's inbox, or in the dead letters."""
        letters: list[Record] = []
        inputs: list[tuple[ConsumerRecord[Any, Any], LeftInput]] = []
        for record in batch:
            try:
                inputs.append((record, read_input(record.topic, record.value)))
            except (UnreadableMessage, ValueError) as error:
                letters.append(_letter(record, "unreadable", f"this is no input of a run: {error}"))
        if inputs:
            adopted, unknown = await self._journal.leave_inputs([left for _, left in inputs], adopts=self._room.is_open)
            letters += [
                _letter(record, "unknown_run", f"there is no run {left.run_id}")
                for record, left in inputs
                if left.run_id in unknown
            ]
            for held in adopted:
                self._runner.wake(held)
            taken_up = {held.run.run_id for held in adopted}
            for _, left in inputs:
                if left.run_id not in taken_up:
                    self._runner.deliver(left.run_id, (PendingInput(left.key, left.input),))
        if letters:
            await self._publisher.publish_all(letters)


def read_input(topic: str, value: bytes | None) -> LeftInput:
    """Return the input that a message carries, and under which key it waits.

    Raises:
        UnreadableMessage: it is not what the topic's contract says.
    """
    if topic == RUN_CONTROLS.name:
        control = control_reader.read(value)
        if isinstance(control, CancelRun):
            cancelled = CancelRequested(
                requested_by=control.requested_by, at=control.requested_at, reason=control.reason
            )
            return _left(control.run_id, CANCEL_KEY, cancelled)
        submitted = TaskSubmitted(
            task_id=control.task_id,
            submission_id=control.submission_id,
            output=control.output,
            submitted_by=control.submitted_by,
            at=control.submitted_at,
        )
        return _left(control.run_id, f"submission:{control.submission_id}", submitted)
    result = notification_result_reader.read(value)
    return _left(result.run_id, f"notification:{result.path}", _outcome_of(result))


def _outcome_of(result: NotificationResult) -> Input:
    if result.status == "delivered":
        return EffectSucceeded(path=result.path, attempt=1, answer=result.output, at=result.at)
    error = result.error or StepError(kind="unknown", message="the notification failed without a reason")
    final = StepError(kind=error.kind, message=error.message, detail=error.detail)
    return EffectFailed(path=result.path, attempt=1, error=final, at=result.at)


def _left(run_id: str, key: str, given: Input) -> LeftInput:
    return LeftInput(str(UUID(run_id)), key, given)


def _letter(record: ConsumerRecord[Any, Any], code: str, reason: str) -> Record:
    return dead_letter(record, code=code, reason=reason, reader=READER, at=utc_now())
