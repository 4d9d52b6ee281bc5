"""How a process reaches Kafka."""

import ssl
from typing import Any, Literal

from faststream.kafka import KafkaBroker
from faststream.security import BaseSecurity, SASLPlaintext, SASLScram256, SASLScram512
from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class KafkaSettings(BaseSettings):
    """Where Kafka is and how to log in; every field is an environment variable `KAFKA_…`."""

    model_config = SettingsConfigDict(env_prefix="KAFKA_", frozen=True)

    bootstrap_servers: str = Field(default="127.0.0.1:9092", description="host:port, several separated by commas")
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    ssl_ca_file: str | None = Field(default=None, description="certificates to trust; the system's where absent")
    ssl_cert_file: str | None = Field(default=None, description="this client's certificate")
    ssl_key_file: str | None = Field(default=None, description="the key of this client's certificate")
    partitions: int = Field(default=24, ge=1, description="partitions of keyed topics that do not exist yet")
    replication_factor: int = Field(
        default=-1, description="replicas of topics that do not exist yet; -1: the broker's default"
    )

    @property
    def uses_tls(self) -> bool:
        return self.security_protocol.endswith("SSL")

    @property
    def uses_sasl(self) -> bool:
        return self.security_protocol.startswith("SASL")

    def ssl_context(self) -> ssl.SSLContext | None:
        """Return what TLS is done with; None where the protocol has none."""
        if not self.uses_tls:
            return None
        context = ssl.create_default_context(cafile=self.ssl_ca_file)
        if self.ssl_cert_file:
            context.load_cert_chain(self.ssl_cert_file, self.ssl_key_file)
        return context

    def client_arguments(self) -> dict[str, Any]:
        """Return the arguments that every aiokafka client takes."""
        arguments: dict[str, Any] = {
            "bootstrap_servers": self.bootstrap_servers,
            "security_protocol": self.security_protocol,
            "ssl_context": self.ssl_context(),
        }
        if self.uses_sasl:
            username, password = self._credentials()
            arguments |= {
                "sasl_mechanism": self.sasl_mechanism,
                "sasl_plain_username": username,
                "sasl_plain_password": password,
            }
        return arguments

    def broker(self, client_id: str) -> KafkaBroker:
        """Return a FastStream broker that is not connected yet."""
        return KafkaBroker(
            self.bootstrap_servers.split(","),
            client_id=client_id,
            security=self._security(),
            graceful_timeout=20.0,
            logger=None,
            apply_types=False,
            allow_auto_create_topics=False,
            consumer_only=True,
        )

    def _credentials(self) -> tuple[str, str]:
        if self.sasl_username is None or self.sasl_password is None:
            raise ValueError(f"{self.security_protocol} needs KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD")
        return self.sasl_username, self.sasl_password.get_secret_value()

    def _security(self) -> BaseSecurity:
        context = self.ssl_context()
        if not self.uses_sasl:
            return BaseSecurity(ssl_context=context, use_ssl=self.uses_tls)
        kinds = {"PLAIN": SASLPlaintext, "SCRAM-SHA-256": SASLScram256, "SCRAM-SHA-512": SASLScram512}
        username, password = self._credentials()
        return kinds[self.sasl_mechanism](username, password, ssl_context=context, use_ssl=self.uses_tls)
