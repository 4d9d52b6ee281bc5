"""Real Kafka and real PostgreSQL for a laptop or a test, with nothing to install."""
