"""Deliveries: one message on its way to people, by its idempotency key.

A key that has an outcome is not sent again; its outcome is published once more.
"""
