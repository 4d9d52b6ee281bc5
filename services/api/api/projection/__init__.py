"""Projects the facts that executor publishes into the run history."""
