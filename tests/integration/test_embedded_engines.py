"""The embedded engines are real, keep their data, and leave nothing behind."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from embedded import kafka, postgres
from embedded.data_lock import DataInUse
from embedded.kafka import RunningKafka
from embedded.postgres import RunningPostgres
from tests.support.eventually import PATIENCE_SECONDS, eventually
from tests.support.told import ToldReport

ENGINE_PROCESSES = ("java", "postgres")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("engines")


@pytest.fixture(scope="module")
async def broker(data: Path) -> AsyncIterator[RunningKafka]:
    running = await asyncio.to_thread(kafka.start, data, report=ToldReport(), port=0)
    yield running
    await asyncio.to_thread(running.stop)


@pytest.fixture(scope="module")
async def database(data: Path) -> AsyncIterator[RunningPostgres]:
    running = await asyncio.to_thread(postgres.start, data, report=ToldReport())
    yield running
    await asyncio.to_thread(running.stop)


async def create_topic(bootstrap_servers: str, name: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, num_partitions=6, replication_factor=1)])
    finally:
        await admin.close()


async def publish(bootstrap_servers: str, topic: str, *values: bytes) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap_servers, acks="all", enable_idempotence=True, max_request_size=2**21
    )
    await producer.start()
    try:
        for value in values:
            await producer.send_and_wait(topic, value)
    finally:
        await producer.stop()


async def read(bootstrap_servers: str, topic: str, count: int, group: str) -> set[bytes]:
    consumer = AIOKafkaConsumer(
        topic, bootstrap_servers=bootstrap_servers, group_id=group, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return {(await consumer.getone()).value for _ in range(count)}
    finally:
        await consumer.stop()


async def test_kafka_delivers_to_a_group(broker: RunningKafka) -> None:
    """What a producer was answered for, a reader in a group gets, from every partition."""
    await create_topic(broker.bootstrap_servers, "greetings")
    values = {f"hello {number}".encode() for number in range(30)}
    await publish(broker.bootstrap_servers, "greetings", *values)
    assert await read(broker.bootstrap_servers, "greetings", 30, "readers") == values


async def test_kafka_takes_an_event_of_one_mebibyte(broker: RunningKafka) -> None:
    await create_topic(broker.bootstrap_servers, "large")
    await publish(broker.bootstrap_servers, "large", b"x" * 2**20)
    assert await read(broker.bootstrap_servers, "large", 1, "large readers") == {b"x" * 2**20}


async def test_kafka_creates_no_topic_for_a_misspelt_name(broker: RunningKafka) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    try:
        (described,) = await admin.describe_topics(["crm.evnets"])
        assert described["error_code"] != 0
        assert "crm.evnets" not in await admin.list_topics()
    finally:
        await admin.close()


async def test_postgres_keeps_commits_on_disk(database: RunningPostgres) -> None:
    """The settings that make an answered commit durable are on, and asyncpg connects with the URL alone."""
    connection = await asyncpg.connect(database.database_url)
    try:
        settings = {name: await connection.fetchval(f"SHOW {name}") for name in ("fsync", "synchronous_commit")}
        assert settings == {"fsync": "on", "synchronous_commit": "on"}
        assert await connection.fetchval("SHOW full_page_writes") == "on"
        assert await connection.fetchval("SELECT current_database()") == "automations"
        assert await connection.fetchval("SHOW server_encoding") == "UTF8"
    finally:
        await connection.close()


async def test_postgres_asks_for_its_password(database: RunningPostgres) -> None:
    """Other users of the machine reach the port too, but not the data."""
    user, _, rest = database.database_url.partition("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(f"{user.rpartition(':')[0]}:guess@{rest}")


async def test_engines_listen_on_loopback_only(broker: RunningKafka, database: RunningPostgres) -> None:
    for pid in (broker.pid, database.pid):
        listening = [c for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening
        assert {c.laddr.ip.removeprefix("::ffff:") for c in listening} == {"127.0.0.1"}


async def test_second_start_on_a_used_folder_is_refused(
    data: Path, broker: RunningKafka, database: RunningPostgres
) -> None:
    """The refusal names the folder and the process that uses it."""
    for start, pid, folder in (
        (kafka.start, broker.pid, str(data / "kafka")),
        (postgres.start, database.pid, str(data)),
    ):
        with pytest.raises(DataInUse) as refused:
            await asyncio.to_thread(start, data, report=ToldReport())
        assert f"process {pid}" in str(refused.value)
        assert folder in str(refused.value)


async def test_kafka_takes_another_port_and_says_so(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        report = ToldReport()
        running = await asyncio.to_thread(kafka.start, tmp_path, report=report, port=port)
        try:
            assert running.bootstrap_servers != f"127.0.0.1:{port}"
            assert any(str(port) in line and "taken" in line for line in report.lines)
            await create_topic(running.bootstrap_servers, "reachable")
        finally:
            await asyncio.to_thread(running.stop)
    assert not psutil.pid_exists(running.pid)


@pytest.fixture
def owner(tmp_path: Path) -> Iterator["Owner"]:
    owner = Owner(tmp_path / "data")
    yield owner
    owner.process.kill()
    owner.process.wait()
    assert owner.process.stdout is not None
    owner.process.stdout.close()


class Owner:
    """Another process that has started both engines."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.engine_owner", str(data)],
            stdout=subprocess.PIPE,
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the owner ended; what it said stands below"
        told = json.loads(line)
        self.kafka, self.database_url = str(told["kafka"]), str(told["database_url"])
        self.pids: list[int] = told["pids"]

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)


async def test_killed_owner_leaves_no_orphan_and_its_data(owner: Owner) -> None:
    """After `kill -9` of the owner every engine process ends; the next start has all that was answered."""
    await create_topic(owner.kafka, "kept")
    connection = await asyncpg.connect(owner.database_url)
    await connection.execute("CREATE TABLE kept (what text)")
    await connection.execute("INSERT INTO kept VALUES ('row')")
    await publish(owner.kafka, "kept", b"record")
    engines = [process for process in owner.descendants() if process.name() in ENGINE_PROCESSES]
    assert {process.pid for process in engines} >= set(owner.pids)

    owner.process.send_signal(signal.SIGKILL)
    owner.process.wait()

    # At once, while the engines are still ending: the start waits for them.
    broker = await asyncio.to_thread(kafka.start, owner.data, report=ToldReport(), port=0)
    database = await asyncio.to_thread(postgres.start, owner.data, report=ToldReport())
    try:
        await eventually(lambda: not any(process.is_running() for process in engines))
        assert await read(broker.bootstrap_servers, "kept", 1, "after") == {b"record"}
        connection = await asyncpg.connect(database.database_url)
        assert await connection.fetchval("SELECT what FROM kept") == "row"
        await connection.close()
    finally:
        await asyncio.to_thread(database.stop)
        await asyncio.to_thread(broker.stop)


async def test_killed_engines_recover_on_the_next_start(tmp_path: Path) -> None:
    """Stale lock and pid files of engines that were killed themselves hinder no start."""
    first = await asyncio.to_thread(postgres.start, tmp_path, report=ToldReport())
    connection = await asyncpg.connect(first.database_url)
    await connection.execute("CREATE TABLE kept AS SELECT 'row' AS what")
    os.kill(first.pid, signal.SIGKILL)
    await eventually(lambda: not first.is_alive)
    first.stop()
    assert (tmp_path / f"postgres-{first.major}" / "postmaster.pid").exists()
    second = await asyncio.to_thread(postgres.start, tmp_path, report=ToldReport())
    connection = await asyncpg.connect(second.database_url)
    assert await connection.fetchval("SELECT what FROM kept") == "row"
    await connection.close()
    await asyncio.to_thread(second.stop)
    assert not psutil.pid_exists(second.pid)
