"""How a batch of messages is handled: beside each other, stored before told, and never stopped by one."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from aiokafka import ConsumerRecord

from automations.contracts.notifications import NotificationResult, SendNotification, notification_result_reader
from automations.contracts.wire import encode
from automations.messaging.publisher import Record
from notifier.consumer import AT_ONCE, NotificationConsumer
from notifier.deliveries.delivery import Deliverer
from notifier.deliveries.store import Key
from tests.support.eventually import eventually

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class World:
    """Deliveries, Kafka and one channel in one, so that the order of things can be seen."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.happened: list[str] = []
        self.settled: dict[Key, NotificationResult] = {}
        self.begun: set[Key] = set()
        self.released = asyncio.Event()
        self.under_way = 0
        self.most_under_way = 0

    async def claim(self, messages: Sequence[SendNotification], at: datetime) -> dict[Key, NotificationResult]:
        keys = [(message.tenant_id, message.key) for message in messages]
        return {key: self.settled[key] for key in keys if key in self.settled}

    async def begin(self, message: SendNotification, at: datetime) -> bool:
        key = (message.tenant_id, message.key)
        self.happened.append(f"begun {message.key}")
        was_new = key not in self.begun
        self.begun.add(key)
        return was_new

    async def settle(self, results: Sequence[NotificationResult], at: datetime) -> None:
        for result in results:
            self.settled[result.tenant_id, result.key] = result
            self.happened.append(f"stored {result.key}")

    async def publish_all(self, records: Sequence[Record], /) -> None:
        for record in records:
            name = record.topic
            if record.topic == "automations.notification-results":
                name = notification_result_reader.read(record.value).key
            self.happened.append(f"told {name}")

    async def send(self, message: SendNotification, sent_to: set[str]) -> dict[str, Any]:
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        self.happened.append(f"sent {message.key}")
        if message.body == "slow":
            await self.released.wait()
        await asyncio.sleep(0)
        self.under_way -= 1
        return {}

    async def close(self) -> None:
        """Nothing to close."""

    def consumer(self, channel: str = "email") -> NotificationConsumer:
        """Return the consumer of one channel of this world."""
        deliverer = Deliverer({"email": self, "slack": self}, lambda: NOW)
        return NotificationConsumer(channel, deliverer, self, self, lambda: NOW)


def record(key: str, **more: Any) -> ConsumerRecord[Any, Any]:
    about: dict[str, Any] = {"body": "", "tenant_id": "default", "channel": "email", **more}
    message = SendNotification(run_id="r", path="p", key=key, automation_id="a1", requested_at=NOW, **about)
    return raw_record(encode(message))


def raw_record(value: bytes) -> ConsumerRecord[Any, Any]:
    return ConsumerRecord("automations.notifications", 0, 0, 0, 1, b"r", value, None, 1, len(value), ())


async def test_outcome_is_stored_before_it_is_told() -> None:
    world = World()
    await world.consumer().handle([record("k1")])
    assert world.happened == ["sent k1", "stored k1", "told k1"]


async def test_slow_message_does_not_hold_up_the_others_of_its_batch() -> None:
    world = World()
    handling = asyncio.create_task(world.consumer().handle([record("slow", body="slow"), record("quick")]))
    await eventually(lambda: "told quick" in world.happened)
    assert "told slow" not in world.happened
    assert not handling.done()
    world.released.set()
    await handling
    assert world.happened[-2:] == ["stored slow", "told slow"]


async def test_messages_go_out_beside_each_other_up_to_a_bound() -> None:
    world = World()
    world.released.set()
    await world.consumer().handle([record(f"k{number}", body="slow") for number in range(3 * AT_ONCE)])
    assert world.most_under_way == AT_ONCE
    assert len(world.settled) == 3 * AT_ONCE


async def test_message_that_is_never_sent_twice_is_begun_before_it_is_sent() -> None:
    world = World()
    await world.consumer().handle([record("k1", at_most_once=True), record("k2")])
    assert world.happened.index("begun k1") < world.happened.index("sent k1")
    assert "begun k2" not in world.happened


async def test_message_that_was_begun_and_not_settled_is_unknown_and_not_sent() -> None:
    """Its process ended in between; whether it went out, nobody can tell."""
    world = World()
    world.begun.add(("default", "k1"))
    await world.consumer().handle([record("k1", at_most_once=True)])
    assert world.happened == ["begun k1", "stored k1", "told k1"]
    outcome = world.settled["default", "k1"]
    assert outcome.error is not None
    assert (outcome.status, outcome.error.kind, outcome.error.retryable) == ("failed", "unknown", False)


async def test_message_with_an_outcome_is_told_again_and_not_sent() -> None:
    world = World()
    consumer = world.consumer()
    await consumer.handle([record("k1")])
    await consumer.handle([record("k1")])
    assert world.happened == ["sent k1", "stored k1", "told k1", "told k1"]


async def test_same_key_of_two_tenants_is_two_messages() -> None:
    world = World()
    await world.consumer().handle([record("k1"), record("k1", tenant_id="other")])
    assert world.happened.count("sent k1") == 2


async def test_dry_and_unusable_messages_are_told_without_being_sent_or_stored() -> None:
    world = World()
    await world.consumer().handle([record("dry", dry_run=True), record("nul", subject="\0"), record("k" * 2_000)])
    assert world.happened == ["told dry", "told nul", f"told {'k' * 2_000}"]


async def test_unreadable_message_lies_in_the_dead_letters_and_the_rest_goes_on() -> None:
    world = World()
    await world.consumer().handle([raw_record(b"{}"), record("k1")])
    assert world.happened == ["told automations.dead-letters", "sent k1", "stored k1", "told k1"]


async def test_every_message_is_taken_by_one_channel() -> None:
    """Each passes over what is another's; what is no channel's is the first one's."""
    batch = [record("mail"), record("slack", channel="Slack"), record("fax", channel="fax"), raw_record(b"{}")]
    world = World()
    await world.consumer("slack").handle(batch)
    assert world.happened == ["sent slack", "stored slack", "told slack"]
    world.happened.clear()
    await world.consumer("email").handle(batch)
    assert world.happened[0] == "told automations.dead-letters"
    assert {entry for entry in world.happened if entry.startswith("told")} == {
        "told automations.dead-letters",
        "told mail",
        "told fax",
    }
