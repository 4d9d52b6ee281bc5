"""Delivers notifications to people and reports what became of them."""
