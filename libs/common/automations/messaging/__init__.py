"""Kafka as every service uses it: connecting, topics, publishing, reading batches, following definitions.

The promises that all of it keeps: a publish returns when the broker has acknowledged; a batch is
acknowledged only when all it led to is durable; an outage is waited out, never skipped over.
"""
