"""The executor's memory in PostgreSQL: starts, runs, the journal of their inputs and facts, and the lease.

What is written here before it is acknowledged to Kafka cannot be lost; what is not written has not happened.
"""
