"""Who may do what: open on loopback, API keys everywhere else."""
