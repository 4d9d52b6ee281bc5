"""Kafka and PostgreSQL for a stack: embedded ones, started together, or those whose addresses are given."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

from embedded import kafka, postgres
from embedded.report import Report

T = TypeVar("T")


class Engines:
    """The engines of one data folder. One that is given by its address is neither started nor stopped."""

    def __init__(self, data: Path, report: Report, *, kafka_port: int) -> None:
        self._data = data
        self._report = report
        self._kafka_port = kafka_port
        self.kafka: kafka.RunningKafka | None = None
        self.postgres: postgres.RunningPostgres | None = None

    def start(self, kafka_bootstrap_servers: str | None, database_url: str | None) -> tuple[str, str]:
        """Start what is not given, at once; returns Kafka's bootstrap servers and the database's URL."""
        kafka_started = None if kafka_bootstrap_servers else _in_thread(self._start_kafka)
        postgres_started = None if database_url else _in_thread(self._start_postgres)
        # Both are awaited before the first error is raised, so that none starts unseen.
        for started in (kafka_started, postgres_started):
            if started:
                started.exception()
        return (
            kafka_bootstrap_servers if kafka_started is None else kafka_started.result().bootstrap_servers,
            database_url if postgres_started is None else postgres_started.result().database_url,
        )  # type: ignore[return-value]

    def _start_kafka(self) -> kafka.RunningKafka:
        self.kafka = kafka.start(self._data, report=self._report, port=self._kafka_port)
        return self.kafka

    def _start_postgres(self) -> postgres.RunningPostgres:
        self.postgres = postgres.start(self._data, report=self._report)
        return self.postgres

    def revive(self) -> bool:
        """Start an engine that ended again, where it was, saying so; true if one had ended."""
        revived = False
        if self.kafka and not self.kafka.is_alive:
            self._report.say(f"Kafka ended; its last lines:\n{self.kafka.last_lines()}\nKafka is started again")
            port = int(self.kafka.bootstrap_servers.rpartition(":")[2])
            self.kafka.stop()
            self.kafka = kafka.start(self._data, report=self._report, port=port)
            revived = True
        if self.postgres and not self.postgres.is_alive:
            self._report.say(
                f"PostgreSQL ended; its last lines:\n{self.postgres.last_lines()}\nPostgreSQL is started again"
            )
            port = int(self.postgres.database_url.rpartition(":")[2].partition("/")[0])
            self.postgres.stop()
            self.postgres = postgres.start(self._data, report=self._report, port=port)
            revived = True
        return revived

    def pids(self) -> dict[str, int]:
        """Return the process of each engine that was started here."""
        running = {"kafka": self.kafka, "postgres": self.postgres}
        return {name: engine.pid for name, engine in running.items() if engine}

    def stop(self) -> None:
        """Stop what was started here, together."""
        stops = [_in_thread(engine.stop) for engine in (self.kafka, self.postgres) if engine]
        self.kafka = self.postgres = None
        for stopped in stops:
            stopped.result()


def _in_thread(call: Callable[[], T]) -> Future[T]:
    """Run a call in a thread that does not keep an interrupted process from ending."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(call())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return future
