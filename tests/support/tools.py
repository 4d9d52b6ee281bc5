"""Programs that some tests drive: a foreign Kafka client and a browser.

`python -m tests.support.tools` (which `make test` calls) installs what is missing with the machine's own package
manager, where it may. A test whose program could not be had is skipped, and says so.
"""

import os
import shutil
import subprocess
import sys

import pytest

PROGRAMS: dict[str, tuple[str, ...]] = {
    "kcat": ("kcat", "kafkacat"),
    "chromium": ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
}
"""Each Debian package with the names its program goes by."""


def find(package: str) -> str | None:
    """Return where the program is; None where this machine has none."""
    return next((found for name in PROGRAMS[package] if (found := shutil.which(name))), None)


def require(package: str) -> str:
    """Return where the program is; skip the test where this machine has none."""
    found = find(package)
    if found is None:
        pytest.skip(f"{package} is not installed, and could not be by `make tools`")
    return found


def install_missing() -> list[str]:
    """Install what is missing where that is possible; return what is still missing."""
    missing = [package for package in PROGRAMS if find(package) is None]
    if missing and shutil.which("apt-get"):
        sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
        print(f"installing {' and '.join(missing)} with apt-get …", flush=True)
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *missing]):
            done = subprocess.run(
                [*sudo, "apt-get", *command], env=environment, capture_output=True, text=True, check=False
            )
            if done.returncode:
                print(f"apt-get {command[0]} failed: {done.stderr.strip()[-300:]}")
                break
    return [package for package in PROGRAMS if find(package) is None]


if __name__ == "__main__":
    for package in install_missing():
        print(f"{package} is not here: the tests that drive it are skipped", file=sys.stderr)
