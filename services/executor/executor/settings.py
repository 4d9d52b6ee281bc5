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
    keep_runs_days: int = Field(7, ge=1, description="how long the state of an ended run is kept")
    keep_starts_days: int = Field(16, ge=9, description="how long a redelivered start is recognised")

    def allowed_hosts(self) -> frozenset[str]:
        """Return the hosts, each with its port, that the guard lets through."""
        return frozenset(host.strip().lower() for host in self.webhook_allowed_hosts.split(",") if host.strip())
