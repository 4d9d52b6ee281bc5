"""Evaluates conditions on CRM events and emits one StartRun per match."""
