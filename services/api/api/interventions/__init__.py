"""What people do to runs: cancel them, run them again, start what a pause skipped."""
