"""Delivers one message: which channel, how often it is tried, and what is said when it fails.

Three attempts within about 20 seconds: a hiccup of the other side is waited out here, a longer outage fails
the step. While a message waits, those beside it go on. A message that is never to be sent twice is only tried
again where nothing of it had left.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

from automations.contracts.notifications import NotificationResult, SendNotification
from automations.contracts.step_errors import StepError
from automations.observability import get_logger
from notifier.channels import Channel, NotNow, Refused

log = get_logger(__name__)

PAUSES_SECONDS = (1.0, 4.0)
"""How long the second and the third attempt wait."""


class Deliverer:
    """Sends messages by their channels."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        clock: Callable[[], datetime],
        pauses_seconds: tuple[float, ...] = PAUSES_SECONDS,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._channels = channels
        self._clock = clock
        self._pauses = pauses_seconds
        self._sleep = sleep

    def channel_name(self, message: SendNotification) -> str | None:
        """Return the name of the channel that the message goes out by; None where there is no such channel."""
        name = message.channel.strip().lower()
        return name if name in self._channels else None

    async def deliver(self, message: SendNotification) -> NotificationResult:
        """Return what became of the message, after at most three attempts; never raises for the message's sake."""
        name = self.channel_name(message)
        if name is None:
            return self._failed(message, 1, unknown_channel(message.channel, self._channels))
        channel = self._channels[name]
        sent_to: set[str] = set()
        attempt = 0
        while True:
            attempt += 1
            try:
                output = await channel.send(message, sent_to)
            except Refused as error:
                return self._failed(message, attempt, error.error)
            except NotNow as error:
                if message.at_most_once and error.reached != "not_sent":
                    return self._failed(message, attempt, _last_word(error))
                if attempt > len(self._pauses):
                    return self._failed(message, attempt, _unreachable(str(error), attempt))
                await self._sleep(self._pause(attempt, error.retry_after_seconds))
            except Exception as error:
                log.error("a message could not be sent", exc_info=True, run_id=message.run_id, key=message.key)
                problem = StepError(kind="unknown", message=f"Sending failed unexpectedly: {type(error).__name__}.")
                return self._failed(message, attempt, problem)
            else:
                return self._result(message, attempt, output=output)

    def _pause(self, attempt: int, asked_seconds: float | None) -> float:
        """Wait as long as the other side asks, but not beyond the longest of our own pauses."""
        return min(max(self._pauses[attempt - 1], asked_seconds or 0.0), max(self._pauses))

    def _failed(self, message: SendNotification, attempts: int, error: StepError) -> NotificationResult:
        return self._result(message, attempts, error=error)

    def _result(
        self,
        message: SendNotification,
        attempts: int,
        *,
        output: dict[str, object] | None = None,
        error: StepError | None = None,
    ) -> NotificationResult:
        return failed_or_delivered(message, self._clock(), attempts, output, error)


def failed_or_delivered(
    message: SendNotification,
    at: datetime,
    attempts: int,
    output: dict[str, object] | None,
    error: StepError | None,
) -> NotificationResult:
    """Return the result of a message: delivered, or failed where there is an error."""
    return NotificationResult(
        tenant_id=message.tenant_id,
        run_id=message.run_id,
        path=message.path,
        key=message.key,
        status="delivered" if error is None else "failed",
        at=at,
        attempts=attempts,
        output=output or {},
        error=error,
    )


def unknown_channel(name: str, known: Mapping[str, object]) -> StepError:
    """Return the error of a message to a channel that does not exist; it names those that do."""
    return StepError(
        kind="invalid", message=f'There is no channel "{name[:100]}"; the channels are {", ".join(sorted(known))}.'
    )


def unknown_outcome(why: str) -> StepError:
    """Return the error of a message that may or may not have gone out, and must not be sent twice."""
    return StepError(kind="unknown", message=f"Nobody can tell whether it was sent: {why}; it is not sent again.")


def _last_word(error: NotNow) -> StepError:
    if error.reached == "unanswered":
        return unknown_outcome(str(error))
    return StepError(kind="unreachable", message=f"{error}. It is not sent again, as the action asks.")


def _unreachable(reason: str, attempts: int) -> StepError:
    return StepError(kind="unreachable", message=f"{reason}. Tried {attempts} times.", retryable=True)
