"""Starts notifier: `python -m notifier`."""

from automations.messaging.connection import KafkaSettings
from automations.postgres import PostgresSettings
from automations.service import ServiceSettings, run_service
from notifier.app import running
from notifier.consumer import SERVICE
from notifier.settings import MailSettings, SlackSettings


def main() -> None:
    """Run the service until it is told to stop."""
    kafka = KafkaSettings()
    postgres = PostgresSettings()
    mail, slack = MailSettings(), SlackSettings()
    run_service(SERVICE, lambda process: running(process, kafka, postgres, mail, slack), ServiceSettings())


if __name__ == "__main__":
    main()
