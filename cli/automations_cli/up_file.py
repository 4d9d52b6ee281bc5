"""`<data>/up.json`: what a running `automations up` tells other commands: where its parts are, and their processes.

It is there only while the stack runs; a leftover of a killed one is recognised by its process being gone. It holds the
database's password, so only its owner may read it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class UpFile:
    """A running stack. `pids` maps each engine's and service's name to its process."""

    pid: int
    api_url: str
    kafka_bootstrap_servers: str
    database_url: str
    demo_crm_url: str
    pids: Mapping[str, int]


def save_up_file(data: Path, up: UpFile) -> None:
    """Write the file, replacing an older one."""
    path = data / "up.json"
    unfinished = data / ".up.json.new"
    unfinished.unlink(missing_ok=True)
    unfinished.touch(mode=0o600)
    unfinished.write_text(json.dumps(asdict(up), indent=2) + "\n")
    unfinished.replace(path)


def load_up_file(data: Path) -> UpFile | None:
    """Return the stack that runs on the data folder, or None if none does."""
    try:
        up = UpFile(**json.loads((data / "up.json").read_bytes()))
        os.kill(up.pid, 0)
    except (OSError, ValueError, TypeError):
        return None
    return up


def remove_up_file(data: Path) -> None:
    """The stack no longer runs."""
    (data / "up.json").unlink(missing_ok=True)
