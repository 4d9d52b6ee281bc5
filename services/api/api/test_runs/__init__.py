"""Trying an automation out: one event, one dry run, by way of Kafka and the executor."""
