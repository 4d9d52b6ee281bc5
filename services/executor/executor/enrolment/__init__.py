"""Whether a command becomes a run: the decisions that are taken as it is accepted."""
