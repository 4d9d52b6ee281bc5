"""Consumer groups of Kafka, as their coordinator sees them."""

from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.protocol.admin import DescribeGroupsRequest
from aiokafka.protocol.group import LeaveGroupRequest


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
            import datetime; print("GROUP", datetime.datetime.utcnow() if False else __import__("time").time()%1000, group, [(g[2], [m[0] for m in g[5]]) for g in described.groups])
            for _error, _name, _state, _protocol_type, _protocol, members, *_ in described.groups:
                for member_id, *_ in members:
                    print(await client.send(node, LeaveGroupRequest(group, member_id)))
            described = await client.send(node, DescribeGroupsRequest([group]))
            print("AFTER", group, [(g[2], [m[0] for m in g[5]]) for g in described.groups])
    finally:
        await client.close()
async def show(bootstrap_servers: str, *groups: str) -> None:
    client = AIOKafkaClient(bootstrap_servers=bootstrap_servers)
    await client.bootstrap()
    for group in groups:
            node = await client.coordinator_lookup(CoordinationType.GROUP, group)
            described = await client.send(node, DescribeGroupsRequest([group]))
            print("SHOW", __import__("time").time()%1000, group, [(g[2], [(m[0],m[2]) for m in g[5]]) for g in described.groups])
    await client.close()
