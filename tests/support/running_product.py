"""The whole product, started for tests: real services on real engines."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
from aiokafka import AIOKafkaProducer

from automations_cli.services import SERVICES
from automations_cli.stack import Stack
from embedded.report import PlainReport
from tests.support.counting_server import CountingServer
from tests.support.engines import EngineAddresses
from tests.support.eventually import PATIENCE_SECONDS, START_SECONDS
from tests.support.product import Product

SPECS = tuple(
    replace(spec, command=(sys.executable, "-m", "tests.support.patient_api")) if spec.name == "api" else spec
    for spec in SERVICES
)
"""The processes of the product, with the api that waits as long as the tests do."""


@asynccontextmanager
async def running_product(engines: EngineAddresses, witness: CountingServer, data: Path) -> AsyncIterator[Product]:
    """Yield a product that is ready; its webhooks and Slack messages may reach the witness."""
    data.chmod(0o755)
    stack = Stack(
        data,
        PlainReport(),
        api_port=0,
        demo_crm_port=0,
        demo_crm_smtp_port=0,
        kafka_bootstrap_servers=engines.kafka_bootstrap_servers,
        database_url=engines.database_url,
        env={
            "KAFKA_PARTITIONS": "6",
            "SLACK_WEBHOOK_URL": f"{witness.url}/slack",
            "WEBHOOK_ALLOWED_HOSTS": f"127.0.0.1:{witness.port}",
        },
        specs=SPECS,
        restarts=False,
        ready_within_seconds=START_SECONDS,
    )
    try:
        addresses = await asyncio.to_thread(stack.start)
        producer = AIOKafkaProducer(bootstrap_servers=addresses.kafka_bootstrap_servers, acks="all")
        await producer.start()
        # Many calls at a time wait for a connection; how long says nothing of the product.
        patience = httpx.Timeout(2 * PATIENCE_SECONDS, pool=None)
        async with httpx.AsyncClient(base_url=addresses.api_url, timeout=patience) as client:
            yield Product(stack, client, producer)
        await producer.stop()
    finally:
        await asyncio.to_thread(stack.stop)
