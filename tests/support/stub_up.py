"""`automations up` with stand-ins for the services: `python -m tests.support.stub_up <the command's arguments>`."""

import sys
from dataclasses import replace

from automations_cli import stack
from automations_cli.app import app
from automations_cli.services import SERVICES

STUBS = tuple(
    replace(spec, command=(sys.executable, "-m", "tests.support.stub_service", spec.name)) for spec in SERVICES
)
"""The real table of processes, with their settings, running the stand-in."""


def main() -> None:
    stack.SERVICES = STUBS
    app(args=["up", "--no-samples", *sys.argv[1:]])


if __name__ == "__main__":
    main()
