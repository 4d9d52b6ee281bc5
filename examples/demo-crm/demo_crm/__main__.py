"""`python -m demo_crm`: runs the demo CRM until SIGTERM or SIGINT."""

from automations.messaging.connection import KafkaSettings
from automations.service import ServiceSettings, run_service
from demo_crm.app import run_demo_crm
from demo_crm.settings import Settings


def main() -> None:
    """Run by the environment's settings."""
    settings, kafka = Settings(), KafkaSettings()
    run_service("demo-crm", lambda process: run_demo_crm(settings, kafka, process), ServiceSettings())


if __name__ == "__main__":
    main()
