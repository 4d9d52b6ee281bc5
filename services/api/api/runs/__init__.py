"""The run history as REST shows it."""
