"""Kafka and PostgreSQL in containers, for tests: the public images, started by Testcontainers where Docker answers.

Both are gone when their context is left. Should the tests be killed, Testcontainers' reaper removes them; where its
image cannot be had the tests run without it.
"""

import sys

import docker
import docker.errors
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.config import testcontainers_config
from testcontainers.core.container import DockerContainer
from testcontainers.core.wait_strategies import ExecWaitStrategy

from embedded.ports import find_free

KAFKA_IMAGE = "apache/kafka:4.3.1"
POSTGRES_IMAGE = "postgres:18"

_PORT = 9092
_CONTROLLER_PORT = 9093


class KafkaContainer(DockerContainer):
    """One node of the Apache image. Its port is chosen before it starts, for a broker tells clients its own address."""

    def __init__(self) -> None:
        super().__init__(KAFKA_IMAGE)
        (port,) = find_free()
        self.bootstrap_servers = f"{self.get_docker_client().host()}:{port}"
        self.with_bind_ports(_PORT, port)
        self.with_envs(
            KAFKA_NODE_ID="1",
            KAFKA_PROCESS_ROLES="broker,controller",
            KAFKA_LISTENERS=f"CLIENT://:{_PORT},CONTROLLER://localhost:{_CONTROLLER_PORT}",
            KAFKA_ADVERTISED_LISTENERS=f"CLIENT://{self.bootstrap_servers}",
            KAFKA_LISTENER_SECURITY_PROTOCOL_MAP="CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            KAFKA_INTER_BROKER_LISTENER_NAME="CLIENT",
            KAFKA_CONTROLLER_LISTENER_NAMES="CONTROLLER",
            KAFKA_CONTROLLER_QUORUM_VOTERS=f"1@localhost:{_CONTROLLER_PORT}",
            KAFKA_AUTO_CREATE_TOPICS_ENABLE="false",
            KAFKA_LOG_RETENTION_MS="-1",
            KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS="0",
            KAFKA_DEFAULT_REPLICATION_FACTOR="1",
            KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR="1",
            KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS="4",
            KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR="1",
            KAFKA_TRANSACTION_STATE_LOG_MIN_ISR="1",
        )
        accepts_connections = ExecWaitStrategy(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{_PORT}"])
        self.waiting_for(accepts_connections.with_poll_interval(0.2).with_startup_timeout(90))


class PostgresqlContainer(PostgresContainer):
    """The official image, with as many connections as several services at a time need."""

    def __init__(self) -> None:
        super().__init__(POSTGRES_IMAGE, username="automations", password="automations", dbname="automations")
        self.with_command("postgres -c max_connections=200")

    @property
    def database_url(self) -> str:
        return self.get_connection_url(driver=None)


def prepare_reaper() -> None:
    """Fetch the image of Testcontainers' reaper; do without the reaper where it cannot be had."""
    if testcontainers_config.ryuk_disabled:
        return
    client = docker.from_env()
    try:
        client.images.get(testcontainers_config.ryuk_image)
    except docker.errors.ImageNotFound:
        try:
            client.images.pull(testcontainers_config.ryuk_image)
        except docker.errors.APIError as error:
            print(f"Testcontainers runs without its reaper: {error.explanation}", file=sys.stderr)
            testcontainers_config.ryuk_disabled = True
    finally:
        client.close()
