"""How long the history is kept."""
