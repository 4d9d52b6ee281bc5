"""The sandbox switch: while it is on, sandbox documents are evaluated dry on the live stream."""
