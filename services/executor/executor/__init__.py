"""Accepts runs into its journal, performs their steps and publishes the results."""
