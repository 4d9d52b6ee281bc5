"""What the executor counts, for Prometheus."""

from prometheus_client import Counter, Gauge

STARTS = Counter("executor_starts_total", "Start commands by what became of them", ["outcome"])
TAKEN_OVER = Counter("executor_runs_taken_over_total", "Runs taken over from processes that were gone")
ACTIVE_RUNS = Gauge("executor_active_runs", "Runs that this process performs at present")
LEASE_STANDS = Gauge("executor_lease_stands", "1 while this process's lease is known to stand")
