"""What trigger-matcher counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

EVENTS_READ = Counter("trigger_matcher_events_read", "CRM events read from Kafka.")
EVENTS_UNREADABLE = Counter("trigger_matcher_events_unreadable", "CRM events sent to the dead letters.", ["code"])
MATCHES = Counter("trigger_matcher_matches", "Automations matched by an event, by what became of it.", ["outcome"])
BATCH_RECORDS = Histogram(
    "trigger_matcher_batch_records",
    "CRM events in one batch.",
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000),
)
EVALUATION_SECONDS = Histogram(
    "trigger_matcher_evaluation_seconds",
    "Reading and matching one batch, in seconds.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
DEFINITIONS_OFFSET = Gauge("trigger_matcher_definitions_offset", "The definitions topic is read up to here, exclusive.")
AUTOMATIONS_HELD = Gauge("trigger_matcher_automations_held", "Automations that listen.")
AUTOMATIONS_LEFT_OUT = Gauge("trigger_matcher_automations_left_out", "Automations that could not be understood.")
