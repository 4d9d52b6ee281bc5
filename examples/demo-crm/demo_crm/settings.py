"""What the demo CRM is told by its environment."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """The demo CRM's settings; each is the environment variable `DEMO_CRM_<NAME>` unless it names another."""

    model_config = SettingsConfigDict(env_prefix="DEMO_CRM_", populate_by_name=True)

    host: str = "127.0.0.1"
    port: int = Field(default=8090, ge=1, le=65535)
    """HTTP: the CRM port, the sink and the page."""
    smtp_port: int = Field(default=1025, ge=1, le=65535)
    """The mail sink."""
    data: Path = Path(".automations/demo-crm")
    """The folder that keeps the records, and the events that are not published yet."""
    token: str | None = None
    """The bearer token that the CRM port asks for. Without it the port is open."""
    source: str = "/demo-crm"
    """The `source` of the events."""
    topic: str = Field(default="crm.events", min_length=1)
