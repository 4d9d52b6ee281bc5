"""Consumer groups of Kafka, as their coordinator sees them."""

from typing import NamedTuple

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest


class Group(NamedTuple):
    """A group at one moment."""

    state: str
    members: dict[str, bytes]
    """By member id, which is new after every joining, the partitions that it was given."""


async def load_group(bootstrap_servers: str, group: str) -> Group:
    """Return what the group's coordinator says of it."""
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    try:
        node = await client.coordinator_lookup(CoordinationType.GROUP, group)
        described = await client.send(node, DescribeGroupsRequest([group]))
    finally:
        await client.close()
    [(_error, _name, state, _protocol_type, _protocol, members, *_)] = described.groups
    return Group(state, {member_id: assignment for member_id, _, _, _, assignment, *_ in members})


async def dismiss_members(bootstrap_servers: str, *groups: str) -> None:
    """Take the members of groups away, as the coordinator does 10 s after it last heard of them.

    For processes that are known to be dead: who joins next need not wait until the coordinator has noticed.
    """
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    try:
        for group in groups:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            described = await client.send(node, DescribeGroupsRequest([group]))
            for _error, _name, _state, _protocol_type, _protocol, members, *_ in described.groups:
                for member_id, *_ in members:
                    await client.send(node, LeaveGroupRequest(group, member_id))
    finally:
        await client.close()
