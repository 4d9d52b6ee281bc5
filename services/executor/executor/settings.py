"""What the executor takes from its environment."""

from pydantic import Field, SecretStr

from automations.service import ServiceSettings


class ExecutorSettings(ServiceSettings):
    """Every field is an environment variable of the same name in capitals."""

    crm_url: str = Field("http://127.0.0.1:8090", description="where the calls of the CRM port begin")
    crm_token: SecretStr | None = Field(None, description="sent to the CRM as a bearer token")
    effect_timeout_seconds: float = Field(30.0, gt=0, description="how long one attempt at an effect may take")
    webhook_allowed_hosts: str = Field(
        "",
        description="host:port of webhooks that may be called although their address is private, separated by commas",
    )
    max_active_runs: int = Field(5_000, ge=1, description="runs performed at a time by this process")
    calls_per_destination: int = Field(100, ge=1, description="calls under way at a time to one host and port")
    max_starts_per_record_minute: int = Field(
        10,
        ge=0,
        description="runs of one automation for one record that events may start within a minute, by the time of the "
        "events; further ones are taken for a loop. 0 sets no limit",
    )
    keep_runs_days: int = Field(
        7, ge=1, description="how long the state of a run is kept after its beginning, if it has ended"
    )
    keep_starts_days: int = Field(16, ge=9, description="how long a redelivered start is recognised")

    def places_per_destination(self) -> int:
        """Return how many calls go to one destination at a time: no more than a tenth of the runs under way."""
        return max(1, min(self.calls_per_destination, self.max_active_runs // 10))

    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts, each with its port, that the guard lets through."""
        return frozenset(host.strip().lower() for host in self.webhook_allowed_hosts.split(",") if host.strip())
