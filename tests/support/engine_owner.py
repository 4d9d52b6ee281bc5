"""A process that owns embedded engines: `python -m tests.support.engine_owner <folder>`.

It prints one JSON line with their addresses and processes, and then keeps them until it is ended.
"""

import json
import signal
import sys
from pathlib import Path

from embedded import kafka, postgres
from embedded.report import PlainReport


def main() -> None:
    data, report = Path(sys.argv[1]), PlainReport()
    broker = kafka.start(data, report=report, port=0)
    database = postgres.start(data, report=report)
    told = {
        "kafka": broker.bootstrap_servers,
        "database_url": database.database_url,
        "pids": [broker.pid, database.pid],
    }
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()
