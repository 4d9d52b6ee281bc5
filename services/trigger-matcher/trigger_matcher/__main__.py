"""Starts trigger-matcher: `python -m trigger_matcher`."""

from automations.messaging.connection import KafkaSettings
from automations.service import ServiceSettings, run_service
from trigger_matcher.app import running
from trigger_matcher.evaluation import SERVICE
from trigger_matcher.settings import MatcherSettings


def main() -> None:
    """Run the service until it is told to stop."""
    settings, kafka = MatcherSettings(), KafkaSettings()
    run_service(SERVICE, lambda process: running(process, settings, kafka), ServiceSettings())


if __name__ == "__main__":
    main()
