"""How far readers are behind: records on Kafka that they have not taken in yet.

One question to the brokers in a while, for each reader. What it says goes on being right while a reader pauses.
"""

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, KafkaError
from prometheus_client import Gauge

from automations.observability import get_logger

log = get_logger(__name__)

LAG = Gauge(
    "reader_lag_records",
    "Records on Kafka, in the partitions of this process, that a reader has not taken in",
    ["group", "topic"],
)
PAUSED = Gauge("reader_paused", "1 while a reader pauses because there is no room for more", ["group"])
_MEASURE_SECONDS: Final = 10.0


async def keep_measuring(consumer: AIOKafkaConsumer, group: str) -> None:
    """Measure until cancelled; while Kafka cannot say, the last figures stand."""
    while True:
        try:
            for topic, records in (await load_lag(consumer)).items():
                LAG.labels(group, topic).set(records)
        except (KafkaError, IllegalStateError) as error:
            log.info("how far a reader is behind could not be measured", group=group, error=repr(error))
        await asyncio.sleep(_MEASURE_SECONDS)


async def load_lag(consumer: AIOKafkaConsumer) -> Mapping[str, int]:
    """Return by topic how many records of a consumer's partitions it has not handed out.

    Raises:
        KafkaError: Kafka did not answer.
        IllegalStateError: partitions moved meanwhile.
    """
    lag = Counter(dict.fromkeys(consumer.subscription(), 0))
    ends: Mapping[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
    for partition, end in ends.items():
        lag[partition.topic] += max(0, end - await consumer.position(partition))
    return lag
