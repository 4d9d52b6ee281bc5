"""Samples of events: what conditions are written and tried against."""
