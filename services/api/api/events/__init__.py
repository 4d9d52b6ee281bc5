"""CRM events that come in by HTTP instead of Kafka."""
