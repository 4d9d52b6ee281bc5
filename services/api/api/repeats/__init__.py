"""Requests sent again under the same Idempotency-Key get the same answer."""
