"""How often a message is tried, and what is said of it in the end."""

from datetime import UTC, datetime
from typing import Any

import pytest

from automations.contracts.notifications import NotificationResult, SendNotification
from notifier.channels.channel import NotNow, Refused
from notifier.deliveries.delivery import Deliverer

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class ScriptedChannel:
    """Answers each attempt with the next of what it was given; an exception is raised."""

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self._answers = list(answers)
        self.progress: list[set[str]] = []

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        self.progress.append(set(sent_to))
        sent_to.add(f"address-{len(self.progress)}")
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None:
        """Nothing to close."""


def asked(channel: str = "email", *, at_most_once: bool = False) -> SendNotification:
    return SendNotification(
        tenant_id="default",
        run_id="r-1",
        path="send_email",
        key="r-1:send_email",
        automation_id="a1",
        channel=channel,
        requested_at=NOW,
        at_most_once=at_most_once,
    )


async def delivered(
    channel: ScriptedChannel, name: str = "email", *, at_most_once: bool = False
) -> tuple[NotificationResult, list[float]]:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    deliverer = Deliverer({"email": channel, "slack": channel}, lambda: NOW, sleep=sleep)
    return await deliverer.deliver(asked(name, at_most_once=at_most_once)), pauses


async def test_message_that_goes_out_is_delivered_with_what_the_channel_said() -> None:
    result, pauses = await delivered(ScriptedChannel({"message_id": "m"}))
    assert (result.status, result.attempts, result.output, result.error) == ("delivered", 1, {"message_id": "m"}, None)
    assert (result.key, result.run_id, result.path, result.at) == ("r-1:send_email", "r-1", "send_email", NOW)
    assert pauses == []


async def test_channel_that_asks_to_wait_is_tried_three_times() -> None:
    result, pauses = await delivered(ScriptedChannel(NotNow("busy"), NotNow("busy"), {"message_id": "m"}))
    assert (result.status, result.attempts) == ("delivered", 3)
    assert pauses == [1.0, 4.0]


async def test_outage_longer_than_three_attempts_fails_the_message() -> None:
    result, pauses = await delivered(ScriptedChannel(NotNow("busy"), NotNow("busy"), NotNow("The server is away")))
    assert result.error is not None
    assert (result.status, result.error.kind, result.error.retryable) == ("failed", "unreachable", True)
    assert result.error.message == "The server is away. Tried 3 times."
    assert sum(pauses) < 20


@pytest.mark.parametrize(("asked_seconds", "pause"), [(0.1, 1.0), (2.5, 2.5), (3600.0, 4.0)])
async def test_wish_to_wait_is_honoured_within_our_own_pauses(asked_seconds: float, pause: float) -> None:
    _, pauses = await delivered(ScriptedChannel(NotNow("busy", retry_after_seconds=asked_seconds), {}))
    assert pauses == [pause]


async def test_refusal_is_final() -> None:
    channel = ScriptedChannel(Refused("refused", "550 no such user", {"code": 550}))
    result, _ = await delivered(channel)
    assert result.error is not None
    assert (result.status, result.attempts, result.error.kind) == ("failed", 1, "refused")
    assert (result.error.message, result.error.detail) == ("550 no such user", {"code": 550})


async def test_attempts_remember_whom_they_reached() -> None:
    channel = ScriptedChannel(NotNow("busy"), {})
    await delivered(channel)
    assert channel.progress == [set(), {"address-1"}]


async def test_unknown_channel_fails_with_the_names_of_those_that_exist() -> None:
    result, _ = await delivered(ScriptedChannel(), "sms")
    assert result.error is not None
    assert (result.error.kind, result.error.message) == (
        "invalid",
        'There is no channel "sms"; the channels are email, slack.',
    )


async def test_channel_is_found_whatever_its_case() -> None:
    result, _ = await delivered(ScriptedChannel({}), " Slack ")
    assert result.status == "delivered"


async def test_fault_of_a_channel_fails_its_message_alone() -> None:
    result, _ = await delivered(ScriptedChannel(ZeroDivisionError("a fault")))
    assert result.error is not None
    assert (result.status, result.error.kind) == ("failed", "unknown")


@pytest.mark.parametrize(("reached", "kind"), [("unanswered", "unknown"), ("answered", "unreachable")])
async def test_message_that_is_never_sent_twice_is_not_tried_again_once_it_left(reached: Any, kind: str) -> None:
    result, pauses = await delivered(ScriptedChannel(NotNow("broken", reached=reached), {}), at_most_once=True)
    assert result.error is not None
    assert (result.status, result.attempts, result.error.kind) == ("failed", 1, kind)
    assert pauses == []


async def test_message_that_is_never_sent_twice_is_tried_again_where_it_never_left() -> None:
    result, _ = await delivered(ScriptedChannel(NotNow("no connection", reached="not_sent"), {}), at_most_once=True)
    assert (result.status, result.attempts) == ("delivered", 2)
