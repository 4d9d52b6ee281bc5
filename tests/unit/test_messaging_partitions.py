"""Which partition a key belongs to."""

from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as murmur2_of_the_client
from hypothesis import given
from hypothesis import strategies as st

from automations.messaging.partitions import KeyPartitioner, murmur2


@given(st.one_of(st.binary(max_size=100), st.binary(min_size=37, max_size=48)))
def test_key_has_the_hash_of_every_kafka_client(key: bytes) -> None:
    """A key's hash is the one that the client library, and so every other client, gives it."""
    assert murmur2(key) == murmur2_of_the_client(key)


@given(st.binary(max_size=100), st.integers(1, 50))
def test_key_goes_where_every_kafka_client_sends_it(key: bytes, count: int) -> None:
    """A key belongs to the partition that the client library's own partitioner chooses."""
    partitions = list(range(count))
    assert KeyPartitioner()(key, partitions, partitions) == DefaultPartitioner()(key, partitions, partitions)


def test_record_without_a_key_goes_where_there_is_a_leader() -> None:
    """A record without a key goes to an available partition, to any where none is."""
    assert KeyPartitioner()(None, [0, 1, 2], [1]) == 1
    assert KeyPartitioner()(None, [0, 1, 2], []) in (0, 1, 2)
