"""Creates the product's topics where they do not exist; what exists is left as it is."""

import asyncio
from collections.abc import Sequence

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from automations.contracts.topics import ALL_TOPICS, COMPACTION_LAG, CRM_EVENTS, MAX_EVENT_BYTES, Topic
from automations.messaging.connection import KafkaSettings
from automations.observability import get_logger

log = get_logger(__name__)

_ENVELOPE_BYTES = 65_536
_TOPIC_PAUSE_SECONDS = 2.0
MAX_MESSAGE_BYTES = 4 * MAX_EVENT_BYTES
"""The largest message on the product's own topics, in bytes: a start carries its event and more."""


def topic_settings(topic: Topic) -> dict[str, str]:
    """Return the broker's settings for a topic."""
    settings = {"max.message.bytes": str(MAX_MESSAGE_BYTES)}
    if topic is CRM_EVENTS:
        settings["max.message.bytes"] = str(MAX_EVENT_BYTES + _ENVELOPE_BYTES)
    if topic.append_time:
        settings["message.timestamp.type"] = "LogAppendTime"
    if topic.kept is None:
        lag = str(int(COMPACTION_LAG.total_seconds() * 1000))
        return settings | {
            "cleanup.policy": "compact",
            "min.compaction.lag.ms": lag,
            "delete.retention.ms": lag,
        }
    return settings | {"retention.ms": str(int(topic.kept.total_seconds() * 1000))}


async def create_topics(settings: KafkaSettings) -> None:
    """Create what is missing, and return when every topic has a leader."""
    admin = AIOKafkaAdminClient(**settings.client_arguments())
    await admin.start()
    try:
        existing = set(await admin.list_topics())
        wanted = [_new_topic(topic, settings) for topic in ALL_TOPICS if topic.name not in existing]
        if wanted:
            await _create(admin, wanted)
        await _wait_for_leaders(admin, [topic.name for topic in ALL_TOPICS])
    finally:
        await admin.close()


async def wait_for_topics(settings: KafkaSettings, names: Sequence[str]) -> None:
    """Return when all these topics exist; those of other systems are waited for, never created."""
    admin = AIOKafkaAdminClient(**settings.client_arguments())
    await admin.start()
    try:
        while missing := set(names).difference(await admin.list_topics()):
            log.warning("waiting for topics that somebody else creates", topics=sorted(missing))
            await asyncio.sleep(_TOPIC_PAUSE_SECONDS)
    finally:
        await admin.close()


def _new_topic(topic: Topic, settings: KafkaSettings) -> NewTopic:
    return NewTopic(
        name=topic.name,
        num_partitions=1 if topic.single_partition else settings.partitions,
        replication_factor=settings.replication_factor,
        # aiokafka takes -1, the broker's default, only beside an assignment; an empty one is none.
        replica_assignments={} if settings.replication_factor == -1 else None,
        topic_configs=topic_settings(topic),
    )


async def _create(admin: AIOKafkaAdminClient, wanted: list[NewTopic]) -> None:
    response = await admin.create_topics(wanted)
    for name, code, *_ in response.topic_errors:
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            continue
        if code:
            raise KafkaError(f"topic {name} could not be created: {error.__name__}")
        log.info("topic created", topic=name)


async def _wait_for_leaders(admin: AIOKafkaAdminClient, names: list[str]) -> None:
    while True:
        described = await admin.describe_topics(names)
        if all(not topic["error_code"] and all(p["leader"] >= 0 for p in topic["partitions"]) for topic in described):
            return
        await asyncio.sleep(0.05)
