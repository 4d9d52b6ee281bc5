"""What trigger-matcher takes from its environment, beside Kafka's address and the health port."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from automations.contracts.topics import CRM_EVENTS


class MatcherSettings(BaseSettings):
    """Where CRM events come from."""

    model_config = SettingsConfigDict(frozen=True)

    crm_events_topics: str = Field(default=CRM_EVENTS.name, description="topics of CRM events, separated by commas")

    @property
    def topics(self) -> tuple[str, ...]:
        """Names of the topics, each once.

        Raises:
            ValueError: `CRM_EVENTS_TOPICS` names none.
        """
        names = tuple(dict.fromkeys(name.strip() for name in self.crm_events_topics.split(",") if name.strip()))
        if not names:
            raise ValueError("CRM_EVENTS_TOPICS names no topic; leave it out to read crm.events")
        return names
