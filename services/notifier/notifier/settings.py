"""What notifier takes from its environment, beside Kafka, PostgreSQL and the health port."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class MailSettings(BaseSettings):
    """The mail server; without `SMTP_HOST` no mail is sent."""

    model_config = SettingsConfigDict(frozen=True)

    smtp_host: str | None = None
    smtp_port: int = Field(default=25, ge=1, le=65535)
    smtp_username: str | None = None
    smtp_password: SecretStr | None = None
    smtp_tls: Literal["auto", "off", "starttls", "tls"] = Field(
        default="auto",
        description="auto: STARTTLS where it is offered; starttls: demanded; tls: from the first byte (port 465)",
    )
    mail_from: str = Field(default="Automations <automations@localhost>", description="sender where a step names none")


class SlackSettings(BaseSettings):
    """The Slack-compatible incoming webhook; without an address nothing is sent there."""

    model_config = SettingsConfigDict(frozen=True)

    slack_webhook_url: SecretStr | None = None
