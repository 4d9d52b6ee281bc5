"""Logs as one JSON object a line, with the ids that tie them together, and metrics for Prometheus."""

import logging
import sys
from typing import Any

import structlog


def configure_logging(service: str, level: str = "INFO") -> None:
    """Send everything that is logged in this process to stdout as JSON lines that name the service.

    Ids of what is being worked on (`run_id`, `automation_id`, `request_id`) are bound with
    `structlog.contextvars.bind_contextvars` and stand in every line until unbound.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _named(service),
            structlog.processors.JSONRenderer(),
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("aiokafka", "faststream", "httpx", "httpcore", "uvicorn.access", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _named(service: str) -> Any:
    def add_service(_logger: Any, _method: str, entry: dict[str, Any]) -> dict[str, Any]:
        entry["service"] = service
        return entry

    return add_service


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return a logger of the given name; what is passed by keyword becomes a field of the line."""
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(name)
    return logger
