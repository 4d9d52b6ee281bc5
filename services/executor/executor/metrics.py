"""What the executor counts, for Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

STARTS = Counter("executor_starts_total", "Start commands by what became of them", ["outcome"])
TAKEN_OVER = Counter("executor_runs_taken_over_total", "Runs taken over from processes that were gone")
HANDED_ON = Counter("executor_turns_handed_on_total", "Turns that were handed on to a run that was queued for them")
QUEUED_RUNS = Gauge("executor_queued_runs", "Runs of all processes that are queued for their turn, counted every 10 s")
HELD_RUNS = Gauge("executor_held_runs", "Runs that any process performs, counted every 10 s")
PARKED_RUNS = Gauge("executor_parked_runs", "Runs that wait for a person, a time or a message, counted every 10 s")
PUT_OFF_RUNS = Gauge(
    "executor_put_off_runs", "Runs given up that wait for a place at a destination, counted every 10 s"
)
PRUNED_ROWS = Counter("executor_pruned_rows_total", "Rows that were past their time and forgotten", ["table"])
ACTIVE_RUNS = Gauge("executor_active_runs", "Runs that this process performs at present")
WAITING_CALLS = Gauge("executor_waiting_calls", "Calls that wait in this process for a place at their destination")
CROWDED_DESTINATIONS = Gauge("executor_crowded_destinations", "Destinations at which calls wait for long")
JOURNAL_BATCH = Histogram(
    "executor_journal_batch_items",
    "Runs whose facts, or whose release, were written by one transaction",
    ["kind"],
    buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000),
)
PROCESSES_ALIVE = Gauge("executor_processes_alive", "Executor processes whose lease stands, counted every 10 s")
LEASE_AGE = Gauge("executor_lease_age_seconds", "Time since this process's lease was last renewed")
LEASE_STANDS = Gauge("executor_lease_stands", "1 while this process's lease is known to stand")
