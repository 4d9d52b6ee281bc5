"""Runs the executor: `python -m executor`."""

from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from automations.service import run_service
from executor.app import running
from executor.settings import ExecutorSettings


def main() -> None:
    settings, kafka, postgres = ExecutorSettings(), KafkaSettings(), PostgresSettings()
    run_service("executor", lambda process: running(process, settings, kafka, postgres), settings)


if __name__ == "__main__":
    main()
