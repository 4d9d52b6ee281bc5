"""Owns definitions, run history and task completions; serves REST and the UI."""
