"""The one way out: only here is HTTP done and a notification handed on.

In a dry run nothing leaves: the gate returns what the action says the other side would have answered. No
action can forget it, because actions perform nothing. A live effect begins only while the lease stands, and a
call only when it has a place at its destination; until then nothing of it has left.
"""

from typing import Any, Final, NamedTuple

from automations.clock import utc_now
from automations.contracts.notifications import SendNotification
from automations.contracts.step_errors import StepError
from automations.contracts.topics import NOTIFICATIONS
from automations.contracts.wire import encode
from automations.messaging.publisher import Publisher, Record
from automations.observability import get_logger
from executor.actions import PERFORMERS
from executor.actions.requests import AskPerson, CrmCall, Notify, WebhookCall
from executor.engine.inputs import EffectFailed, EffectSucceeded
from executor.engine.outcomes import Effect
from executor.engine.run import Run
from executor.engine.step_requests import circumstances_of
from executor.engine.transition import unknown_outcome
from executor.http_calls import CallFailed, HttpCalls
from executor.journal.lease import Lease
from executor.places import Places

log = get_logger(__name__)

Outcome = EffectSucceeded | EffectFailed
HANDED_OVER: Final = None
"""The effect was handed to notifier; its result comes as an input of its own."""


class PutOff(NamedTuple):
    """A call did not begin, because its destination is crowded."""

    destination: str


class Gate:
    """Performs effects, or, in a dry run, does not."""

    def __init__(self, http: HttpCalls, places: Places, publisher: Publisher, lease: Lease) -> None:
        self._http = http
        self._places = places
        self._publisher = publisher
        self._lease = lease

    def answer_at_once(self, run: Run, effect: Effect) -> Outcome | None:
        """Return what becomes of an effect that asks nobody, which is every one of a dry run; `None` of any other."""
        return self._simulate(run, effect) if run.dry_run else None

    async def perform(self, run: Run, effect: Effect) -> Outcome | PutOff | None:
        """Return what became of one attempt; `HANDED_OVER` where its result comes later."""
        known = self.answer_at_once(run, effect)
        if known is not None:
            return known
        match effect.request:
            case CrmCall() | WebhookCall() as call:
                return await self._call_in_turn(run, effect, call)
            case Notify() as message:
                await self._lease.until_it_stands()
                await self._hand_over(run, effect, message)
                return HANDED_OVER
            case AskPerson():
                raise TypeError("a task for a person is no effect")

    async def _call_in_turn(self, run: Run, effect: Effect, call: CrmCall | WebhookCall) -> Outcome | PutOff:
        """Make a call when it has a place at its destination; its time counts from then on."""
        destination = self._http.destination_of(call)
        place = await self._places.take(destination)
        if place is None:
            return PutOff(destination)
        try:
            await self._lease.until_it_stands()
            return await self._call(run, effect, call)
        finally:
            self._places.give_back(place)

    async def _call(self, run: Run, effect: Effect, call: CrmCall | WebhookCall) -> Outcome:
        try:
            if isinstance(call, CrmCall):
                answer = await self._http.call_crm(call, _headers(run, effect))
            else:
                answer = await self._http.call_webhook(call, _headers(run, effect))
        except CallFailed as failure:
            return _failed(effect, _error_of(effect, failure), failure.retry_after_seconds)
        return _succeeded(effect, answer)

    @staticmethod
    def _simulate(run: Run, effect: Effect) -> Outcome:
        circumstances = circumstances_of(run, effect.path, effect.begun_at)
        return _succeeded(effect, dict(PERFORMERS[effect.type].simulate(effect.request, circumstances)))

    async def _hand_over(self, run: Run, effect: Effect, message: Notify) -> None:
        notification = SendNotification(
            tenant_id=run.tenant_id,
            run_id=run.run_id,
            path=effect.path,
            key=effect.key,
            automation_id=run.automation_id,
            channel=message.channel,
            to=message.to,
            cc=message.cc,
            subject=message.subject,
            body=message.body,
            sender=message.sender,
            requested_at=effect.begun_at,
            at_most_once=effect.at_most_once,
        )
        await self._publisher.publish_all([Record(NOTIFICATIONS.name, run.run_id.encode(), encode(notification))])


def _error_of(effect: Effect, failure: CallFailed) -> StepError:
    """Return the error of an attempt; an effect that is sent at most once is tried again only if it never left."""
    if not effect.at_most_once or failure.reached == "not_sent":
        return failure.error
    if failure.reached == "unanswered":
        return unknown_outcome(failure.error.message)
    return StepError(kind=failure.error.kind, message=failure.error.message, detail=failure.error.detail)


def _headers(run: Run, effect: Effect) -> dict[str, str]:
    """Return what tells the other side which effect this is, and what led to it."""
    chain, before = run.cause_of_effects
    return {
        "Idempotency-Key": effect.key,
        "Automations-Run": run.run_id,
        "Automations-Chain": chain,
        "Automations-Depth": str(before + 1),
    }


def _succeeded(effect: Effect, answer: dict[str, Any]) -> EffectSucceeded:
    return EffectSucceeded(path=effect.path, attempt=effect.attempt, answer=answer, at=utc_now())


def _failed(effect: Effect, error: StepError, retry_after_seconds: float | None = None) -> EffectFailed:
    return EffectFailed(
        path=effect.path,
        attempt=effect.attempt,
        error=error,
        at=utc_now(),
        retry_after_seconds=retry_after_seconds,
    )
