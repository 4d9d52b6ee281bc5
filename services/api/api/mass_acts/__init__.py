"""One act on many runs at once: what was asked, for which runs, and what became of each."""
