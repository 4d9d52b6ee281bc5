"""What the api takes from its environment."""

from pathlib import Path
from typing import Literal

from pydantic import Field

from automations.contracts.topics import CRM_EVENTS
from automations.service import ServiceSettings

LOOPBACK_HOSTS = ("127.0.0.1", "localhost", "::1")


class Settings(ServiceSettings):
    """Every field is an environment variable of the same name in capitals."""

    host: str = Field("127.0.0.1", description="address that REST and the UI listen on")
    port: int = Field(8080, description="port that REST and the UI listen on")
    auth: Literal["open", "required"] = Field(
        "open",
        description="`open`: whoever reaches the port is admin of the tenant `default`; `required`: by API key",
    )
    open_behind_loopback: bool = Field(
        False,
        description="allows AUTH=open on another address than loopback. For a container whose port is published on "
        "127.0.0.1 of its host only; set it nowhere else, the whole network would be admin",
    )
    allowed_hosts: str = Field(
        "",
        description="names, separated by commas, by which an open api may be called besides localhost and 127.0.0.1",
    )
    crm_events_topics: str = Field(
        CRM_EVENTS.name,
        description="topics of CRM events, separated by commas; POST /events publishes onto the first, samples are "
        "read from all",
    )
    keep_history_days: int = Field(
        90,
        ge=31,
        description="how long runs are kept after their end, with their steps and tasks, and skipped starts; a month "
        "of runs is forgotten as a whole",
    )
    keep_inbox_days: int = Field(90, ge=1, description="how long messages of the inbox are kept")
    web_dist: Path | None = Field(
        None, description="folder of the built UI; `web/dist` beside the services where absent"
    )

    @property
    def allowed_host_names(self) -> frozenset[str]:
        return frozenset(name.strip().lower() for name in self.allowed_hosts.split(",") if name.strip())

    @property
    def all_events_topics(self) -> tuple[str, ...]:
        return tuple(name.strip() for name in self.crm_events_topics.split(",") if name.strip())

    @property
    def events_topic(self) -> str:
        return self.all_events_topics[0]

    def refuse_open_network(self) -> None:
        """Refuse to serve everybody who reaches the port as admin.

        Raises:
            ValueError: AUTH is `open` and HOST is no loopback address.
        """
        if self.auth == "open" and self.host not in LOOPBACK_HOSTS and not self.open_behind_loopback:
            raise ValueError(
                f"HOST={self.host} can be reached from the network, and AUTH=open makes everybody who reaches it an "
                "admin. Set AUTH=required and make a key with `python -m api create-key NAME --role admin`, or set "
                "HOST=127.0.0.1. In a container whose port is published on 127.0.0.1 alone: OPEN_BEHIND_LOOPBACK=1."
            )
