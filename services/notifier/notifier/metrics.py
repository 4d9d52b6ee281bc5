"""What notifier counts, for Prometheus."""

from prometheus_client import Counter, Histogram

MESSAGES_READ = Counter("notifier_messages_read", "Messages read from Kafka, each by its channel.")
MESSAGES_UNREADABLE = Counter("notifier_messages_unreadable", "Messages sent to the dead letters.")
DELIVERIES = Counter("notifier_deliveries", "Messages by channel and what became of them.", ["channel", "status"])
REPEATED = Counter("notifier_messages_repeated", "Messages that had an outcome already and were not sent again.")
DRY_REFUSED = Counter("notifier_dry_messages_refused", "Messages of a dry run, which should never have come here.")
DELIVERY_SECONDS = Histogram(
    "notifier_delivery_seconds",
    "From the first attempt to the outcome, in seconds.",
    buckets=(0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30),
)
